from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.fold import Window
from aggregator.dedupe.identity import lines_of, recognise
from aggregator.dedupe.titles import folded_title, normalised_title
from aggregator.entry import Entry, Origin, Reading
from aggregator.headline import Headline
from aggregator.source import Listed, Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DUNIA = Source(id="https://dunia.example/rss", name="Dunia", urls=("https://dunia.example/rss",))
STREAM = Path("/work/shared/corpus/clickid_stream_sample.tsv")

PIECES = [
    "http://",
    "HTTPS://",
    "www.",
    "amp.",
    "m.",
    "d.example",
    ":80",
    ":8080",
    "@",
    ".",
    "/",
    "/amp",
    ".amp",
    ".html",
]
PIECES += [
    "?",
    "&",
    "=",
    "#",
    "#!",
    "utm_x=1",
    "a=1",
    "A",
    "%",
    "%41",
    "%2f",
    "%C3",
    "é",
    "İ",
    ";",
    "+",
    " ",
    "[",
    "]",
    "\\",
]
URLS = st.text() | st.lists(st.sampled_from(PIECES) | st.characters()).map("".join)
URLS |= st.lists(st.sampled_from(PIECES)).map(lambda pieces: "https://d.example/" + "".join(pieces))

DATES = (
    st.none() | st.datetimes(timezones=st.just(UTC)) | st.integers(-300, 300).map(lambda h: NOW + timedelta(hours=h))
)
TITLES = st.sampled_from(["", "Kabut asap menipis", "KABUT asap: menipis", "Banjir surut di hilir", "?!"]) | st.text()
LINKS = st.none() | st.sampled_from(
    ["https://d.example/a", "http://www.d.example/a/", "https://d.example/b", "https://[x"]
)
ENTRIES = st.builds(
    Entry,
    fingerprint=st.sampled_from([f"{n:016x}" for n in range(12)]),
    index=st.integers(0, 50),
    guid=st.none() | st.sampled_from(["g1", "g2", "g3"]) | st.text(),
    title=TITLES,
    link=LINKS | URLS,
    published_at=DATES,
    updated_at=DATES,
    summary=st.text(max_size=20),
)


def by_fingerprint(entry: Entry) -> str:
    return entry.fingerprint


DOCUMENTS = st.lists(ENTRIES, max_size=8, unique_by=by_fingerprint)


def reading_of(document: list[Entry]) -> Reading:
    return Reading(
        kind="rss20",
        origin=Origin(id=DUNIA.id, title="Dunia"),
        language=None,
        listing=tuple(entry.fingerprint for entry in document),
        entries=tuple(document),
    )


class Archive:
    def __init__(self) -> None:
        self.kept: dict[str, Headline | None] = {}

    def known(self, keys: Iterable[str]) -> Mapping[str, Headline | None]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def keep(self, headlines: Iterable[Headline]) -> None:
        for headline in headlines:
            self.kept.update(dict.fromkeys(headline.keys, headline))


@given(URLS)
def test_canonical_url_is_total_and_idempotent(url: str) -> None:
    once = canonical_url(url)

    assert canonical_url(once) == once


@given(TITLES, st.text())
def test_folding_a_title_is_total_idempotent_and_loses_none(title: str, outlet: str) -> None:
    folded = folded_title(title)

    assert folded_title(folded) == folded
    assert bool(folded) == bool(normalised_title(title, outlet))


@given(DOCUMENTS, st.integers(0, 100))
def test_a_reading_that_comes_again_brings_nothing_new(document: list[Entry], later: int) -> None:
    archive, reading = Archive(), reading_of(document)
    first = recognise(lines_of(reading, DUNIA), reading, DUNIA, (), known=archive.known, now=NOW)
    archive.keep(first.new)

    second = recognise(
        lines_of(reading, DUNIA), reading, DUNIA, (), known=archive.known, now=NOW + timedelta(minutes=later)
    )

    assert (second.new, second.revised) == ((), ())
    assert second.listing == first.listing
    assert not first.revised


@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_ids_are_unique_and_every_listed_line_is_a_headlines(documents: list[list[Entry]]) -> None:
    archive, listing, accepted = Archive(), tuple[Listed, ...](), dict[str, Headline]()
    for poll, document in enumerate(documents):
        listed = {line.fingerprint for line in listing}
        reading = reading_of(document)
        reading = replace(reading, entries=tuple(entry for entry in document if entry.fingerprint not in listed))
        recognised = recognise(
            lines_of(reading, DUNIA), reading, DUNIA, listing, known=archive.known, now=NOW + timedelta(hours=poll)
        )
        archive.keep((*recognised.new, *recognised.revised))
        listing = recognised.listing

        fresh = {headline.id for headline in recognised.new}
        assert len(fresh) == len(recognised.new)
        assert fresh.isdisjoint(accepted)
        assert {headline.id for headline in recognised.revised} <= accepted.keys()
        accepted.update({headline.id: headline for headline in recognised.new})
        assert {line.headline for line in listing} <= accepted.keys()
        assert all(headline.title for headline in recognised.new)


@given(DOCUMENTS)
def test_what_left_the_window_never_comes_back(document: list[Entry]) -> None:
    archive, reading = Archive(), reading_of(document)
    archive.keep(recognise(lines_of(reading, DUNIA), reading, DUNIA, (), known=archive.known, now=NOW).new)
    archive.kept = dict.fromkeys(archive.kept)

    recognised = recognise(
        lines_of(reading, DUNIA), reading, DUNIA, (), known=archive.known, now=NOW + timedelta(days=40)
    )

    assert recognised.new == ()


WORDS = [
    "kabut",
    "asap",
    "menipis",
    "riau",
    "banjir",
    "surut",
    "hilir",
    "10",
    "11",
    "2026",
    "Ölpreis",
    "東京大雪",
    "ไทยน้ำท่วม",
]
HEADINGS = TITLES.filter(bool) | st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)


@st.composite
def headlines(draw: st.DrawFn, days: int = 12) -> list[Headline]:
    """Headlines in the order they are accepted, spread over some days."""
    reading = reading_of([Entry(fingerprint="0", index=0, title="Kabut")])
    (kept,) = recognise(lines_of(reading, DUNIA), reading, DUNIA, (), known=lambda _: {}, now=NOW).new
    return [
        replace(
            kept,
            id=f"{n}",
            story=f"{n}",
            source=draw(st.sampled_from(["dunia", "warta", "kabar"])),
            title=draw(HEADINGS),
            summary=draw(st.sampled_from(["", "tanggul jebol di demak"])),
            language=draw(st.sampled_from([None, "id", "id-ID", "de"])),
            url=draw(LINKS),
            published_at=NOW + timedelta(hours=draw(st.integers(0, 24 * days))),
        )
        for n in range(draw(st.integers(0, 16)))
    ]


def fold_all(window: Window, lines: Iterable[Headline], kept: dict[str, Headline]) -> None:
    """Fold headlines; keep what a store would: each in its story, with those that moved."""
    for line in lines:
        fold = window.fold(line)
        kept[line.id] = fold.headline
        for merge in fold.merges:
            for moved in [each for each in kept.values() if each.story == merge.younger]:
                kept[moved.id] = replace(moved, story=merge.older, joined=moved.joined or merge.joined)


def remembered(window: Window) -> tuple[list[Any], dict[str, list[str]]]:
    """Give all that decides a fold: the headlines, and in which stories each stem stands."""
    rows, (_, stories, drawn) = window.sketch()
    return sorted(rows), {stem: sorted(stories[int(n)] for n in numbers.split()) for stem, numbers in drawn.items()}


@given(headlines(days=7))
def test_folding_the_same_headlines_twice_changes_nothing_and_loses_none(lines: list[Headline]) -> None:
    window, kept = Window(), dict[str, Headline]()
    fold_all(window, lines, kept)
    before, again = remembered(window), dict[str, Headline]()
    fold_all(window, lines, again)
    fold_all(window, kept.values(), again)

    assert remembered(window) == before
    assert again == kept
    assert [replace(kept[line.id], story=line.id, joined=None) for line in lines] == lines
    assert all(kept[line.story].story == line.story for line in kept.values())
    assert all((line.story == line.id) == (line.joined is None) for line in kept.values())


@given(headlines(), st.integers(0, 16), st.integers(0, 16), st.randoms(use_true_random=False))
def test_stories_are_the_same_however_the_headlines_are_cut_and_the_window_is_made_anew(
    lines: list[Headline], first: int, second: int, lots: Random
) -> None:
    whole, kept = Window(), dict[str, Headline]()
    fold_all(whole, lines, kept)

    window, after = Window(), dict[str, Headline]()
    fold_all(window, lines[:first], after)
    again = Window()
    for line in lots.sample(list(after.values()), len(after)):  # a store gives them in no order
        again.remember(line)
    assert remembered(again) == remembered(window)
    fold_all(again, lines[first : first + second], after)
    sketch = orjson.loads(orjson.dumps(again.sketch()))
    recalled = Window.of(sketch)
    assert remembered(recalled) == remembered(again)
    fold_all(recalled, lines[first + second :], after)

    assert after == kept
    assert remembered(recalled) == remembered(whole)


@given(headlines(), st.sampled_from(["Kabut asap menipis", "banjir surut hilir riau"]), st.integers(0, 15))
def test_a_revision_and_an_archived_headline_leave_the_window_as_if_it_had_been_filled_anew(
    lines: list[Headline], title: str, place: int
) -> None:
    window, kept = Window(), dict[str, Headline]()
    fold_all(window, lines, kept)
    for line in lines[place : place + 1]:
        kept[line.id] = replace(kept[line.id], title=title)
        window.remember(kept[line.id])
    for line in lines[place + 1 : place + 2]:
        del kept[line.id]
        window.forget([line.id])
    again = Window()
    for line in kept.values():
        again.remember(line)

    # what was archived may have been the latest of all: filled anew, the window reaches further back then
    latest = max((line.published_at for line in lines), default=NOW)
    assume(any(line.published_at == latest for line in kept.values()) or not kept)
    assert remembered(window) == remembered(again)


@pytest.mark.skipif(not STREAM.is_file(), reason="the corpus is not here")
def test_a_real_day_of_headlines_stays_apart_where_it_should() -> None:
    rows = [line.split("\t") for line in STREAM.read_text(encoding="utf-8").splitlines()[1:]]
    titles, urls = [row[0] for row in rows], [row[6] for row in rows]

    # As many pages as there are addresses, but for their twins; as many titles, but for their spelling.
    assert len(rows) > 3000
    assert len(set(map(canonical_url, urls))) > 0.99 * len(set(urls))
    assert len(set(map(normalised_title, titles))) > 0.99 * len({title.casefold() for title in titles})
