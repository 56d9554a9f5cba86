from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.dedupe.identity import MOST_REVISIONS, Recognised, lines_of, recognise
from aggregator.entry import Entry, Origin, Reading
from aggregator.headline import Headline
from aggregator.source import Listed, Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUNIA = Source(id="https://dunia.example/rss", name="Dunia", urls=("https://dunia.example/rss",))
KABUT = Entry(
    fingerprint="a0",
    index=0,
    guid="g1",
    title="Kabut asap menipis",
    link="https://dunia.example/kabut",
    published_at=NOW - HOUR,
)
BANJIR = Entry(
    fingerprint="b0",
    index=1,
    guid="g2",
    title="Banjir surut di hilir",
    link="https://dunia.example/banjir",
    published_at=NOW - 2 * HOUR,
)


class Archive:
    """What the poll keeps between two readings: headlines by key, and the listing."""

    def __init__(self, source: Source = DUNIA) -> None:
        self.source = source
        self.kept: dict[str, Headline | None] = {}
        self.listing: tuple[Listed, ...] = ()
        self.asked = 0

    def known(self, keys: Iterable[str]) -> Mapping[str, Headline | None]:
        self.asked += 1
        return {key: self.kept[key] for key in keys if key in self.kept}

    def read(self, *document: Entry, now: datetime = NOW, language: str | None = None) -> Recognised:
        """Read a document as parse/ would: only what is not listed yet is parsed."""
        listed = {line.fingerprint for line in self.listing}
        reading = Reading(
            kind="rss20",
            origin=Origin(id=self.source.id, title="Dunia"),
            language=language,
            listing=tuple(entry.fingerprint for entry in document),
            entries=tuple(entry for entry in document if entry.fingerprint not in listed),
        )
        recognised = recognise(
            lines_of(reading, self.source), reading, self.source, self.listing, known=self.known, now=now
        )
        for headline in (*recognised.new, *recognised.revised):
            self.kept.update(dict.fromkeys(headline.keys, headline))
        self.listing = recognised.listing
        return recognised

    def forget_headlines(self) -> None:
        """Let everything leave the window; only its keys stay."""
        self.kept = dict.fromkeys(self.kept)
        self.listing = ()


def titles(headlines: Iterable[Headline]) -> list[str]:
    return [headline.title for headline in headlines]


def test_a_first_reading_brings_every_entry_in_its_order() -> None:
    recognised = Archive().read(KABUT, BANJIR)

    assert titles(recognised.new) == [KABUT.title, BANJIR.title]
    assert recognised.revised == ()
    assert [line.headline for line in recognised.listing] == [headline.id for headline in recognised.new]


def test_a_new_headline_is_its_own_story_and_in_no_topic_yet() -> None:
    (headline,) = Archive().read(KABUT).new

    assert (headline.story, headline.topics, headline.first_seen_at) == (headline.id, (), NOW)
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in headline.keys)


def test_a_lost_state_gives_the_same_ids_again() -> None:
    assert Archive().read(KABUT, BANJIR) == Archive().read(KABUT, BANJIR, now=NOW) != Archive().read(BANJIR)


def test_nobody_is_asked_for_keys_when_every_line_is_known() -> None:
    archive = Archive()
    archive.read(KABUT, BANJIR)

    recognised = archive.read(BANJIR, KABUT)

    assert (recognised.new, recognised.revised, archive.asked) == ((), (), 1)
    assert [line.fingerprint for line in recognised.listing] == ["b0", "a0"]


def test_a_guid_of_another_source_is_another_headline() -> None:
    here = Archive().read(KABUT).new
    there = Archive(replace(DUNIA, id="https://warta.example/rss")).read(KABUT).new

    assert here[0].id != there[0].id
    assert set(here[0].keys).isdisjoint(there[0].keys)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"link": "https://www.dunia.example/kabut?utm_source=x"}, id="tracking in the link"),
        pytest.param({"guid": "other"}, id="another guid"),
        pytest.param({"guid": None}, id="the guid is gone"),
        pytest.param({"published_at": NOW}, id="the date is touched"),
        pytest.param({"published_at": None}, id="the date is gone"),
        pytest.param({"title": "KABUT ASAP: MENIPIS!"}, id="case and punctuation"),
        pytest.param({"link": None}, id="the link is gone"),
    ],
)
def test_an_entry_that_changed_a_little_is_the_same_headline(change: dict[str, str | None]) -> None:
    archive = Archive()
    archive.read(KABUT)

    recognised = archive.read(replace(KABUT, fingerprint="a1", **change))  # type: ignore[arg-type]

    assert (recognised.new, recognised.revised) == ((), ())
    assert len(recognised.listing) == 1


def test_a_thousand_polls_with_changing_guids_and_links_bring_one_headline() -> None:
    archive, new = Archive(), 0
    for poll in range(1000):
        link = f"https://dunia.example/kabut?utm_content={poll}"
        entry = replace(KABUT, fingerprint=f"{poll}", guid=f"guid-{poll}", link=link)
        new += len(archive.read(entry, now=NOW + poll * HOUR).new)

    assert new == 1
    assert len(archive.kept) == 2


def test_twins_that_are_listed_twice_under_changing_guids_stay_as_many() -> None:
    archive = Archive()
    first = archive.read(KABUT, replace(KABUT, fingerprint="c0", guid="g3", published_at=NOW))
    second = archive.read(
        replace(KABUT, fingerprint="a1", guid="g4"), replace(KABUT, fingerprint="c1", guid="g5", published_at=NOW)
    )

    assert (len(first.new), second.new) == (2, ())
    assert [line.headline for line in first.listing] == [line.headline for line in second.listing]


def test_a_daily_rubric_with_its_own_guids_is_many_headlines() -> None:
    days = [
        replace(KABUT, fingerprint=f"{day}", guid=f"day-{day}", title="Cuaca", published_at=NOW - day * 24 * HOUR)
        for day in range(5)
    ]

    assert len(Archive().read(*days).new) == 5


def test_a_rubric_listed_beside_its_elder_is_new() -> None:
    archive = Archive()
    archive.read(KABUT)

    today = replace(KABUT, fingerprint="a1", guid="g9", published_at=NOW)

    assert len(archive.read(today, KABUT).new) == 1


def test_a_rubric_beside_its_elder_is_new_even_where_the_elder_changed_too() -> None:
    archive = Archive()
    (elder,) = archive.read(KABUT).new

    today = replace(KABUT, fingerprint="t", guid="g9", published_at=NOW)
    recognised = archive.read(today, replace(KABUT, fingerprint="a1", summary="Diperbarui."))

    assert len(recognised.new) == 1
    assert [line.headline for line in recognised.listing] == [recognised.new[0].id, elder.id]


def test_a_rubric_two_days_later_is_new_where_the_elder_is_no_longer_listed() -> None:
    archive = Archive()
    archive.read(KABUT)

    later = replace(KABUT, fingerprint="a1", guid="g9", published_at=NOW + 49 * HOUR)

    assert len(archive.read(later, now=NOW + 49 * HOUR).new) == 1


def test_a_reused_guid_with_another_link_title_and_a_later_date_is_new() -> None:
    archive = Archive()
    archive.read(KABUT)
    reused = replace(BANJIR, guid=KABUT.guid, published_at=NOW + HOUR)

    assert titles(archive.read(reused, now=NOW + HOUR).new) == [BANJIR.title]
    again = replace(reused, fingerprint="b1", summary="Diperbarui.")
    assert archive.read(again, now=NOW + 2 * HOUR).new == ()


@pytest.mark.parametrize("published_at", [KABUT.published_at, None], ids=["same date", "no date"])
def test_an_edit_under_its_guid_is_a_revision(published_at: datetime | None) -> None:
    archive = Archive()
    (before,) = archive.read(KABUT).new
    edit = replace(
        KABUT, fingerprint="a1", title="Kabut pekat lagi", link="https://dunia.example/pekat", published_at=published_at
    )

    recognised = archive.read(edit, now=NOW + HOUR)

    (after,) = recognised.revised
    assert recognised.new == ()
    assert (after.id, after.title, after.url) == (before.id, "Kabut pekat lagi", "https://dunia.example/pekat")
    assert (after.published_at, after.updated_at) == (before.published_at, NOW + HOUR)
    assert [(revision.title, revision.until) for revision in after.revisions] == [(KABUT.title, NOW + HOUR)]


def test_a_revised_headline_is_recognised_when_all_guids_change() -> None:
    archive = Archive()
    archive.read(KABUT)
    archive.read(replace(KABUT, fingerprint="a1", title="Kabut pekat lagi"))

    moved = archive.read(replace(KABUT, fingerprint="a2", guid="cms-2", title="Kabut pekat lagi"))

    assert (moved.new, moved.revised) == ((), ())


def test_two_servers_that_take_turns_bring_one_revision_and_then_silence() -> None:
    archive, new, revised = Archive(), 0, 0
    for poll in range(1000):
        entry = KABUT if poll % 2 else replace(KABUT, fingerprint="a1", title="Kabut pekat lagi")
        recognised = archive.read(entry, now=NOW + poll * HOUR)
        new, revised = new + len(recognised.new), revised + len(recognised.revised)

    assert (new, revised) == (1, 1)


def test_a_label_that_comes_and_goes_is_no_revision() -> None:
    archive = Archive()
    archive.read(KABUT)
    for poll, label in enumerate(["UPDATE: ", "", "[Diperbarui] ", "BREAKING: "]):
        again = archive.read(replace(KABUT, fingerprint=f"{poll}", title=f"{label}{KABUT.title}"))
        assert (again.new, again.revised) == ((), ())

    (revised,) = archive.read(replace(KABUT, fingerprint="x", title="UPDATE: Kabut pekat lagi")).revised
    assert revised.title == "UPDATE: Kabut pekat lagi"
    assert archive.read(replace(KABUT, fingerprint="y", title="Kabut pekat lagi")).revised == ()


def test_a_headline_keeps_the_marks_it_was_accepted_with() -> None:
    archive = Archive()
    told = replace(KABUT, summary="Kabut asap dari kebakaran lahan gambut menutup jalan raya di tiga kota.")
    (before,) = archive.read(told).new
    (after,) = archive.read(replace(told, fingerprint="x", title="Kabut pekat", link="https://x.example/1")).revised

    assert len(before.marks) == 2
    assert after.marks == before.marks


def test_a_title_that_changes_for_ever_is_kept_to_a_bound() -> None:
    archive, revised = Archive(), 0
    for poll in range(100):
        revised += len(archive.read(replace(KABUT, fingerprint=f"{poll}", title=f"Kabut hari {poll}")).revised)

    assert revised == MOST_REVISIONS
    assert {len(headline.revisions) for headline in archive.kept.values() if headline} == {MOST_REVISIONS}


def test_a_guid_that_several_entries_share_does_not_hide_any() -> None:
    archive = Archive()
    shared = [
        replace(KABUT, fingerprint=f"{n}", index=n, link=f"https://dunia.example/{n}", title=f"Kabar {n}")
        for n in range(20)
    ]

    assert len(archive.read(*shared).new) == 20

    changed = replace(shared[3], fingerprint="x", title="Kabar yang disunting")
    recognised = archive.read(*shared[:3], changed, *shared[4:])
    assert (recognised.new, titles(recognised.revised)) == ((), ["Kabar yang disunting"])


def test_a_guid_shared_with_a_line_that_did_not_change_does_not_hide_the_new_one() -> None:
    archive = Archive()
    archive.read(KABUT)
    beside = replace(BANJIR, guid=KABUT.guid, published_at=None)

    recognised = archive.read(KABUT, beside)

    assert (titles(recognised.new), recognised.revised) == ([BANJIR.title], ())
    assert len({line.headline for line in recognised.listing}) == 2
    again = archive.read(replace(beside, fingerprint="b1"))
    assert (again.new, again.revised) == ((), ())


def test_one_entry_twice_in_a_document_is_one_headline() -> None:
    recognised = Archive().read(KABUT, replace(KABUT, fingerprint="a1", index=1, summary="Lebih panjang."))

    assert len(recognised.new) == 1
    assert [line.headline for line in recognised.listing] == [recognised.new[0].id] * 2


def test_without_a_guid_the_link_is_the_identity() -> None:
    archive, entry = Archive(), replace(KABUT, guid=None)
    archive.read(entry)

    edit = replace(entry, fingerprint="a1", title="Kabut pekat", link="http://www.dunia.example/kabut/")
    recognised = archive.read(edit)

    assert (recognised.new, titles(recognised.revised)) == ((), ["Kabut pekat"])


def test_a_link_that_all_entries_share_does_not_make_them_one() -> None:
    entries = [
        replace(KABUT, guid=None, fingerprint=f"{n}", title=f"Kabar {n}", link="https://dunia.example/")
        for n in range(10)
    ]

    assert len(Archive().read(*entries).new) == 10


def test_without_guid_and_link_title_and_date_are_the_identity() -> None:
    archive = Archive()
    line = replace(KABUT, guid=None, link=None)
    other_day = replace(line, fingerprint="a1", published_at=NOW - 25 * HOUR)

    assert len(archive.read(line, other_day).new) == 2
    touched = replace(line, fingerprint="a2", summary="Diperbarui.")
    assert archive.read(touched, other_day).new == ()


def test_a_linkless_line_whose_printed_date_drifts_is_one_headline() -> None:
    archive, line = Archive(), replace(KABUT, guid=None, link=None)
    archive.read(line)

    drifted = replace(line, fingerprint="a1", published_at=NOW)

    assert archive.read(drifted).new == ()


@pytest.mark.parametrize(
    ("published_at", "expected"),
    [
        pytest.param(NOW - HOUR, NOW - HOUR, id="sane"),
        pytest.param(NOW + timedelta(minutes=9), NOW + timedelta(minutes=9), id="a clock that is a little fast"),
        pytest.param(NOW + HOUR, NOW, id="an hour ahead"),
        pytest.param(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), NOW, id="the end of time"),
        pytest.param(None, NOW - timedelta(seconds=3), id="missing"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), NOW - timedelta(seconds=3), id="the epoch"),
        pytest.param(datetime.min.replace(tzinfo=UTC), NOW - timedelta(seconds=3), id="the beginning of time"),
    ],
)
def test_published_at_is_the_publishers_date_if_it_can_be_true(
    published_at: datetime | None, expected: datetime
) -> None:
    archive = Archive()
    (headline,) = archive.read(replace(KABUT, index=3, published_at=published_at)).new

    assert headline.published_at == headline.updated_at == expected


def test_published_at_is_frozen_at_first_sight() -> None:
    archive = Archive()
    archive.read(KABUT)
    for poll in range(1, 50):
        touched = replace(KABUT, fingerprint=f"{poll}", title=f"Kabut {poll % 2}", published_at=NOW + poll * HOUR)
        archive.read(touched, now=NOW + poll * HOUR)

    assert {headline.published_at for headline in archive.kept.values() if headline} == {KABUT.published_at}


def test_a_date_that_changes_with_each_fetch_makes_no_new_headline() -> None:
    archive, new = Archive(), 0
    for poll in range(100):
        future = replace(KABUT, fingerprint=f"{poll}", guid=f"{poll}", published_at=NOW + (poll + 2) * HOUR)
        new += len(archive.read(future, now=NOW).new)

    assert new == 1


def test_an_atom_entry_that_only_has_updated_is_dated_by_it() -> None:
    (headline,) = Archive().read(replace(KABUT, published_at=None, updated_at=NOW - 3 * HOUR)).new

    assert headline.published_at == NOW - 3 * HOUR


def test_what_left_the_window_does_not_come_back() -> None:
    archive = Archive()
    archive.read(KABUT, BANJIR)
    archive.forget_headlines()

    recognised = archive.read(KABUT, replace(BANJIR, published_at=NOW), now=NOW + 40 * 24 * HOUR)

    assert (recognised.new, recognised.revised) == ((), ())


def test_what_left_the_window_and_is_listed_again_does_not_come_back_when_its_keys_are_forgotten() -> None:
    archive = Archive()
    archive.read(KABUT, BANJIR)
    archive.forget_headlines()
    archive.read(KABUT, BANJIR, now=NOW + 40 * 24 * HOUR)
    archive.kept.clear()  # as `tidy` does ninety days after they were archived

    recognised = archive.read(KABUT, BANJIR, now=NOW + 200 * 24 * HOUR)

    assert (recognised.new, recognised.revised) == ((), ())
    assert len(recognised.listing) == len({KABUT.fingerprint, BANJIR.fingerprint})


def test_a_retouched_old_headline_does_not_come_back_as_news() -> None:
    archive, later = Archive(), NOW + 40 * 24 * HOUR
    archive.read(KABUT)
    archive.forget_headlines()

    assert archive.read(replace(KABUT, published_at=later), now=later).new == ()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"guid": "day-40"}, id="rubric with a new guid"),
        pytest.param({"title": "Banjir surut", "link": "https://dunia.example/banjir"}, id="guid reused"),
    ],
)
def test_todays_news_that_only_resembles_what_left_the_window_is_news(change: dict[str, str]) -> None:
    archive, later = Archive(), NOW + 40 * 24 * HOUR
    archive.read(KABUT)
    archive.forget_headlines()

    recognised = archive.read(replace(KABUT, published_at=later, **change), now=later)  # type: ignore[arg-type]

    assert len(recognised.new) == 1


def test_an_empty_document_and_its_refill_resurface_nothing() -> None:
    archive = Archive()
    archive.read(KABUT, BANJIR)

    assert archive.read() == Recognised(new=(), revised=(), listing=())
    refilled = archive.read(KABUT, BANJIR)
    assert (refilled.new, refilled.revised, len(refilled.listing)) == ((), (), 2)


def test_an_entry_without_a_title_is_named_and_one_without_anything_skipped() -> None:
    nameless = replace(KABUT, title="", summary="Kabut asap mulai menipis.")
    nothing = Entry(fingerprint="c0", index=1, guid="g7")

    recognised = Archive().read(nameless, nothing)

    assert titles(recognised.new) == ["Kabut asap mulai menipis."]
    assert [line.fingerprint for line in recognised.listing] == ["a0"]


@pytest.mark.parametrize(
    ("entry", "source", "feed", "language"),
    [("jv", "id", "en", "jv"), (None, "id", "en", "id"), (None, None, "en", "en"), (None, None, None, None)],
    ids=["entry", "source", "feed", "nobody"],
)
def test_the_language_is_the_nearest_ones_word(
    entry: str | None, source: str | None, feed: str | None, language: str | None
) -> None:
    archive = Archive(replace(DUNIA, language=source))

    (headline,) = archive.read(replace(KABUT, language=entry), language=feed).new

    assert headline.language == language
