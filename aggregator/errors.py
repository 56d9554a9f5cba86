"""What can go wrong, sorted by who has to act.

    AggregatorError
    ├── FeedsFileError        the operator edits feeds.yaml
    ├── SourceError           the publisher's side; we wait and poll again
    │   ├── NotAFeedError         no headline can be read in the document
    │   └── ParseStoppedError     reading it took too long or too much memory
    │       └── ParsePutOffError      it was not read, for want of something of ours
    ├── StateError            the operator frees disk or restores state/
    │   ├── StateLockedError      another process owns state/
    │   └── StateDamagedError     a file in state/ is not what we wrote
    ├── ListenError           the operator picks another --listen address
    └── UnknownNameError      the operator names something that there is

What a healthy day holds (304, 410, 429, a timeout) is a value, not an exception: see fetch/answer.py.
"""

from dataclasses import dataclass


class AggregatorError(Exception):
    """The root: everything a person can do something about. Its text says where, what is wrong and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing wrong in a file that an operator wrote.

    Attributes:
        line: Counted from 1; 0 where the fault is of the whole file.
        text: What is wrong; what to write instead.
    """

    line: int
    text: str


class FeedsFileError(AggregatorError):
    """feeds.yaml cannot be used. Every fault of it is named at once, in the order of its lines.

    Attributes:
        path: The file, as the operator named it.
        faults: At least one, sorted by line.
    """

    def __init__(self, path: str, faults: tuple[Fault, ...]) -> None:
        """Keep the faults and join them, one `path:line: text` a line; `path: text` where it is of the whole file."""
        self.path = path
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(f"{_place(path, fault.line)}: {fault.text}" for fault in self.faults))


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


class SourceError(AggregatorError):
    """One source cannot be read now. It costs only itself: it is recorded, and polled again later.

    Attributes:
        stage: The room in which it happened: "fetch" or "parse".
    """

    stage = "fetch"


class NotAFeedError(SourceError):
    """No headline can be read in the document, and it is not an empty feed either."""

    stage = "parse"


class ParseStoppedError(SourceError):
    """The child that read the document was stopped: out of time, out of memory, or it died."""

    stage = "parse"


class ParsePutOffError(ParseStoppedError):
    """There was no child to read it, nor a turn at one: that says nothing of the publisher."""


class StateError(AggregatorError):
    """state/ cannot be read or written. What was committed before is still there."""


class StateLockedError(StateError):
    """Another process owns state/.

    Attributes:
        pid: Of that process; None where it left none.
    """

    def __init__(self, directory: str, pid: int | None) -> None:
        """Say who holds the directory."""
        self.pid = pid
        owner = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{directory}: in use by {owner}; stop it first, or give another --state directory")


class StateDamagedError(StateError):
    """A file in state/ is not what we wrote, and it is not merely a tail that a crash cut off."""


class ListenError(AggregatorError):
    """The address to serve on cannot be had."""


class UnknownNameError(AggregatorError):
    """What was asked about is not there."""
