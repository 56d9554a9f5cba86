import asyncio
from contextlib import ExitStack

import pytest

from aggregator.unread import SMALL_BYTES, Unread

LARGE = SMALL_BYTES + 1


async def is_kept_waiting(unread: Unread, document_bytes: int) -> bool:
    with unread.holding(0) as place:
        growing = asyncio.ensure_future(place.grow(document_bytes))
        for _ in range(5):
            await asyncio.sleep(0)
        waits = not growing.done()
        growing.cancel()
        return waits


async def most(unread: Unread) -> int:
    """Let documents grow until one has to wait; count the others."""
    with ExitStack() as held:
        for count in range(100):
            if await is_kept_waiting(unread, LARGE):
                return count
            await held.enter_context(unread.holding(0)).grow(LARGE)
    pytest.fail("there is no bound")


async def test_a_few_large_documents_are_let_in_at_once_and_small_ones_always() -> None:
    unread = Unread()
    with ExitStack() as held:
        for _ in range(await most(unread)):
            held.enter_context(unread.holding(LARGE))
        assert await is_kept_waiting(unread, LARGE)
        assert not await is_kept_waiting(unread, SMALL_BYTES)
    assert not await is_kept_waiting(unread, LARGE)


async def test_who_waits_goes_on_when_another_leaves() -> None:
    unread = Unread()
    with ExitStack() as held:
        places = [held.enter_context(unread.holding(LARGE)) for _ in range(await most(unread))]
        place = held.enter_context(unread.holding(0))
        growing = asyncio.ensure_future(place.grow(LARGE))
        await asyncio.sleep(0)
        places[0].leave()
        await asyncio.wait_for(growing, timeout=10)
        assert await is_kept_waiting(unread, LARGE)


async def test_what_has_come_already_is_counted_and_does_not_wait() -> None:
    unread = Unread()
    bound = await most(unread)
    with ExitStack() as held:
        for _ in range(bound + 3):
            held.enter_context(unread.holding(LARGE))
        assert await is_kept_waiting(unread, LARGE)
    assert await most(unread) == bound


async def test_a_document_is_counted_once_however_it_grows_and_leaves() -> None:
    unread = Unread()
    bound = await most(unread)
    with unread.holding(0) as place:
        await place.grow(LARGE)
        await place.grow(2 * LARGE)
        place.leave()
        place.leave()
    assert await most(unread) == bound
