import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from aggregator.commit import Commit
from aggregator.dedupe.fold import Merge
from aggregator.errors import StateLockedError
from aggregator.fetch.answer import Answer, Failed, Gone, NotModified, Refused
from aggregator.fetch.pace import Pace
from aggregator.headline import Joined
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.report import Report
from aggregator.schedule.scope import host_of
from aggregator.site import Site
from aggregator.source import Hints, Source, Validators
from aggregator.topic import Topic
from tests.e2e.running import Origin, Page, write_feeds
from tests.fetch import origin as asking
from tests.long.census import held
from tests.newsroom import DUNIA, KABAR, NOON, POLLING, POPULAR, UPDATE, Newsroom, fetched, source

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEP = timedelta(days=30)
TWO = fetched("1 Banjir surut di Semarang", "2 Kabut asap di Riau", etag='"a"')
UNCHANGED = NotModified(validators=Validators(), hints=Hints())
EKONOMI = Topic(slug="ekonomi", title="Ekonomi", match=lambda line, _: "Kabut" in line.title, match_text="kabut")
FEEDS = FeedsFile(
    path=Path("feeds.yaml"),
    site=Site(title="Warta", url="https://warta.example", language="id", zone=ZoneInfo("Asia/Jakarta")),
    polling=POLLING,
    keep=KEEP,
    sources=(DUNIA, KABAR),
    topics=(UPDATE, POPULAR),
)


class Rooms:
    """A house over a real state/, whose publishers are ours."""

    def __init__(self, house: House, answers: dict[str, Answer]) -> None:
        self.house = house
        self.newsroom = Newsroom(answers)
        self._ask_ours()

    async def furnish(self, now: Any = NOON, **changes: Any) -> None:
        """Edit feeds.yaml."""
        await self.house.furnish(replace(self.house.feeds, **changes), now=now)
        self._ask_ours()

    async def poll(self, outlet: Source = DUNIA, answer: Answer | None = None, *, now: Any = NOON) -> Report:
        if answer is not None:
            self.newsroom.answers[outlet.urls[0]] = answer
        return await self.house.poll(self.house.sources[outlet.id], now=now)

    async def titles(self, topic: Topic = UPDATE) -> list[str]:
        await self.house.desk.load()
        return [story.lead.title for story in self.house.desk.stories(topic)]

    def hear(self, now: Any) -> None:
        """Be told by all publishers what time it is."""
        for outlet in self.house.sources.values():
            self.house.world.witnesses.hear(host_of(outlet.urls[0]), now)

    def _ask_ours(self) -> None:
        self.house.world = replace(self.house.world, fetch=self.newsroom.fetch, parse=self.newsroom.parse)


@asynccontextmanager
async def rooms(directory: Path, *, now: Any = NOON, **changes: Any) -> AsyncIterator[Rooms]:
    spread = changes.pop("spread_new", True)
    feeds = replace(FEEDS, **changes)
    async with open_house(feeds, directory, base_url="http://here", now=now, spread_new=spread) as house:
        yield Rooms(house, {DUNIA.urls[0]: TWO, KABAR.urls[0]: fetched("k Harga beras naik")})


def files(directory: Path) -> dict[str, bytes]:
    public = directory / "public"
    return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*") if path.is_file()}


async def test_news_is_published_after_it_is_committed_and_only_then(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        report = await here.poll()
        assert (report.new, len(here.house.shelf)) == (2, 0)
        changed = await here.house.publish()

        assert {"update.rss", "popular.json", "index.html"} <= set(changed)
        assert b"Banjir surut" in here.house.shelf["update.atom"].body
        assert await here.house.publish() == ()


async def test_one_state_has_one_house(tmp_path: Path) -> None:
    async with rooms(tmp_path):
        with pytest.raises(StateLockedError):
            async with rooms(tmp_path):
                pass


async def test_a_restart_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        appointment, before = here.house.dues[DUNIA.id], files(tmp_path)
    async with rooms(tmp_path, now=NOON + HOUR) as here:
        assert here.house.dues[DUNIA.id] == appointment
        assert not here.house.edition.is_pending
        report = await here.poll(answer=UNCHANGED, now=NOON + HOUR)
        await here.house.publish()

        assert here.newsroom.asked == [(DUNIA.urls[0], TWO.validators)]
        assert (report.new, files(tmp_path)) == (0, before)


async def test_a_restart_publishes_what_was_committed_and_not_published(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        await here.poll(KABAR)
    async with rooms(tmp_path) as here:
        assert here.house.edition.is_pending
        await here.house.publish()

        assert b"Harga beras naik" in files(tmp_path)["update.rss"]
    async with rooms(tmp_path) as here:
        assert not here.house.edition.is_pending


async def test_who_has_left_feeds_yaml_leaves_nothing_behind_in_memory(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        censuses = []
        for number in range(6):
            guest = source(f"Guest {number}")
            await here.furnish(sources=(DUNIA, guest))
            await here.poll(guest, fetched(f"1 Kabar ke-{number} dari tamu"))
            censuses.append(held(here.house))

        first, last = ({name: each[name] for name in each if name.startswith("House.")} for each in censuses[::5])
        assert last == first


async def test_a_lost_folder_is_rebuilt_with_the_same_bytes(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        await here.house.publish()
    before = files(tmp_path)
    shutil.rmtree(tmp_path / "public")
    async with rooms(tmp_path, now=NOON + DAY) as here:
        await here.house.publish()

    assert files(tmp_path) == before


async def test_a_month_is_sealed_a_day_after_its_end_and_kept_as_long_as_feeds_yaml_says(tmp_path: Path) -> None:
    async with rooms(tmp_path, archive_months=2) as here:
        await here.poll()
        await here.house.publish()
        await here.house.close_months(now=NOON)
        assert not here.house.shelf["update/2026-11.atom"].immutable
    async with rooms(tmp_path, archive_months=2, now=NOON + 9 * DAY) as here:
        await here.poll(KABAR, now=NOON + 9 * DAY)
        await here.house.publish()
        await here.house.close_months(now=NOON + 9 * DAY)
        assert here.house.shelf["update/2026-11.atom"].immutable
        here.hear(NOON + 70 * DAY)
        await here.house.close_months(now=NOON + 70 * DAY)

        assert "update/2026-11.atom" not in here.house.shelf
        months = sorted(path.stem for path in (tmp_path / "archive" / "update").iterdir())
    assert months == ["2026-12"]


async def test_a_document_that_a_reader_misses_is_made_again(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        before = files(tmp_path)
        for path in (tmp_path / "public" / "update").glob("2026-*"):
            path.unlink()
        assert await here.house.publish() == ()
        assert "update/2026-11.rss" not in here.house.shelf

        assert set(await here.house.publish()) == {f"update/2026-11.{ending}" for ending in ("rss", "atom", "json")}
        assert files(tmp_path) == before


async def test_new_sources_are_spread_over_the_first_seconds_or_all_due_now(tmp_path: Path) -> None:
    four = tuple(source(f"S{number}") for number in range(4))
    async with rooms(tmp_path / "daemon", sources=four) as here:
        waits = [here.house.dues[each.id].at - NOON for each in four]
        assert waits == [timedelta(seconds=number / POLLING.at_once) for number in range(4)]
        assert [each.id for each in here.house.due(now=NOON + timedelta(seconds=0.5))] == [four[0].id, four[1].id]
    async with rooms(tmp_path / "once", sources=four, spread_new=False) as here:
        assert set(here.house.due(now=NOON)) == set(four)


async def test_those_that_wait_longest_are_asked_first(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll(KABAR)
        await here.poll(now=NOON + HOUR)

        assert [each.name for each in here.house.due(now=NOON + DAY)] == ["Kabar", "Dunia"]


async def test_an_edit_of_feeds_yaml_moves_nobodys_appointment(tmp_path: Path) -> None:
    more = source("Warta")
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        before = dict(here.house.dues)
        await here.furnish(sources=(KABAR, more, replace(DUNIA, topics=("update",))), now=NOON + HOUR)

        assert {id_: here.house.dues[id_] for id_ in before} == before
        assert here.house.dues[more.id].at == NOON + HOUR


async def test_an_edit_counts_from_the_last_answer_of_the_source_whose_line_it_is(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        before = dict(here.house.dues)
        await here.furnish(sources=(replace(DUNIA, every=timedelta(minutes=5)), KABAR), now=NOON + HOUR / 10)

        assert [each.name for each in here.house.due(now=NOON + HOUR / 10)] == ["Dunia"]
        assert here.house.dues[KABAR.id] == before[KABAR.id]


async def test_an_edit_of_how_sources_are_asked_forgets_no_hosts_pause(tmp_path: Path) -> None:
    async with open_house(FEEDS, tmp_path, base_url="http://here", now=NOON) as house:
        fetch = house.world.fetch
        await house.furnish(replace(FEEDS, polling=replace(POLLING, at_once=7, every=HOUR)), now=NOON)

        assert house.world.fetch == fetch  # the same Fetcher's


async def test_a_source_that_was_taken_out_is_not_asked_any_more(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        await here.furnish(sources=(KABAR,))

        assert [each.name for each in here.house.due(now=NOON + DAY)] == ["Kabar"]


async def test_a_pass_that_ends_after_its_source_was_taken_out_makes_no_appointment(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        under_way = asyncio.create_task(here.poll())
        await asyncio.sleep(0)
        await here.furnish(sources=(KABAR,))
        await under_way

        assert set(here.house.dues) == {KABAR.id}
        assert [each.name for each in here.house.due(now=NOON + DAY)] == ["Kabar"]


async def test_an_edit_of_feeds_yaml_waits_for_the_passes_that_are_folding(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        async with here.house.desk.settling(with_news=True):
            edited = asyncio.create_task(here.furnish(sources=(KABAR,)))
            for _ in range(5):
                await asyncio.sleep(0)
            assert set(here.house.sources) == {DUNIA.id, KABAR.id}
        await edited

        assert set(here.house.sources) == {KABAR.id}


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(replace(DUNIA, name="Dunia Baru"), id="name"),
        pytest.param(source("Dunia", "https://new.example/rss"), id="url"),
    ],
)
async def test_a_renamed_source_keeps_its_id_and_repeats_nothing(tmp_path: Path, edited: Source) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.furnish(sources=(edited, KABAR))
        here.newsroom.answers[edited.urls[0]] = fetched(*TWO.body.decode().split("\n"), "3 Jalan baru dibuka")
        report = await here.poll()

        assert set(here.house.sources) == {DUNIA.id, KABAR.id}
        assert (report.new, here.newsroom.asked[-1][0]) == (1, edited.urls[0])


async def test_new_rules_refile_what_is_kept_and_old_topics_go(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        await here.furnish(topics=(UPDATE, POPULAR, EKONOMI))
        await here.house.publish()
        assert b"Kabut asap" in files(tmp_path)["ekonomi.rss"]
        assert b"Banjir" not in files(tmp_path)["ekonomi.rss"]

        await here.furnish(topics=(UPDATE, POPULAR))
        await here.house.publish()
        assert not [path for path in (*here.house.shelf, *files(tmp_path)) if path.startswith("ekonomi")]


async def test_rules_that_were_edited_while_nothing_ran_hold_too(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
    async with rooms(tmp_path, topics=(UPDATE, POPULAR, EKONOMI)) as here:
        await here.house.publish()

    assert b"Kabut asap" in files(tmp_path)["ekonomi.rss"]


async def test_operators_may_ask_all_but_the_parked_and_those_inside_a_retry_after(tmp_path: Path) -> None:
    warta, suara = source("Warta"), source("Suara")
    async with rooms(tmp_path, sources=(DUNIA, KABAR, warta, suara)) as here:
        await here.poll(DUNIA, Gone())
        await here.poll(KABAR, Refused(status=429, hints=Hints(retry_after=HOUR), detail="too many"))
        await here.poll(warta, Failed(kind="timeout", detail="no answer"))

        assert [each.name for each in here.house.askable(now=NOON)] == ["Warta", "Suara"]
        assert [each.name for each in here.house.askable(now=NOON + HOUR)] == ["Kabar", "Warta", "Suara"]


@pytest.mark.parametrize(("scope", "held"), [("url", False), ("host", True)])
async def test_a_retry_after_holds_back_the_url_or_the_host_as_configured(
    tmp_path: Path, scope: Literal["url", "host"], *, held: bool
) -> None:
    sister = source("Sister", "https://dunia.example/other")
    settings: dict[str, Any] = {
        "sources": (DUNIA, sister, KABAR),
        "polling": replace(POLLING, retry_scope=scope),
        "spread_new": False,
    }
    asked = [KABAR] if held else [sister, KABAR]
    async with rooms(tmp_path, **settings) as here:
        await here.poll(DUNIA, Refused(status=429, hints=Hints(retry_after=HOUR), detail="too many"))
        assert here.house.due(now=NOON) == sorted(asked, key=lambda each: each.id)
        assert here.house.askable(now=NOON) == asked
    async with rooms(tmp_path, **settings, now=NOON + HOUR / 2) as here:  # a restart forgets nothing
        assert here.house.put_off(here.house.sources[sister.id], now=NOON + HOUR / 2) is held
        due = here.house.dues[sister.id]
        assert (due.reason == "Retry-After of its host", due.at >= NOON + HOUR) == (held, held)
        assert not here.house.put_off(here.house.sources[sister.id], now=NOON + HOUR)


@pytest.mark.parametrize("by", [-2 * DAY, 2 * DAY])
async def test_a_clock_that_is_set_changes_nothing_about_what_is_left_of_a_hosts_retry_after(
    tmp_path: Path, by: timedelta
) -> None:
    sister, then = source("Sister", "https://dunia.example/other"), NOON + by
    settings: dict[str, Any] = {"sources": (DUNIA, sister), "polling": replace(POLLING, retry_scope="host")}
    async with rooms(tmp_path, **settings) as here:
        await here.poll(DUNIA, Refused(status=429, hints=Hints(retry_after=HOUR), detail="too many"))
        await here.house.move(by, now=then)
        assert here.house.put_off(here.house.sources[sister.id], now=then)
        assert not here.house.put_off(here.house.sources[sister.id], now=then + HOUR)
    async with rooms(tmp_path, **settings, now=then) as here:
        assert here.house.put_off(here.house.sources[sister.id], now=then)
        assert not here.house.put_off(here.house.sources[sister.id], now=then + HOUR)
        assert here.house.sources[DUNIA.id] not in here.house.askable(now=then)


@pytest.mark.parametrize("by", [-2 * DAY, 2 * DAY])
async def test_what_a_pass_was_told_that_began_before_the_clock_was_set_is_moved_after_it(
    tmp_path: Path, by: timedelta
) -> None:
    sister, then = source("Sister", "https://dunia.example/other"), NOON + by
    settings: dict[str, Any] = {"sources": (DUNIA, sister), "polling": replace(POLLING, retry_scope="host")}
    async with rooms(tmp_path, **settings) as here:
        await here.poll(DUNIA, Refused(status=429, hints=Hints(retry_after=HOUR), detail="too many"))
        await here.house.move_late(DUNIA.id, by, now=then)

        assert here.house.put_off(here.house.sources[sister.id], now=then)
        assert not here.house.put_off(here.house.sources[sister.id], now=then + HOUR)
        assert here.house.sources[DUNIA.id] not in here.house.askable(now=then)
        assert here.house.store.due(DUNIA.id) == here.house.dues[DUNIA.id]
        assert then + HOUR <= here.house.dues[DUNIA.id].at < then + 2 * HOUR


async def test_a_retry_after_is_told_by_the_clock_that_appointments_are_kept_by(tmp_path: Path) -> None:
    wrong = NOON + 2 * DAY
    async with rooms(tmp_path, now=wrong) as here:
        for host in ("one.example", "two.example", "three.example"):
            here.house.world.witnesses.hear(host, NOON)
        await here.poll(DUNIA, Refused(status=429, hints=Hints(retry_after=HOUR), detail="too many"), now=wrong)

        assert here.house.sources[DUNIA.id] not in here.house.askable(now=wrong)
        assert here.house.sources[DUNIA.id] in here.house.askable(now=wrong + HOUR)


async def test_who_queues_for_a_host_when_it_says_wait_is_not_asked_where_the_whole_host_is_meant(
    tmp_path: Path,
) -> None:
    """All of its sources are under way at once, and asked in turn."""
    refusal = asking.response("429 Too Many Requests", retry_after="3600")
    async with asking.Origin(lambda _: refusal) as origin:
        sources = tuple(source(f"Warta{number}", origin.url(f"/{number}")) for number in range(5))
        polling = replace(asking.polling(), retry_scope="host", per_host=1, host_gap=timedelta(seconds=1))
        feeds = replace(FEEDS, sources=sources, polling=polling)
        async with open_house(feeds, tmp_path, base_url="http://here", now=NOON, spread_new=False) as house:
            seconds_passed = 0.0

            async def sleep(seconds: float) -> None:
                nonlocal seconds_passed
                while not house._holds:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.01)
                seconds_passed += seconds

            assert house._fetcher is not None
            house._fetcher._pace = Pace(polling, clock=lambda: seconds_passed, sleep=sleep)
            reports = await asyncio.gather(*(house.poll(each, now=NOON) for each in house.due(now=NOON)))

    assert sorted(report.answer for report in reports) == ["429", "held", "held", "held", "held"]
    assert len(origin.asked) == 1


async def test_a_parked_source_stays_parked_until_its_url_changes(tmp_path: Path) -> None:
    moved = source("Dunia", "https://new.example/rss")
    async with rooms(tmp_path) as here:
        await here.poll(DUNIA, Gone())
        assert DUNIA.id not in here.house.dues
    async with rooms(tmp_path) as here:
        assert DUNIA.id not in here.house.dues
        await here.furnish(sources=(moved, KABAR))

        assert DUNIA.id in here.house.dues
        assert here.house.sources[DUNIA.id] in here.house.askable(now=NOON)


async def test_what_is_still_listed_is_kept_however_old_it_is(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()

        assert await here.house.tidy(now=NOON + 10 * KEEP) == 0
        assert len(await here.titles()) == 2


async def test_what_is_listed_no_longer_leaves_after_keep_and_its_feeds_follow(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        await here.house.publish()
        assert await here.house.tidy(now=NOON + DAY + KEEP) == 0
        later = NOON + DAY + KEEP + HOUR
        assert await here.house.tidy(now=later) == 1
        await here.house.publish()

        assert await here.titles() == ["Kabut asap di Riau"]
        assert b"Banjir" not in files(tmp_path)["update.rss"]
        assert dict(here.house.store.unlisted()) == {}
        assert await here.house.tidy(now=later) == 0


async def test_tidying_up_waits_for_a_day_so_that_no_pass_pays_for_all_that_is_kept(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        later = NOON + 2 * DAY + KEEP
        here.hear(later + 2 * DAY)

        assert await here.house.tidy_daily(now=later) == 0
        assert await here.house.tidy_daily(now=later + DAY - HOUR) == 0
        assert await here.house.tidy_daily(now=later + DAY) == 1


async def test_a_clock_that_was_a_year_ahead_keeps_nobody_from_tidying_up(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        here.hear(NOON + 365 * DAY)  # they have no clocks of their own

        assert await here.house.tidy_daily(now=NOON + 365 * DAY) == 0
        assert await here.house.tidy_daily(now=NOON + 2 * DAY + KEEP) == 1


@pytest.mark.parametrize("ahead", [365 * DAY, 3_652 * DAY])
async def test_a_clock_that_is_years_ahead_takes_nothing_away_and_tells_no_false_date(
    tmp_path: Path, ahead: timedelta
) -> None:
    wrong = NOON + 3 * DAY + ahead
    async with rooms(tmp_path, archive_months=2) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        await here.house.publish()
        assert await here.house.tidy_daily(now=NOON + DAY) == 0
    async with rooms(tmp_path, archive_months=2, now=wrong) as here:
        await here.house.close_months(now=wrong)  # nobody has said yet what time it is
        assert await here.house.tidy_daily(now=wrong) == 0
        for host in ("one.example", "another.example"):
            here.house.world.witnesses.hear(host, NOON + 3 * DAY)
        await here.poll(KABAR, fetched("k Harga beras naik", date=NOON + 3 * DAY), now=wrong)
        await here.house.publish()
        await here.house.close_months(now=wrong)
        assert await here.house.tidy_daily(now=wrong) == 0
        await here.house.listen_for_silence()

        assert await here.titles() == ["Harga beras naik", "Banjir surut di Semarang", "Kabut asap di Riau"]
        assert {each.first_seen_at for each in here.house.store.headlines()} == {NOON, NOON + 3 * DAY}
        assert sorted(here.house.edition.archive.names("update")) == ["2026-11"]
        assert not here.house.shelf["update/2026-11.atom"].immutable
        assert not list(here.house.store.incidents())
        assert "ahead of those of most publishers" in (here.house.clock_doubt(now=wrong) or "")
        assert here.house.clock_doubt(now=NOON + 3 * DAY) is None


async def test_news_that_comes_while_an_empty_battery_says_1970_has_the_publishers_date(tmp_path: Path) -> None:
    lost = NOON.replace(year=1970)
    async with rooms(tmp_path, now=lost) as here:
        await here.poll(answer=fetched("1 Banjir surut di Semarang", date=NOON), now=lost)
        await here.poll(answer=fetched("1 Banjir surut di Semarang", "2 Kabut asap di Riau", date=NOON), now=lost)

        assert {each.first_seen_at for each in here.house.store.headlines()} == {NOON}
        assert here.house.dues[DUNIA.id].at < lost + DAY  # appointments are kept by our own clock


async def test_who_answers_first_with_a_date_to_come_dates_nothing_into_the_future(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("3 Obral besar", date=NOON + 3_652 * DAY))

        assert {each.first_seen_at for each in here.house.store.headlines()} == {NOON}
        assert await here.house.tidy_daily(now=NOON + DAY) == 0


async def test_what_is_listed_again_in_time_is_kept(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        await here.poll(answer=TWO, now=NOON + KEEP)

        assert await here.house.tidy(now=NOON + 10 * KEEP) == 0


async def test_a_story_stays_whole_as_long_as_one_outlet_lists_it(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(KABAR, fetched("7 Banjir surut di Semarang"), now=NOON + HOUR)
        await here.house.desk.load()
        (told,) = (story for story in here.house.desk.stories(UPDATE) if len(story.headlines) == 2)
        await here.poll(answer=fetched("3 Panen raya di Demak"), now=NOON + DAY)
        later = NOON + 2 * DAY + KEEP

        assert await here.house.tidy(now=later) == 1
        assert told in here.house.desk.stories(UPDATE)
        await here.poll(KABAR, fetched("8 Panen raya di Kudus"), now=later)
        assert await here.house.tidy(now=later + DAY + KEEP) == 2


async def test_a_story_that_is_gone_is_told_for_thirty_days(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.desk.load()
        older, younger = (story.id for story in here.house.desk.stories(UPDATE))
        merge = Merge(younger=younger, older=older, joined=Joined(rule="bridge"))
        moved, dissolved = here.house.desk.dissolve(merge, now=NOON)
        news = await here.house.store.commit(Commit(headlines=moved, dissolved=(dissolved,)))
        here.house.edition.touch(await here.house.desk.post(moved, news=news))
        await here.house.publish()
        told = f'<at:deleted-entry ref="urn:uuid:{younger}" when="2026-11-23T12:00:00Z"/>'.encode()
        assert [files(tmp_path)[f"{slug}.atom"].count(told) for slug in ("update", "popular")] == [1, 1]

        await here.house.tidy(now=NOON + timedelta(days=30))
        assert not here.house.edition.is_pending
        await here.house.tidy(now=NOON + timedelta(days=30, seconds=1))
        await here.house.publish()
        assert [files(tmp_path)[f"{slug}.atom"].count(b"deleted") for slug in ("update", "popular")] == [0, 0]


async def test_an_archived_headline_that_comes_back_is_not_news(tmp_path: Path) -> None:
    later = NOON + 2 * DAY + KEEP
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        assert await here.house.tidy(now=later) == 1
    async with rooms(tmp_path, now=later) as here:
        report = await here.poll(answer=TWO, now=later + timedelta(days=80))

        assert report.new == 0
        assert await here.titles() == ["Kabut asap di Riau"]


async def test_keys_are_forgotten_ninety_days_after_their_headlines_left(tmp_path: Path) -> None:
    later = NOON + 2 * DAY + KEEP
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        await here.house.tidy(now=later)
        assert {until for _, until in here.house.store.keys_until()} == {later + timedelta(days=90)}
        await here.house.tidy(now=later + timedelta(days=90))
        assert list(here.house.store.keys_until())
        await here.house.tidy(now=later + timedelta(days=90, seconds=1))

        assert not list(here.house.store.keys_until())


async def test_a_source_that_was_taken_out_is_forgotten_after_a_week_and_its_headlines_leave(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await asyncio.gather(here.poll(), here.poll(KABAR))
        await here.furnish(sources=(KABAR,))
        await here.house.tidy(now=NOON + 7 * DAY)
        assert here.house.store.standing(DUNIA.id) is not None

        gone_at = NOON + 8 * DAY
        await here.house.tidy(now=gone_at)
        assert (here.house.store.standing(DUNIA.id), here.house.store.listing(DUNIA.id)) == (None, ())
        assert set(here.house.store.dues()) == {KABAR.id}
        assert len(await here.titles()) == 3
        assert await here.house.tidy(now=gone_at + KEEP + HOUR) == 2
        assert await here.titles() == ["Harga beras naik"]


async def test_a_source_that_comes_back_within_the_week_repeats_nothing(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.furnish(sources=(KABAR,))
        await here.house.tidy(now=NOON + 6 * DAY)
        await here.furnish(sources=(DUNIA, KABAR), now=NOON + 6 * DAY)
        report = await here.poll(answer=fetched(*TWO.body.decode().split("\n"), ""), now=NOON + 6 * DAY)

        assert (report.new, report.parsed) == (0, 1)


async def test_archiving_while_the_desk_is_unread_still_changes_the_feeds(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.poll(answer=fetched("2 Kabut asap di Riau"), now=NOON + DAY)
        await here.house.publish()
    later = NOON + 2 * DAY + KEEP
    async with rooms(tmp_path, now=later) as here:
        assert await here.house.tidy(now=later) == 1
        assert here.house.edition.is_pending
        await here.house.publish()

    assert b"Banjir" not in files(tmp_path)["update.rss"]


async def test_a_pass_without_news_leaves_the_kept_headlines_unread(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
    async with rooms(tmp_path, now=NOON + HOUR) as here:
        await here.poll(answer=UNCHANGED, now=NOON + HOUR)
        await here.poll(answer=TWO, now=NOON + 2 * HOUR)
        await here.house.publish()

        assert not here.house.store._storage.headlines_read


_ONCE_AND_TELL = """
import json, multiprocessing, sys
from pathlib import Path
from aggregator.commands.once import once
once(feeds=Path("feeds.yaml"), state=Path("state"), everything=True, at_once=None)
children = [process.pid for process in multiprocessing.active_children()]
print(json.dumps([sorted(sys.modules), children]))
"""
_ONLY_NEWS_NEEDS = {
    "feedgen",
    "feedparser",
    "selectolax",
    "dateparser",
    "nh3",
    "lxml",
    "babel",
    "apscheduler",
    "lark",
    "pebble",
}


@pytest.fixture
def origin() -> Iterator[Origin]:
    item = "<item><guid>1</guid><title>Banjir surut di Semarang</title></item>"
    body = f"<rss version='2.0'><channel><title>Dunia</title>{item}</channel></rss>".encode()
    with Origin({"/rss": Page(body=body)}) as publishers:
        yield publishers


async def _once(directory: Path) -> tuple[str, set[str], list[int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ONCE_AND_TELL, cwd=directory, stdout=asyncio.subprocess.PIPE
    )
    written, _ = await process.communicate()
    assert process.returncode == 0
    summary, told = written.decode().strip().split("\n")
    modules, children = json.loads(told)
    return summary, {name.partition(".")[0] for name in modules} | set(modules), children


async def test_a_run_without_news_loads_nothing_that_only_news_needs(tmp_path: Path, origin: Origin) -> None:
    write_feeds(tmp_path, [{"name": "Dunia", "url": origin.url("/rss")}])
    summary, modules, _ = await _once(tmp_path)
    assert "1 new headlines" in summary
    assert {"feedgen", "aggregator.publish.press"} <= modules

    summary, modules, children = await _once(tmp_path)
    assert "1 polled (1 not modified, 0 failed)" in summary
    assert _ONLY_NEWS_NEEDS & modules == set()
    assert {name for name in modules if name.startswith("aggregator.publish.")} == set()
    assert children == []


async def test_a_run_leaves_to_the_next_what_it_worked_out_and_damage_to_that_costs_only_time(tmp_path: Path) -> None:
    async with rooms(tmp_path) as here:
        await here.poll()
        await here.house.publish()
        here.house.remember()
    before = files(tmp_path)
    assert (tmp_path / "desk").stat().st_mode & 0o777 == 0o600
    for spoil in (lambda kept: kept, lambda kept: kept[:-9], lambda kept: kept[:9] + b"#" + kept[10:], lambda _: b""):
        path = tmp_path / "desk"
        path.write_bytes(spoil(path.read_bytes()))
        async with rooms(tmp_path) as here:
            here.house.edition.touch_all()
            await here.house.publish()
            assert here.house.desk.board.headline_count == 2
            here.house.remember()

        assert files(tmp_path) == before
