"""What the operator is told, through a house over a real state/: silences, restarts, bounds."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.commit import Commit
from aggregator.fetch.answer import Answer, Failed, Held, Refused
from aggregator.incident import MOST_TOLD, TOLD_FOR, Incident, Kind, latest_first
from aggregator.source import Hints, Source, Validators
from tests.newsroom import DUNIA, KABAR, NOON, fetched, source
from tests.test_house import UNCHANGED, Rooms, rooms

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DOWN = Refused(status=503, hints=Hints(), detail="503 Service Unavailable")
BROKE = Incident(source=DUNIA.id, kind="broke", at=NOON, name="Dunia", url=DUNIA.urls[0], text="failed 3 times.")
SPOKE_LAST = NOON + 30 * 6 * HOUR


def document(newest: int) -> Answer:
    """Thirty lines: they reach back over a week."""
    return fetched(*(f"{number} Berita nomor {number} hari ini" for number in range(newest + 30, newest, -1)))


async def spoke(here: Rooms) -> None:
    """Let a source bring a headline every six hours, up to SPOKE_LAST."""
    for number in range(31):
        await here.poll(answer=document(number), now=NOON + number * 6 * HOUR)


async def listen(here: Rooms, now: datetime, answer: Answer = UNCHANGED) -> list[Kind]:
    """Ask once more, look for silence, and give what the operator was told of so far, the latest first."""
    await here.poll(answer=answer, now=now)
    await here.house.listen_for_silence()
    return told(here)


def told(here: Rooms) -> list[Kind]:
    return [incident.kind for incident in sorted(here.house.store.incidents(), key=latest_first)]


async def test_a_silence_is_told_once_across_restarts_and_so_is_its_end(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await spoke(here)
        assert await listen(here, SPOKE_LAST + 3 * DAY - HOUR) == []
        assert await listen(here, SPOKE_LAST + 3 * DAY) == ["silent"]
        assert await listen(here, SPOKE_LAST + 4 * DAY) == ["silent"]
    async with rooms(tmp_path, now=SPOKE_LAST + 5 * DAY) as here:
        assert await listen(here, SPOKE_LAST + 5 * DAY) == ["silent"]
        assert await listen(here, SPOKE_LAST + 6 * DAY, document(31)) == ["speaks", "silent"]
        assert await listen(here, SPOKE_LAST + 6 * DAY, document(32)) == ["speaks", "silent"]
        (end,) = (each for each in here.house.store.incidents() if each.kind == "speaks")
        assert "after 6 d without one" in end.text
        assert end.at == SPOKE_LAST + 6 * DAY


async def test_while_we_do_not_listen_nobody_is_silent(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await spoke(here)
    later = SPOKE_LAST + 30 * DAY
    async with rooms(tmp_path, now=later) as here:
        await here.house.listen_for_silence()
        assert told(here) == []
        assert await listen(here, later, Held(why="")) == []
        assert await listen(here, later, DOWN) == []
        assert await listen(here, later + HOUR, document(31)) == []


async def test_a_source_that_is_being_asked_is_looked_at_the_next_time(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await spoke(here)
        await here.poll(answer=UNCHANGED, now=SPOKE_LAST + 4 * DAY)
        asked, may_answer = asyncio.Event(), asyncio.Event()

        async def fetch(source: Source, url: str, validators: Validators) -> Answer:
            asked.set()
            await may_answer.wait()
            return await here.newsroom.fetch(source, url, validators)

        here.house.world = replace(here.house.world, fetch=fetch)
        asking = asyncio.create_task(here.poll(answer=DOWN, now=SPOKE_LAST + 5 * DAY))
        await asked.wait()
        await here.house.listen_for_silence()
        assert told(here) == []
        may_answer.set()
        await asking
        assert await listen(here, SPOKE_LAST + 6 * DAY) == ["silent"]


async def test_a_pass_that_begins_while_a_silence_is_being_told_does_not_forget_it(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await spoke(here)
        await here.poll(answer=UNCHANGED, now=SPOKE_LAST + 4 * DAY)
        here.newsroom.answers[DUNIA.urls[0]] = DOWN
        await asyncio.gather(here.house.listen_for_silence(), here.poll(now=SPOKE_LAST + 5 * DAY))
        standing = here.house.store.standing(DUNIA.id)

        assert standing is not None
        assert (standing.failures, dict(standing.told)) == (1, {"silent": SPOKE_LAST + 4 * DAY})


async def test_an_hour_without_a_network_is_nobodys_trouble(tmp_path: Path) -> None:
    nobody = Failed(kind="connect", detail="no connection; we try again")
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        for minutes in (31, 45, 60, 75):
            await here.poll(answer=nobody, now=NOON + minutes * MINUTE)
            await here.poll(KABAR, nobody, now=NOON + minutes * MINUTE)
        assert told(here) == []

        await here.poll(KABAR, UNCHANGED, now=NOON + 80 * MINUTE)
        await here.poll(answer=nobody, now=NOON + 90 * MINUTE)
        assert told(here) == ["broke"]


async def test_ten_minutes_without_a_network_are_nobodys_trouble_either(tmp_path: Path) -> None:
    nobody = Failed(kind="dns", detail="no address; we try again")
    typo = source("Typo", "htp://typo.example/rss")
    async with rooms(tmp_path, sources=(DUNIA, KABAR, typo)) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        for minute in range(1, 6):
            await here.poll(answer=nobody, now=NOON + minute * MINUTE)
            await here.poll(KABAR, nobody, now=NOON + minute * MINUTE)
            await here.poll(typo, Failed(kind="bad url", detail="it is none"), now=NOON + minute * MINUTE)
        await asyncio.gather(here.poll(answer=UNCHANGED, now=NOON + HOUR), here.poll(KABAR, UNCHANGED, now=NOON + HOUR))

        assert {each.source for each in here.house.store.incidents()} <= {typo.id}


async def test_looking_for_silence_writes_nothing_where_there_is_none(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await spoke(here)
        before = (tmp_path / "journal.1").stat().st_size
        await here.house.listen_for_silence()
        assert (tmp_path / "journal.1").stat().st_size == before


async def test_the_operator_reads_of_the_latest_two_hundred_and_of_ninety_days(tmp_path: Path) -> None:
    many = tuple(replace(BROKE, at=NOON - TOLD_FOR + number * HOUR) for number in range(MOST_TOLD + 50))
    async with rooms(tmp_path) as here:
        await here.house.store.commit(Commit(incidents=many[::-1]))
        await here.house.publish()
        feed = here.house.shelf["status.atom"].body
        assert feed.count(b"<entry>") == MOST_TOLD
        assert [many[50].id.encode() in feed, many[49].id.encode() in feed] == [True, False]

        await here.house.tidy(now=NOON)
        assert {each.id for each in here.house.store.incidents()} == {each.id for each in many[50:]}
        await here.house.publish()
        assert here.house.shelf["status.atom"].body == feed
        await here.house.tidy(now=many[-1].at + TOLD_FOR)
        assert [each.id for each in here.house.store.incidents()] == [many[-1].id]
        await here.house.publish()
        assert here.house.shelf["status.atom"].body.count(b"<entry>") == 1


async def test_what_was_committed_and_not_published_is_told_by_the_next_run_without_the_headlines(
    tmp_path: Path,
) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        await here.house.store.commit(Commit(incidents=(BROKE,)))
    async with rooms(tmp_path) as here:
        assert await here.house.publish() == ("status.atom",)
        assert not here.house.store._storage.headlines_read
    async with rooms(tmp_path) as here:
        assert await here.house.publish() == ()
