"""The operator's terminal: taken for the view, and given back as it was on every way out."""

import os
import signal
import termios
import tty
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeAlias

from rich.console import Console  # noqa: TID251  rich's home
from rich.text import Text  # noqa: TID251  rich's home

# Alternate screen, cursor hidden, no wrapping: a character wider than we think spoils its own line only.
_TAKE: Final = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J"
# Emptied first: after a resize, tmux 3.3 leaves parts of the alternate screen among the shell's lines.
_GIVE: Final = b"\x1b[?2026l\x1b[0m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l"
# Synchronized update: a terminal that knows it shows the frame at once, others ignore it.
_BEGIN: Final = "\x1b[?2026h"
_END: Final = "\x1b[?2026l"

Modes: TypeAlias = list[Any]
"""As termios has them."""

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_WATCHED: Final = (*ENDING, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


class Terminal:
    """A terminal in the hands of the view; a context manager.

    What happens outside (signals, news) arrives as bytes at `wake`: a signal as its number, news as 0.

    Attributes:
        wake: To be read by the loop.
        ring: To be written to by whoever has news.
    """

    def __init__(self, keyboard: int, screen: int) -> None:
        """Take nothing yet. Both file descriptors must be terminals."""
        self._keyboard = keyboard
        self._screen = screen
        self._drawn: list[str] = []

    def __enter__(self) -> Self:
        """Take the terminal.

        Raises:
            OSError: It is gone.
        """
        self.wake, self.ring = os.pipe()
        os.set_blocking(self.ring, False)
        self._modes = termios.tcgetattr(self._keyboard)
        self._ring_before = signal.set_wakeup_fd(self.ring, warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _noticed) for number in _WATCHED}
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back, even if there is nothing left to give it back to."""
        give_back(self._keyboard, self._screen, self._modes)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._ring_before)
        # `ring` stays open: whoever asks the daemon may still ring after we left.
        os.close(self.wake)

    def size(self) -> tuple[int, int]:
        """Tell columns and lines; 80 × 24 where the terminal does not know."""
        size = os.get_terminal_size(self._screen)
        return size.columns or 80, size.lines or 24

    def typed(self) -> bytes:
        """Read what was typed; b"" where the terminal is gone. To be called when there is something."""
        return os.read(self._keyboard, 1024)

    def draw(self, lines: Sequence[str]) -> None:
        """Show painted lines; those that stand there already are not sent again."""
        before = self._drawn if len(self._drawn) == len(lines) else [""] * len(lines)
        changed = [
            # Cleared first: behind the last column, the cursor still stands on it.
            f"\x1b[{row};1H\x1b[K{line}\x1b[0m"
            for row, (old, line) in enumerate(zip(before, lines, strict=True), start=1)
            if old != line
        ]
        self._drawn = list(lines)
        if changed:
            write(self._screen, "".join([_BEGIN, *changed, _END]).encode("utf-8", "replace"))

    def clear(self) -> None:
        """Forget what stands on the screen: the next frame is drawn whole."""
        self._drawn = []
        write(self._screen, b"\x1b[0m\x1b[2J")

    def pause(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when continued."""
        give_back(self._keyboard, self._screen, self._modes)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, _noticed)
        self.take()

    def take(self) -> None:
        """Set the terminal up, or set it up again: after a stop the shell has set it up for itself.

        Raises:
            OSError: It is gone.
        """
        try:
            tty.setcbreak(self._keyboard, termios.TCSANOW)
            modes = termios.tcgetattr(self._keyboard)
            modes[0] &= ~termios.IXON  # Ctrl-S would block our next write, and SIGTERM with it
            termios.tcsetattr(self._keyboard, termios.TCSANOW, modes)
        except termios.error as error:  # no OSError, though it is one
            raise OSError(*error.args) from error
        self._drawn = []
        write(self._screen, _TAKE)


def give_back(keyboard: int, screen: int, modes: Modes) -> None:
    """Give a terminal back, also one that a view which was killed had taken.

    Args:
        keyboard: A descriptor of it.
        screen: Likewise.
        modes: What termios.tcgetattr gave before it was taken.
    """
    with suppress(OSError):  # hung up: nobody is there to see it
        write(screen, _GIVE)
    with suppress(termios.error):
        termios.tcsetattr(keyboard, termios.TCSANOW, modes)
        termios.tcflush(keyboard, termios.TCIFLUSH)  # keys meant for us are no commands for the shell


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the number is in `wake` already (signal.set_wakeup_fd)."""


def paint(lines: Iterable[Text], console: Console) -> list[str]:
    """Turn styled lines into what the terminal understands, in the colours it has."""
    painted: list[str] = []
    for line in lines:
        with console.capture() as capture:
            console.print(line, end="", soft_wrap=True)
        painted.append(capture.get())
    return painted


def write(descriptor: int, content: bytes) -> None:
    """Write all of it.

    Raises:
        OSError: Nobody reads any more.
    """
    while content:
        content = content[os.write(descriptor, content) :]
