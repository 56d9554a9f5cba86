"""Reads documents in children that can be killed. The one home of pebble.

The parent never looks into a document: feedparser, selectolax and dateparser are imported by the children alone.
Shell: starts processes.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self, TypeVar

from aggregator.entry import Reading
from aggregator.errors import NotAFeedError, ParseStoppedError
from aggregator.parse.job import Job
from aggregator.subscription import Offers, Suggestions

if TYPE_CHECKING:
    from pebble import ProcessPool

_TIMEOUT_SECONDS: Final = 5.0
_MEMORY_BYTES: Final = 512 * 1024 * 1024
_READER: Final = "aggregator.parse.read"

A = TypeVar("A")
T = TypeVar("T")


class Sandbox:
    """A few warm children, started with the first document.

    They are forked from a clean server process ("forkserver"), which has imported the reader and nothing else: never
    from us, whose threads and memory a fork would inherit. The server itself ends with us.
    """

    def __init__(
        self,
        *,
        max_workers: int | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        memory_bytes: int = _MEMORY_BYTES,
    ) -> None:
        """Start nothing yet.

        Args:
            max_workers: Children. None: as many as there are processors.
            timeout_seconds: For one document, from when a child takes it up.
            memory_bytes: Address space of a child.
        """
        self._workers = max_workers or os.cpu_count() or 1
        self._timeout_seconds = timeout_seconds
        self._memory_bytes = memory_bytes
        # Two a child, so that it finds the next one in its pipe; its time counts from when the child takes it up.
        self._free = asyncio.Semaphore(2 * self._workers)
        self._door = asyncio.Lock()  # opening and closing
        self._pool: ProcessPool | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, job: Job) -> Reading:
        """Read one document. Cancelling it kills the child that reads it.

        Raises:
            NotAFeedError: As `read_document` raises it.
            ParseStoppedError: It took too long, too much memory, or the child died, or none could be started.
        """
        return await self._ask(_read, job)

    async def look_around(self, job: Job) -> Offers:
        """Find what a page offers to be subscribed to. Raises as `read`."""
        return await self._ask(_look_around, job)

    async def read_opml(self, body: bytes) -> Suggestions:
        """Read a list of subscriptions. Raises as `read`."""
        return await self._ask(_read_opml, body)

    async def _ask(self, work: Callable[[A], T | str], argument: A) -> T:
        async with self._free:
            try:
                from pebble import ProcessExpired  # noqa: PLC0415  a pass without news does not pay for it

                pool = self._pool
                if pool is None:
                    pool = await asyncio.shield(self._started())  # whoever is cancelled, `close` finds the pool
            except OSError as error:  # no more files or processes: readers of ours may hold them all
                told = f"no child could be started to read it: {error.strerror}; we try again"
                raise ParseStoppedError(told) from None
            future = pool.schedule(work, args=[argument], timeout=self._timeout_seconds)
            try:
                result = await asyncio.wrap_future(future)
            except TimeoutError:
                raise ParseStoppedError(f"reading took more than {self._timeout_seconds:g} s") from None
            except MemoryError:
                raise ParseStoppedError(f"reading took more than {self._memory_bytes >> 20} MiB of memory") from None
            except ProcessExpired as death:
                raise ParseStoppedError(f"the reader died (exit code {death.exitcode})") from None
        if isinstance(result, str):
            raise NotAFeedError(result)
        answer: T = result
        return answer

    async def close(self) -> None:
        """End the children, whatever they are doing. A later `read` starts new ones."""
        async with self._door:
            pool, self._pool = self._pool, None
            if pool is not None:
                pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates the rest
                await asyncio.to_thread(pool.join)

    async def _started(self) -> "ProcessPool":
        async with self._door:
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    def _start(self) -> "ProcessPool":
        """Start the server and the first child, which takes 0.3 s: in a thread."""
        from pebble import ProcessPool  # noqa: PLC0415  see `read`

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_READER])
        pool = ProcessPool(
            max_workers=self._workers, context=context, initializer=_confine, initargs=[self._memory_bytes]
        )
        pool.schedule(_arrive).exception()
        return pool


def _confine(memory_bytes: int) -> None:
    """Prepare a child: import first, for the limit is on what a document may cost."""
    from aggregator.parse import read  # noqa: F401, PLC0415  the parent must not import it

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    except (ValueError, OSError):  # macOS refuses; the time limit remains
        return


def _arrive() -> None:
    """In the child: say that it is there."""


def _read(job: Job) -> Reading | str:
    """In the child, as all that follows."""
    from aggregator.parse.read import read_document  # noqa: PLC0415  the parent must not import it

    return _crossing(read_document, job)


def _look_around(job: Job) -> Offers | str:
    from aggregator.parse.discover import look_around  # noqa: PLC0415  the parent must not import it

    return _crossing(look_around, job)


def _read_opml(body: bytes) -> Suggestions | str:
    from aggregator.parse.opml import read_opml  # noqa: PLC0415  the parent must not import it

    return _crossing(read_opml, body)


def _crossing(work: Callable[[A], T], argument: A) -> T | str:
    """What cannot be read comes back as the text that says so: a string always crosses."""
    try:
        return work(argument)
    except NotAFeedError as error:
        return str(error)
