from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.fold import MOST_HEADLINES, Window
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


@st.composite
def headlines(draw: st.DrawFn) -> list[Headline]:
    reading = reading_of([Entry(fingerprint="0", index=0, title="Kabut")])
    (kept,) = recognise(lines_of(reading, DUNIA), reading, DUNIA, (), known=lambda _: {}, now=NOW).new
    return [
        replace(
            kept,
            id=f"{n}",
            story=f"{n}",
            source=draw(st.sampled_from(["dunia", "warta", "kabar"])),
            title=draw(TITLES.filter(bool)),
            url=draw(LINKS),
            published_at=NOW + timedelta(hours=draw(st.integers(-300, 300))),
        )
        for n in range(draw(st.integers(0, 12)))
    ]


@given(headlines())
def test_folding_the_same_headlines_twice_changes_nothing_and_loses_none(lines: list[Headline]) -> None:
    window = Window()
    once = [window.fold(line) for line in lines]

    assert [window.fold(line) for line in lines] == once
    assert [window.fold(line) for line in once] == once
    assert [replace(line, story=line.id) for line in once] == lines
    assert {line.story for line in once} <= {line.id for line in lines}


@given(headlines())
def test_a_window_that_is_filled_again_from_state_folds_as_before(lines: list[Headline]) -> None:
    window, again = Window(), Window()
    kept = [window.fold(line) for line in lines[:-1]]
    for line in kept:
        again.remember(line)

    assert [window.fold(line) for line in lines[-1:]] == [again.fold(line) for line in lines[-1:]]


@pytest.mark.skipif(not STREAM.is_file(), reason="the corpus is not here")
def test_a_real_day_of_headlines_stays_apart_where_it_should() -> None:
    rows = [line.split("\t") for line in STREAM.read_text(encoding="utf-8").splitlines()[1:]]
    titles, urls = [row[0] for row in rows], [row[6] for row in rows]

    # As many pages as there are addresses, but for their twins; as many titles, but for their spelling.
    assert len(rows) > 3000
    assert len(set(map(canonical_url, urls))) > 0.99 * len(set(urls))
    assert len(set(map(normalised_title, titles))) > 0.99 * len({title.casefold() for title in titles})


def test_the_window_is_bounded_by_what_it_may_forget() -> None:
    reading = reading_of([Entry(fingerprint="0", index=0, title="Kabut asap menipis")])
    (kept,) = recognise(lines_of(reading, DUNIA), reading, DUNIA, (), known=lambda _: {}, now=NOW).new
    window = Window()
    for n in range(2 * MOST_HEADLINES):
        window.fold(replace(kept, id=f"{n}", story=f"{n}", source=f"{n}"))

    window.forget(NOW + timedelta(days=1))

    assert window.fold(replace(kept, id="x", story="x")).story == "x"
