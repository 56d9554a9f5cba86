"""Leads a session on a pty, as a shell does: starts a program there, and tells how it left the terminal.

Arguments: a descriptor, then the program and its own. Standard input, output and error are the pty. The descriptor
takes JSON, one a line: {"pid"}; at each stop and at the end {"code": the exit code, None for a stop; "restored": the
terminal's modes are what they were}.
"""

import fcntl
import json
import os
import subprocess
import sys
import termios


def main() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    before = termios.tcgetattr(0)
    # A process group of its own, as shells give one: in the leader's, Ctrl-Z would do nothing (an orphaned group).
    program = subprocess.Popen(sys.argv[2:], process_group=0)
    os.tcsetpgrp(0, program.pid)
    tell(pid=program.pid)
    while program.returncode is None:
        _, status = os.waitpid(program.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            program.returncode = os.waitstatus_to_exitcode(status)
        tell(code=program.returncode, restored=termios.tcgetattr(0) == before)


def tell(**what: object) -> None:
    os.write(int(sys.argv[1]), json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
