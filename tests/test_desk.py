import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from aggregator.commit import Commit
from aggregator.dedupe.fold import Merge
from aggregator.desk import Desk, unhurried
from aggregator.errors import StateError
from aggregator.headline import Headline, Joined, Revision
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, MemoryStore, headline, source

EKONOMI = Topic(slug="ekonomi", title="Ekonomi", match=lambda line, _: "beras" in line.title, match_text="beras")
EACH = Topic(slug="each", title="Each", everything=True, one_per="headline")
TOPICS = (UPDATE, POPULAR)
BERAS = headline(1, title="Harga beras naik lagi di pasar")
_EARLIER = Revision(title="Berita", until=NOON)
FULL = StateError("state/: No space left on device")


def desk(store: MemoryStore, *topics: Topic) -> Desk:
    return Desk(store, topics=topics or TOPICS, sources=(DUNIA, KABAR))


def titles(read: Desk, topic: Topic = UPDATE) -> list[str]:
    return [story.lead.title for story in read.stories(topic)]


async def bring(read: Desk, store: MemoryStore, *headlines: Headline) -> frozenset[str]:
    """Settle new headlines as a pass does."""
    async with read.settling(with_news=True):
        accepted = await read.accept(headlines, now=NOON)
        return await read.post(accepted.headlines, news=await store.commit(accepted))


async def test_what_is_kept_is_read_once_and_shown() -> None:
    store = MemoryStore(headline(2), headline(1))
    read = desk(store)
    await read.load()
    readings = store.readings
    await read.load()

    assert titles(read) == [headline(1).title, headline(2).title]
    assert (store.readings, read.news) == (readings, store.news)


async def test_nothing_is_read_before_it_is_needed() -> None:
    store = MemoryStore(headline(1))
    async with desk(store).settling(with_news=False):
        pass

    assert store.readings == 0


async def test_new_headlines_find_the_story_that_another_outlet_tells_since_before_the_restart() -> None:
    store = MemoryStore(BERAS)
    read = desk(store)
    touched = await bring(read, store, headline(2, KABAR, title="Harga beras naik lagi di pasar"))

    assert touched == {"update", "popular"}
    assert [[line.id for line in story.headlines] for story in read.stories(UPDATE)] == [[headline(2).id, BERAS.id]]
    assert {line.story for line in store.headlines()} == {BERAS.id}


# A headline that tells what two stories tell: they are one.
SUARA, RADIO = source("Suara"), source("Radio")
ERUPTION = headline(9, DUNIA, title="Gunung Lewotobi meletus dahsyat")
AIRPORT = headline(8, KABAR, title="Bandara Maumere ditutup abu vulkanik")
SAME_AIRPORT = headline(7, SUARA, title=AIRPORT.title)
BRIDGE = headline(1, RADIO, title="Gunung Lewotobi meletus dahsyat, bandara Maumere ditutup abu vulkanik")


async def test_headlines_whose_story_became_part_of_another_are_committed_with_the_one_that_showed_it() -> None:
    store = MemoryStore()
    read = desk(store)
    await bring(read, store, ERUPTION, AIRPORT, SAME_AIRPORT)
    assert len(read.stories(UPDATE)) == 2
    touched = await bring(read, store, BRIDGE)

    assert {line.id for line in store.commits[-1].headlines} == {BRIDGE.id, AIRPORT.id, SAME_AIRPORT.id}
    assert {line.story for line in store.headlines()} == {ERUPTION.id}
    assert touched == {"update", "popular"}
    assert [len(story.headlines) for story in read.stories(UPDATE)] == [4]
    assert [len(story.headlines) for story in read.stories(POPULAR)] == [4]
    (dissolved,) = read.dissolved()
    assert (dissolved.story, dissolved.into, dissolved.at) == (AIRPORT.id, ERUPTION.id, NOON)
    assert dissolved.topics == ("update", "popular")
    kept = {line.id: line.joined and line.joined.rule for line in store.headlines()}
    assert kept == {ERUPTION.id: None, AIRPORT.id: "bridge", SAME_AIRPORT.id: "title", BRIDGE.id: "words"}


async def test_a_story_that_nobody_was_told_of_needs_no_tombstone() -> None:
    read = desk(MemoryStore())
    accepted = await read.accept([ERUPTION, AIRPORT, BRIDGE], now=NOON)

    assert {line.story for line in accepted.headlines} == {ERUPTION.id}
    assert accepted.dissolved == ()


async def test_a_headline_moves_even_before_its_own_pass_has_posted_it() -> None:
    store = MemoryStore(ERUPTION)
    read = desk(store)
    async with read.settling(with_news=True):
        slow = await read.accept([AIRPORT], now=NOON)
        async with read.settling(with_news=True):
            quick = await read.accept([BRIDGE], now=NOON)
            news = await store.commit(slow)
            await read.post(slow.headlines, news=news)
            await read.post(quick.headlines, news=await store.commit(quick))

    assert [line.id for line in quick.headlines] == [BRIDGE.id, AIRPORT.id]
    assert {line.story for line in store.headlines()} == {ERUPTION.id}
    assert [len(story.headlines) for story in read.stories(UPDATE)] == [3]


async def test_a_headline_that_moves_while_its_own_pass_is_posting_it_stays_where_it_went(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aggregator.desk._WORK_SECONDS", 0.0)  # every headline is a slice of its own
    store = MemoryStore(ERUPTION)
    read = desk(store)
    await read.load()
    slow = await read.accept([headline(0), AIRPORT], now=NOON)
    posting = asyncio.create_task(read.post(slow.headlines, news=await store.commit(slow)))
    await asyncio.sleep(0)
    quick = await read.accept([BRIDGE], now=NOON)
    await read.post(quick.headlines, news=await store.commit(quick))
    await posting

    assert AIRPORT.id in {line.id for line in quick.headlines}
    assert not read.board.members(AIRPORT.id)
    assert set(read.board.members(ERUPTION.id)) == {ERUPTION.id, AIRPORT.id, BRIDGE.id}


async def test_a_headline_that_was_moved_and_posted_while_its_own_pass_still_folds_is_committed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aggregator.desk._WORK_SECONDS", 0.0)  # every headline is a slice of its own
    store = MemoryStore(ERUPTION)
    read = desk(store)
    await read.load()
    others = [replace(headline(number), published_at=NOON + timedelta(hours=5)) for number in range(20, 40)]
    folding = asyncio.create_task(read.accept([AIRPORT, *others], now=NOON))
    await asyncio.sleep(0)
    quick = await read.accept([BRIDGE], now=NOON)
    await read.post(quick.headlines, news=await store.commit(quick))
    assert not folding.done()
    slow = await folding

    assert AIRPORT.id in {line.id for line in quick.headlines}
    assert {line.id for line in slow.headlines} == {line.id for line in others}


async def test_a_revision_does_not_move_back_what_another_pass_is_about_to_move() -> None:
    store = MemoryStore(ERUPTION, AIRPORT)
    read = desk(store)
    async with read.settling(with_news=True):
        await read.accept([BRIDGE], now=NOON)
        (revised,) = (await read.accept([], [replace(AIRPORT, title=f"{AIRPORT.title} hari ini")], now=NOON)).headlines

    assert (revised.title, revised.story) == (f"{AIRPORT.title} hari ini", ERUPTION.id)
    assert revised.joined is not None
    assert revised.joined.rule == "bridge"


async def test_a_revision_and_a_move_in_one_pass_are_both_kept() -> None:
    store = MemoryStore(ERUPTION, AIRPORT)
    read = desk(store)
    await read.load()
    revised = replace(AIRPORT, title=f"{AIRPORT.title} hari ini")
    accepted = {line.id: line for line in (await read.accept([BRIDGE], [revised], now=NOON)).headlines}

    assert (accepted[AIRPORT.id].title, accepted[AIRPORT.id].story) == (revised.title, ERUPTION.id)


async def test_older_headlines_than_the_window_remembers_move_with_their_story() -> None:
    archaic = headline(5, SUARA, title="Lain", story=AIRPORT.id, published_at=NOON - timedelta(days=20))
    store = MemoryStore(ERUPTION, AIRPORT, archaic)
    read = desk(store)
    await bring(read, store, BRIDGE)

    assert {line.story for line in store.headlines()} == {ERUPTION.id}


async def test_a_revised_title_finds_the_stories_that_the_first_one_did_not() -> None:
    store = MemoryStore(headline(9, title="Lain sama sekali dari yang dulu"))
    read = desk(store)
    await read.load()
    (revised,) = (await read.accept([], [headline(9, title=BERAS.title)], now=NOON)).headlines
    (twin,) = (await read.accept([headline(2, KABAR, title=BERAS.title)], now=NOON)).headlines

    assert twin.story == revised.id


async def test_a_restart_after_a_long_pause_folds_as_if_there_had_been_none() -> None:
    link = "https://wire.example/7"
    last = headline(1, published_at=NOON - timedelta(days=30))
    before = headline(2, published_at=last.published_at - timedelta(days=6), url=link)
    store = MemoryStore(before, last)
    read = desk(store)
    await read.load()
    (late,) = (await read.accept([headline(3, KABAR, published_at=last.published_at, url=link)], now=NOON)).headlines

    assert late.story == before.id


async def test_folding_a_long_document_lets_others_have_their_turn() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    read = desk(MemoryStore())
    others = asyncio.create_task(count_turns())
    await read.accept(
        [headline(number, title=f"Kabut {number} asap {number * 7} di Riau") for number in range(2_000)], now=NOON
    )
    others.cancel()

    assert turns > 2


async def test_headlines_of_one_pass_are_folded_in_the_order_they_were_published() -> None:
    early, late = headline(9, title=BERAS.title), headline(1, KABAR, title=BERAS.title)
    one, other = desk(MemoryStore()), desk(MemoryStore())

    assert await one.accept([early, late], now=NOON) == await other.accept([late, early], now=NOON)
    assert {each.story for each in (await one.accept([late], now=NOON)).headlines} == {early.id}


async def test_a_headline_is_filed_by_the_rules_of_today() -> None:
    read = desk(MemoryStore(), UPDATE, EKONOMI)

    assert read.file(BERAS).topics == ("update", "ekonomi")
    assert read.file(headline(2)).topics == ("update",)


async def test_a_headline_of_a_source_that_is_gone_keeps_its_topics() -> None:
    gone = headline(1, source("Dulu"), topics=("update", "olahraga"))

    assert desk(MemoryStore(), UPDATE, EKONOMI).file(gone) == gone


async def test_changed_rules_file_every_kept_headline_anew() -> None:
    store = MemoryStore(BERAS, headline(2))
    await desk(store).load()
    read = desk(store, UPDATE, EKONOMI)
    await read.load()

    assert titles(read, EKONOMI) == [BERAS.title]
    assert [line.topics for line in store.headlines()] == [("update", "ekonomi"), ("update",)]
    assert store.meta("rules") == read.rules


async def test_the_same_rules_file_nothing_anew() -> None:
    store = MemoryStore(BERAS)
    await desk(store).load()
    commits = len(store.commits)
    await desk(store).load()

    assert len(store.commits) == commits


async def test_thousands_of_headlines_are_filed_anew_in_several_commits() -> None:
    store = MemoryStore(*(headline(number, topics=()) for number in range(2_500)))
    read = desk(store)
    await read.load()

    assert [len(commit.headlines) for commit in store.commits] == [1_000, 1_000, 500]
    assert [bool(commit.meta) for commit in store.commits] == [False, False, True]
    assert read.board.headline_count == 2_500


async def test_rules_that_could_not_be_applied_are_applied_the_next_time() -> None:
    store = MemoryStore(BERAS)
    read = desk(store, UPDATE, EKONOMI)
    store.trouble = FULL
    with pytest.raises(StateError):
        await read.load()
    assert titles(read, EKONOMI) == []

    store.trouble = None
    await read.load()
    assert titles(read, EKONOMI) == [BERAS.title]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({"title": "Uang"}, True, id="title"),
        pytest.param({"limit": 7, "order": "popular", "per_source": 1}, True, id="what-is-shown"),
        pytest.param({"slug": "uang"}, False, id="slug"),
        pytest.param({"match_text": "uang"}, False, id="match"),
        pytest.param({"sources": ("Dunia",)}, False, id="sources"),
        pytest.param({"languages": ("id",)}, False, id="languages"),
    ],
)
def test_rules_are_named_by_what_decides_a_headlines_topics(changes: dict[str, object], same: bool) -> None:
    edited = replace(EKONOMI, **changes)  # type: ignore[arg-type]  # the table names fields that exist

    assert (desk(MemoryStore(), UPDATE, EKONOMI).rules == desk(MemoryStore(), UPDATE, edited).rules) is same


def test_rules_do_not_depend_on_the_order_of_sources_but_on_the_topics_they_name() -> None:
    one, other = (Desk(MemoryStore(), topics=TOPICS, sources=each) for each in ((DUNIA, KABAR), (KABAR, DUNIA)))
    named = Desk(MemoryStore(), topics=TOPICS, sources=(DUNIA, replace(KABAR, topics=("update",))))

    assert one.rules == other.rules
    assert one.rules != named.rules


class _Interrupted(MemoryStore):
    """A store in the middle of whose reading something happens, once."""

    def __init__(self, *headlines: Headline) -> None:
        super().__init__(*headlines)
        self.waiting: list[Callable[[], None]] = []

    def headlines(self) -> Iterator[Headline]:
        for number, line in enumerate(super().headlines()):
            if number == 3 and self.waiting:
                self.waiting.pop()()
            yield line


async def test_feeds_yaml_edited_while_headlines_are_read_loses_none_of_them() -> None:
    store = _Interrupted(*(headline(number) for number in range(5)))
    read = desk(store)
    store.waiting.append(partial(read.configure, topics=(UPDATE, EKONOMI), sources=(DUNIA,)))
    await read.load()

    assert store.waiting == []
    assert read.board.headline_count == 5
    assert [line.topics for line in store.headlines()] == [("update",)] * 5
    assert store.meta("rules") == read.rules


async def test_after_a_pass_was_cut_short_nothing_it_folded_is_remembered() -> None:
    store = MemoryStore()
    read = desk(store)
    await read.load()
    store.trouble = FULL
    with pytest.raises(StateError):
        await bring(read, store, BERAS)
    store.trouble = None
    await bring(read, store, headline(2, KABAR, title=BERAS.title))

    assert [line.story for line in store.headlines()] == [headline(2).id]


async def test_what_is_shown_stays_when_a_pass_is_cut_short() -> None:
    store = MemoryStore(BERAS)
    read = desk(store)
    await read.load()
    store.trouble = FULL
    with pytest.raises(StateError):
        await bring(read, store, headline(2))

    assert titles(read) == [BERAS.title]


async def test_a_pass_that_waited_for_its_turn_folds_with_all_that_is_kept() -> None:
    """The pass before it fails while it waits: it must not go to work with an empty window."""
    store = MemoryStore(BERAS)
    read = desk(store)
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        async with read.settling(with_news=True):
            entered.set()
            await go_on.wait()
            raise FULL

    failing = asyncio.create_task(fail())
    await entered.wait()
    waiting = asyncio.create_task(read.load())
    following = asyncio.create_task(bring(read, store, headline(2, KABAR, title=BERAS.title)))
    go_on.set()
    outcomes = await asyncio.gather(failing, waiting, following, return_exceptions=True)

    assert isinstance(outcomes[0], StateError)
    assert len(read.stories(UPDATE)) == 1


async def test_archiving_waits_for_the_passes_under_way_and_they_for_it() -> None:
    store = MemoryStore(BERAS)
    read = desk(store)
    order = []

    async def settle(name: str, started: asyncio.Event) -> None:
        async with read.settling(with_news=True):
            started.set()
            await asyncio.sleep(0)
            order.append(name)

    async def archive() -> None:
        async with read.undisturbed():
            await asyncio.sleep(0)
            order.append("archive")

    started = asyncio.Event()
    first = asyncio.create_task(settle("before", started))
    await started.wait()
    await asyncio.gather(first, archive(), settle("after", asyncio.Event()))

    assert order == ["before", "archive", "after"]


async def test_archived_headlines_leave_the_board_and_touch_their_topics() -> None:
    store = MemoryStore(BERAS, headline(2))
    read = desk(store)
    await read.load()
    news = await store.commit(Commit(archived=(BERAS,), keys_until=NOON))

    assert read.drop([BERAS], news=news) == {"update", "popular"}
    assert titles(read) == [headline(2).title]
    assert read.news == news


async def test_nothing_joins_a_story_whose_headlines_are_archived() -> None:
    store = MemoryStore(BERAS)
    read = desk(store)
    await read.load()
    read.drop([BERAS], news=await store.commit(Commit(archived=(BERAS,), keys_until=NOON)))
    twin = headline(2, KABAR, title=BERAS.title)

    assert (await read.accept([twin], now=NOON)).headlines == (read.file(twin),)


async def test_news_is_that_of_the_latest_commit_posted() -> None:
    store = MemoryStore()
    read = desk(store)
    await read.load()
    await read.post([headline(1)], news=7)
    await read.post([headline(2)], news=6)

    assert read.news == 7


async def test_news_that_is_being_put_up_is_not_counted_yet_and_others_have_their_turn_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aggregator.desk._WORK_SECONDS", 0.0)
    store = MemoryStore()
    read = desk(store)
    await read.load()
    posting = asyncio.create_task(read.post([headline(number) for number in range(100)], news=7))
    await asyncio.sleep(0)
    await read.post([headline(200)], news=8)

    assert not posting.done()
    assert 0 < read.board.headline_count < 100
    assert read.news == 6
    await posting
    assert (read.news, read.board.headline_count) == (8, 101)


async def test_headlines_are_counted_once_by_source_and_day() -> None:
    old = headline(1, published_at=NOON - timedelta(days=2))
    store = MemoryStore(old, headline(2), headline(3, KABAR))
    read = desk(store)
    await read.load()
    await bring(read, store, headline(4, KABAR))
    await read.post([headline(4, KABAR, title="Direvisi")], news=store.news)

    assert [read.days.today(source.id, now=NOON) for source in (DUNIA, KABAR)] == [1, 2]
    assert read.days.per_day(DUNIA.id, watched_since=None, now=NOON) == 2 / 2.5


async def test_a_topic_may_list_every_headline_of_a_story() -> None:
    store = MemoryStore(BERAS, headline(2, KABAR, story=BERAS.id))
    read = desk(store, UPDATE, EACH)
    await read.load()

    assert [len(story.headlines) for story in read.stories(UPDATE)] == [2]
    assert [(story.id, len(story.headlines)) for story in read.stories(EACH)] == [(BERAS.id, 1), (headline(2).id, 1)]


async def test_a_story_shows_only_those_of_its_headlines_that_are_in_the_topic() -> None:
    other = headline(2, KABAR, story=BERAS.id, title="Pasar ramai")
    read = desk(MemoryStore(BERAS, other), UPDATE, EKONOMI)
    await read.load()

    assert [[line.id for line in story.headlines] for story in read.stories(EKONOMI)] == [[BERAS.id]]


async def test_a_story_of_a_topic_has_more_headlines_outside_of_it_but_none_that_are_not_told() -> None:
    first = headline(3, title="Harga beras naik lagi", topics=("update", "popular", "ekonomi"))
    second = headline(2, KABAR, title="Harga beras naik lagi", story=first.id, topics=("update", "popular", "ekonomi"))
    other = headline(1, KABAR, title="Pangan mahal", story=first.id)
    untold = headline(4, title="Pangan", story=first.id, topics=(), untold="older than the last reading")
    read = desk(MemoryStore(first, second, other, untold), *TOPICS, EKONOMI)
    await read.load()
    (told,), (everywhere,) = read.stories(EKONOMI), read.stories(UPDATE)

    assert [line.id for line in told.headlines] == [first.id, second.id]
    assert read.whole(told).headlines == everywhere.headlines == (first, second, other)
    assert read.whole(everywhere) is everywhere


async def test_a_long_table_lets_others_have_their_turn() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(count_turns())
    clock = asyncio.get_running_loop().time
    since, rows = clock(), []
    async for row in unhurried(iter(range(10**9))):
        rows.append(row)
        if turns > 1 or clock() - since > 30:  # a machine that is busy has the first turns late
            break
    others.cancel()

    assert rows == list(range(len(rows)))
    assert turns > 1


async def sketched(store: MemoryStore, *headlines: Headline) -> tuple[bytes, ...]:
    read = desk(store)
    await bring(read, store, *headlines)
    drawn = read.sketch()
    assert drawn is not None
    return drawn


def recalling(store: MemoryStore, drawn: tuple[bytes, ...], *topics: Topic) -> Desk:
    return Desk(store, topics=topics or TOPICS, sources=(DUNIA, KABAR), recall=lambda: drawn)


async def test_a_sketch_stands_for_every_headline_that_it_was_drawn_from() -> None:
    store = MemoryStore(BERAS, headline(3))
    twin = headline(2, KABAR, title=BERAS.title)
    drawn = await sketched(store, twin)
    readings = store.readings
    recalled, read = recalling(store, drawn), desk(store)
    await recalled.load()

    assert store.readings == readings
    await read.load()
    assert [recalled.stories(topic) for topic in TOPICS] == [read.stories(topic) for topic in TOPICS]
    assert sorted(recalled.days.sketch()) == sorted(read.days.sketch()) != []


async def test_a_sketch_whose_days_began_elsewhere_is_not_taken_over() -> None:
    store = MemoryStore(BERAS)
    drawn, readings = await sketched(store, headline(3)), store.readings
    there = Desk(store, topics=TOPICS, sources=(DUNIA, KABAR), zone=ZoneInfo("Asia/Jakarta"), recall=lambda: drawn)
    await there.load()

    assert store.readings == readings + 1


async def test_the_next_headline_finds_its_story_in_a_window_that_was_recalled() -> None:
    store = MemoryStore(BERAS)
    drawn = await sketched(store, headline(3))
    recalled = recalling(store, drawn)
    await bring(recalled, store, headline(2, KABAR, title=BERAS.title))

    assert sorted(len(story.headlines) for story in recalled.stories(UPDATE)) == [1, 2]


async def test_a_sketch_is_worth_nothing_once_news_has_come_after_it() -> None:
    store = MemoryStore(BERAS)
    drawn = await sketched(store, headline(3))
    await sketched(store, headline(4))
    readings = store.readings
    recalled = recalling(store, drawn)
    await recalled.load()

    assert store.readings > readings
    assert len(titles(recalled)) == len({BERAS.title, headline(3).title, headline(4).title})


async def test_a_sketch_made_under_other_rules_is_not_used() -> None:
    store = MemoryStore(BERAS)
    drawn = await sketched(store, headline(3))
    recalled = recalling(store, drawn, UPDATE, POPULAR, EKONOMI)
    await recalled.load()

    assert titles(recalled, EKONOMI) == [BERAS.title]


@pytest.mark.parametrize(
    ("topics", "weight"),
    [
        pytest.param((UPDATE, replace(POPULAR, half_life=timedelta(hours=1))), 1.0, id="half-life"),
        pytest.param((replace(UPDATE, retell="outlet"), POPULAR), 1.0, id="retell"),
        pytest.param((replace(UPDATE, one_per="headline"), POPULAR), 1.0, id="one-per"),
        pytest.param((replace(UPDATE, order="popular"), POPULAR), 1.0, id="order"),
        pytest.param(TOPICS, 2.0, id="weight"),
    ],
)
async def test_a_sketch_of_another_order_is_not_used(topics: tuple[Topic, ...], weight: float) -> None:
    store = MemoryStore(BERAS)
    drawn = await sketched(store, headline(2, KABAR, title=BERAS.title), headline(3))
    sources = (DUNIA, replace(KABAR, weight=weight))
    recalled = Desk(store, topics=topics, sources=sources, recall=lambda: drawn)
    read = Desk(store, topics=topics, sources=sources)
    await recalled.load()
    await read.load()

    assert [recalled.stories(topic) for topic in topics] == [read.stories(topic) for topic in topics]


def test_nothing_is_sketched_before_anything_was_read() -> None:
    assert desk(MemoryStore(BERAS)).sketch() is None


async def test_a_dissolved_story_gives_its_headlines_to_the_older_one() -> None:
    younger = headline(2, KABAR), headline(3, topics=("update",), story=headline(2).id)
    merge = Merge(younger=headline(2).id, older=BERAS.id, joined=Joined(rule="bridge"))
    store = MemoryStore(BERAS, *younger)
    read = desk(store)
    async with read.settling(with_news=True):
        moved, dissolved = read.dissolve(merge, now=NOON)
        news = await store.commit(Commit(headlines=moved, dissolved=(dissolved,)))
        touched = await read.post(moved, news=news)

    assert (dissolved.story, dissolved.into, dissolved.topics) == (headline(2).id, BERAS.id, ("update", "popular"))
    assert touched == {"update", "popular"}
    (story,) = read.stories(UPDATE)
    assert (story.id, len(story.headlines), story.published_at) == (BERAS.id, 3, BERAS.published_at)
    assert read.dissolved() == (dissolved,)


async def test_a_story_that_another_outlet_joins_keeps_its_id_and_date_whoever_leads() -> None:
    store = MemoryStore(BERAS)
    read = Desk(store, topics=TOPICS, sources=(DUNIA, replace(KABAR, weight=3.0)))
    await read.load()
    (before,) = read.stories(UPDATE)
    late = headline(2, KABAR, title=BERAS.title, first_seen_at=NOON + timedelta(hours=1))
    await bring(read, store, late)
    (after,) = read.stories(UPDATE)

    assert (before.lead.source, after.lead.source) == (DUNIA.id, KABAR.id)
    assert (after.id, after.published_at) == (before.id, before.published_at)
    assert (before.updated_at, after.updated_at) == (BERAS.published_at, NOON + timedelta(hours=1))


async def test_a_topic_of_one_source_lists_what_another_outlet_told_first() -> None:
    own = Topic(slug="own", title="Own", sources=("Kabar",))
    store = MemoryStore()
    read = desk(store, UPDATE, POPULAR, own)
    await bring(read, store, BERAS, headline(2, KABAR, title=BERAS.title))

    assert [[line.source for line in story.headlines] for story in read.stories(own)] == [[KABAR.id]]


async def test_a_story_is_told_anew_only_when_something_happened_to_it() -> None:
    store = MemoryStore(headline(1), headline(2))
    read = desk(store)
    await read.load()
    before = read.stories(UPDATE)
    revised = replace(headline(2), title="Berita lain sama sekali", updated_at=NOON, revisions=(_EARLIER,))
    async with read.settling(with_news=True):
        accepted = await read.accept((), [revised], now=NOON)
        await read.post(accepted.headlines, news=await store.commit(accepted))
    after = read.stories(UPDATE)

    assert [story.lead.title for story in after] == [headline(1).title, "Berita lain sama sekali"]
    assert after[0] is before[0]
    read.unload()
    await read.load()
    assert read.stories(UPDATE) == after
