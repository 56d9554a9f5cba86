"""Reads documents in children that can be killed. The one home of pebble.

The parent never looks into a document: feedparser, selectolax and dateparser are imported by the children alone.
Shell: starts processes.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, wait
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, Self, TypeVar

from aggregator.entry import Reading
from aggregator.errors import NotAFeedError, ParsePutOffError, ParseStoppedError
from aggregator.parse.job import Job
from aggregator.subscription import Offers, Suggestions

if TYPE_CHECKING:
    from pebble import ProcessFuture, ProcessPool

_TIMEOUT_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1.0
_MOST_SLOW: Final = 1_000  # that are remembered
_SLOW_BYTES: Final = 40 * 2**20  # of documents among the slow: four of the largest, or hundreds as most feeds are
_LOOK_SECONDS: Final = 0.1  # between two looks whether a child is at it, and whether there still is a pool
_STUCK_SECONDS: Final = 120.0  # of waiting for a child: those before it in the pipe are few, and have 5 s each
_BROKEN: Final = "what hands documents to our readers broke down; it is started anew, and we try again"
_PUT_OFF: Final = "it takes long to read, and so do others that wait for a child; we try again"
_MEMORY_BYTES: Final = 512 * 1024 * 1024
_READER: Final = "aggregator.parse.read"

A = TypeVar("A")
T = TypeVar("T")


class _TooSlowError(ParseStoppedError):
    """It took more time than it had."""


class Sandbox:
    """A few warm children, started with the first document.

    What takes long makes way: a document that is not read within a second is stopped, and gets its whole time when
    it is its turn among the slow, who never hold all children. The next document from its address goes there at once,
    until one is read quickly. So whoever publishes nothing but poison delays the slow alone.

    They are forked from a clean server process ("forkserver"), which has imported the reader and nothing else: never
    from us, whose threads and memory a fork would inherit. The server itself ends with us.
    """

    def __init__(
        self,
        *,
        max_workers: int | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
        memory_bytes: int = _MEMORY_BYTES,
    ) -> None:
        """Start nothing yet.

        Args:
            max_workers: Children, at least two. None: as many as there are processors.
            timeout_seconds: For one document, from when a child takes it up.
            patience_seconds: The same, before it makes way.
            memory_bytes: Address space of a child.
        """
        self._workers = max(2, max_workers or os.cpu_count() or 1)
        self._timeout_seconds = timeout_seconds
        self._patience_seconds = min(patience_seconds, timeout_seconds)
        self._memory_bytes = memory_bytes
        # Two a child, so that it finds the next one in its pipe; its time counts from when the child takes it up.
        self._free = asyncio.Semaphore(2 * self._workers)
        self._free_for_slow = asyncio.Semaphore(self._workers - 1)
        self._slow_bytes = 0
        self._slow: dict[str, None] = {}  # addresses, the latest last
        self._door = asyncio.Lock()  # opening and closing
        self._pool: ProcessPool | None = None
        self._closing = False  # said before the door is taken, so that a start that takes long is given up

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, job: Job, *, makes_way: Callable[[], None] = lambda: None) -> Reading:
        """Read one document. Cancelling it kills the child that reads it.

        Args:
            job: What, and how.
            makes_way: Called when it goes to the slow, who are few enough for everybody.

        Raises:
            NotAFeedError: As `read_document` raises it.
            ParseStoppedError: It took too long, too much memory, or the child died.
            ParsePutOffError: No child could be started or reached, or too many wait for one.
        """
        if job.url not in self._slow:
            async with self._free:
                with suppress(_TooSlowError):
                    return await self._ask(_read, job, self._patience_seconds)
        makes_way()
        if self._slow_bytes + len(job.body) > _SLOW_BYTES:
            self._remember(job.url)
            raise ParsePutOffError(_PUT_OFF)
        self._slow_bytes += len(job.body)
        try:
            async with self._free_for_slow:
                return await self._read_slowly(job)
        finally:
            self._slow_bytes -= len(job.body)

    async def look_around(self, job: Job) -> Offers:
        """Find what a page offers to be subscribed to. Raises as `read`."""
        return await self._ask(_look_around, job, self._timeout_seconds)

    async def read_opml(self, body: bytes) -> Suggestions:
        """Read a list of subscriptions. Raises as `read`."""
        return await self._ask(_read_opml, body, self._timeout_seconds)

    async def _read_slowly(self, job: Job) -> Reading:
        """Give a document all the time there is for one, and remember its address by what that brings."""
        self._slow.pop(job.url, None)
        began = time.monotonic()
        try:
            reading = await self._ask(_read, job, self._timeout_seconds)
        except ParseStoppedError:
            self._remember(job.url)
            raise
        if time.monotonic() - began > self._patience_seconds:
            self._remember(job.url)
        return reading

    def _remember(self, url: str) -> None:
        self._slow[url] = None
        if len(self._slow) > _MOST_SLOW:
            del self._slow[next(iter(self._slow))]

    async def _ask(self, work: Callable[[A], T | str], argument: A, seconds: float) -> T:
        """Have it done by a child, in so many seconds from when one takes it up."""
        try:
            from pebble import ProcessExpired  # noqa: PLC0415  a pass without news does not pay for it

            pool = self._pool
            if pool is None:
                pool = await asyncio.shield(self._started())  # whoever is cancelled, `close` finds the pool
        except (OSError, BrokenExecutor) as error:  # no more files or processes: readers of ours may hold them all
            raise ParsePutOffError(f"no child could be started to read it: {_cause(error)}; we try again") from None
        try:
            result = await self._outcome(pool, work, argument, seconds)
        except TimeoutError:
            raise _TooSlowError(f"reading took more than {seconds:g} s") from None
        except MemoryError:
            raise ParseStoppedError(f"reading took more than {self._memory_bytes >> 20} MiB of memory") from None
        except ProcessExpired as death:
            raise ParseStoppedError(f"the reader died (exit code {death.exitcode})") from None
        if isinstance(result, str):
            raise NotAFeedError(result)
        answer: T = result
        return answer

    async def _outcome(self, pool: "ProcessPool", work: Callable[[A], T | str], argument: A, seconds: float) -> T | str:
        """Wait for a child, as long as there is somebody to hand it the work.

        pebble's threads end with the first error that they do not foresee, as for want of memory or of a process: from
        then on the pool takes nothing, and what it has taken is never done. A child that is killed at the wrong moment
        takes along what the others need to be handed anything.
        """
        try:
            handed = pool.schedule(work, args=[argument])  # pebble's own limit goes by a clock that can be set
        except RuntimeError:
            await self._give_up(pool)
            raise ParsePutOffError(_BROKEN) from None
        try:
            return await _in_time(pool, handed, seconds)
        except BrokenExecutor:
            await self._give_up(pool)
            raise ParsePutOffError(_BROKEN) from None

    async def _give_up(self, pool: "ProcessPool") -> None:
        """End a pool that is broken; the next document is given to a new one."""
        async with self._door:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_end, pool)

    async def close(self) -> None:
        """End the children, whatever they are doing, be it starting. A later `read` starts new ones."""
        self._closing = True
        async with self._door:
            self._closing = False
            pool, self._pool = self._pool, None
            if pool is not None:
                await asyncio.to_thread(_end, pool)

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
        with ExitStack() as undone:
            undone.callback(_end, pool)
            first = pool.schedule(_arrive)
            while not wait([first], timeout=_LOOK_SECONDS).done:
                if self._closing or not pool.active:  # what it has taken is never done: see `_outcome`
                    raise BrokenExecutor
            first.exception()
            undone.pop_all()
        return pool


async def _in_time(pool: "ProcessPool", handed: "ProcessFuture[T]", seconds: float) -> T:
    """Wait for so many seconds from when a child is at it; whoever leaves earlier ends the child.

    Raises:
        BrokenExecutor: pebble told so, has ended, or brings no child to it.
        TimeoutError: It takes longer.
    """
    future = asyncio.wrap_future(handed)
    is_taken_up, ends = False, time.monotonic() + _STUCK_SECONDS
    try:
        while not (await asyncio.wait({future}, timeout=_LOOK_SECONDS))[0]:
            now = time.monotonic()
            if not pool.active or (now > ends and not is_taken_up):
                raise BrokenExecutor
            if now > ends:
                raise TimeoutError
            if handed.running() and not is_taken_up:
                is_taken_up, ends = True, now + seconds
        return future.result()
    finally:
        future.cancel()


def _end(pool: "ProcessPool") -> None:
    """End all children of a pool: in a thread."""
    pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates the rest
    pool.join()


def _cause(error: BaseException) -> str | None:
    """Say what the system said: pebble wraps it."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return cause.strerror if isinstance(cause, OSError) else "what starts them broke down"


def _confine(memory_bytes: int) -> None:
    """Prepare a child: import first, for the limit is on what a document may cost."""
    from aggregator.parse import read  # noqa: F401, PLC0415  the parent must not import it

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    # pebble's own is Python, which a long call into C does not get to: it would wait 3 s for each child, one by one.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
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
