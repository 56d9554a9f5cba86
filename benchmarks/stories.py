"""Folding headlines into stories: how well, how fast, in how much memory.

    python -m benchmarks.stories FILE.tsv            against gold stories: uri, lang, published_at, cluster_id, title
    python -m benchmarks.stories FILE.tsv --shake    the same with each constant a tenth smaller and larger
    python -m benchmarks.stories FILE.tsv --read     prints the largest stories, and joinings drawn by lot, to be read

Without gold (title, source, time_raw, url, date_from_url) a file is only read: one feed a source. With gold, every
headline is another outlet's: nobody says whose it is.
"""

import argparse
import csv
import random
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aggregator.dedupe import fold, similar
from aggregator.dedupe.fold import Window
from aggregator.dedupe.titles import folded_title
from aggregator.entry import Origin
from aggregator.headline import Headline

TIMED: Final = 5_000
NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
WESTERN: Final = ZoneInfo("Asia/Jakarta")
SHAKEN: Final[Sequence[tuple[ModuleType, str]]] = (
    (similar, "_NEEDED"),
    (similar, "_IMAGINED"),
    (similar, "_HALF_LIFE_SECONDS"),
    (similar, "_OTHER_NUMBER"),
    (similar, "_ONE_NAME"),
    (similar, "_MOST_LOOKED_AT"),
    (similar, "REACH_SECONDS"),
    (fold, "_BRIDGE"),
)

Stories = dict[str, str]
"""Headline id → story id."""


class Score(NamedTuple):
    """Precision and recall, each 0.0 to 1.0."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def headline(id_: str, source: str, title: str, at: datetime, language: str | None = None) -> Headline:
    """Make one of which nothing else is known."""
    return Headline(
        id=id_,
        source=source,
        keys=(),
        story=id_,
        topics=(),
        guid=None,
        url=None,
        title=title,
        summary="",
        authors=(),
        categories=(),
        language=language,
        enclosures=(),
        origin=Origin(id=source, title=""),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def with_gold(rows: Iterable[Mapping[str, str]]) -> list[Headline]:
    """Read headlines that have gold stories; each from a source of its own."""
    return [
        headline(
            row["uri"],
            row["uri"],
            row["title"],
            datetime.fromisoformat(row["published_at"]).replace(tzinfo=UTC),
            row["lang"],
        )
        for row in rows
    ]


def of_feeds(rows: Iterable[Mapping[str, str]]) -> list[Headline]:
    """Read headlines of several feeds: the day in the URL is the truth, the hour is printed."""
    return [
        replace_url(
            headline(
                f"{number:06d}",
                row["source"],
                row["title"],
                datetime.fromisoformat(f"{row['date_from_url']} {row['time_raw'][:5]}").replace(tzinfo=WESTERN),
            ),
            row["url"],
        )
        for number, row in enumerate(rows)
    ]


def replace_url(plain: Headline, url: str) -> Headline:
    return Headline(**{name: getattr(plain, name) for name in plain.__slots__} | {"url": url})


def in_order(headlines: Iterable[Headline]) -> list[Headline]:
    return sorted(headlines, key=lambda line: (line.published_at, line.id))


def folded(headlines: Iterable[Headline]) -> tuple[Stories, list[Headline]]:
    """Fold everything.

    Returns:
        What story each is in at last, and the headlines as they joined.
    """
    window, stories, told = Window(), dict[str, str](), []
    for line in in_order(headlines):
        result = window.fold(line)
        stories[line.id] = result.headline.story
        told.append(result.headline)
        for merge in result.merges:
            stories.update({id_: merge.older for id_, story in stories.items() if story == merge.younger})
    return stories, told


def bcubed(found: Sequence[str], gold: Sequence[str]) -> Score:
    """For a headline: how much of its story is its gold story's, and the other way round; the mean of all."""
    stories, golds, both = Counter(found), Counter(gold), Counter(zip(found, gold, strict=True))
    pairs = list(zip(found, gold, strict=True))
    precision = sum(both[pair] / stories[pair[0]] for pair in pairs)
    recall = sum(both[pair] / golds[pair[1]] for pair in pairs)
    return Score(precision / len(pairs), recall / len(pairs))


def pairwise(found: Sequence[str], gold: Sequence[str]) -> Score:
    """Of the pairs that are in one story: how many are in one gold story, and the other way round."""
    stories, golds, both = (
        sum(count * (count - 1) // 2 for count in Counter(names).values())
        for names in (found, gold, zip(found, gold, strict=True))
    )
    return Score(both / max(1, stories), both / max(1, golds))


def scores(rows: Sequence[Mapping[str, str]], stories: Stories) -> dict[str, tuple[Score, Score]]:
    """Give each language's pair and BCubed scores."""
    by_language = defaultdict(list)
    for row in rows:
        by_language[row["lang"]].append((stories[row["uri"]], row["cluster_id"]))
    found = {language: tuple(zip(*pairs, strict=True)) for language, pairs in sorted(by_language.items())}
    return {language: (pairwise(*pair), bcubed(*pair)) for language, pair in found.items()}


def mean(values: Iterable[Score]) -> tuple[float, float, float]:
    """Average precision, recall and F1 over languages."""
    every = list(values)
    precision, recall, f1 = (
        sum(numbers) / len(every) for numbers in zip(*((*score, score.f1) for score in every), strict=True)
    )
    return precision, recall, f1


def print_scores(rows: Sequence[Mapping[str, str]], stories: Stories) -> None:
    print("| language | pair P | pair R | pair F1 | BCubed P | BCubed R | BCubed F1 |")
    print("|---|---|---|---|---|---|---|")
    measured = scores(rows, stories)
    for language, both in measured.items():
        print(f"| {language} | " + " | ".join(f"{n:.3f}" for score in both for n in (*score, score.f1)) + " |")
    means = (*mean(pair for pair, _ in measured.values()), *mean(cubed for _, cubed in measured.values()))
    print("| mean | " + " | ".join(f"{number:.3f}" for number in means) + " |")


def print_shaken(rows: Sequence[Mapping[str, str]]) -> None:
    headlines = with_gold(rows)
    print("| constant | × 0.9: mean BCubed P, F1 | × 1.1: mean BCubed P, F1 |")
    print("|---|---|---|")
    for module, name in SHAKEN:
        value, cells = getattr(module, name), []
        for factor in (0.9, 1.1):
            setattr(module, name, type(value)(value * factor))
            precision, _, f1 = mean(cubed for _, cubed in scores(rows, folded(headlines)[0]).values())
            cells.append(f"{precision:.3f}, {f1:.3f}")
        setattr(module, name, value)
        print(f"| {name} = {value} | {cells[0]} | {cells[1]} |")


def stream(titles: Sequence[str], size: int, seed: int = 4) -> Iterator[Headline]:
    """Make headlines without end: some tell again what was told, in other words; most are words drawn by lot.

    Four days hold as many as the window's size. Words are as frequent as in the titles given.
    """
    lots = random.Random(seed)
    words = [word for title in titles for word in folded_title(title).split()]
    told: list[list[str]] = [lots.choices(words, k=10)]
    for number in range(10**9):
        if lots.random() < 0.3:
            title = [word for word in lots.choice(told[-2_000:]) if lots.random() < 0.8] + lots.choices(words, k=2)
        else:
            title = lots.choices(words, k=10)
        told.append(title)
        at = NOW + timedelta(seconds=number * similar.REACH_SECONDS / size)
        yield headline(f"{number:09d}", f"source {lots.randrange(300)}", " ".join(title), at)


def print_cost(titles: Sequence[str], size: int) -> None:
    lines = stream(titles, size)
    tracemalloc.start()
    window = Window()
    for line in islice(lines, size):
        window.fold(line)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    timed = list(islice(lines, TIMED))
    started = time.process_time()
    joined = sum(window.fold(line).headline.joined is not None for line in timed)
    seconds = time.process_time() - started
    print(f"against a window of {size:,}: {TIMED / seconds:,.0f} headlines/s, {1_000 * seconds / TIMED:.3f} ms each")
    print(f"({joined / TIMED:.0%} of them join a story); the window takes {used / 2**20:.0f} MiB")


def print_to_read(headlines: Sequence[Headline], *, largest: int = 30, drawn: int = 100) -> None:
    """Print stories and joinings for a reader to judge: beside each, the title in its story that is most like it."""
    stories, told = folded(headlines)
    members = defaultdict(list)
    for line in in_order(headlines):
        members[stories[line.id]].append(line)
    several = sorted((lines for lines in members.values() if len(lines) > 1), key=len, reverse=True)
    print(f"{len(headlines)} headlines, {len(members)} stories, {len(several)} of several headlines")
    for lines in several[:largest]:
        print(f"\n{len(lines)} headlines")
        for line in lines:
            print(f"  {line.published_at:%d %H:%M} {line.source:14.14s} {line.title}")
    joined = [line for line in told if line.joined is not None]
    for line in random.Random(1).sample(joined, min(drawn, len(joined))):
        others = (each for each in members[stories[line.id]] if each.id != line.id)
        before = [each for each in others if each.published_at <= line.published_at]
        near = max(before, key=partial(words_in_common, line), default=line)
        print(f"\n{line.joined}\n  {line.source:14.14s} {line.title}\n  {near.source:14.14s} {near.title}")


def words_in_common(line: Headline, other: Headline) -> int:
    return len(set(folded_title(line.title).split()).intersection(folded_title(other.title).split()))


def main() -> None:
    arguments = argparse.ArgumentParser(description="How well and how fast headlines are folded into stories.")
    arguments.add_argument("file", type=Path, metavar="FILE.tsv")
    arguments.add_argument("--read", action="store_true", help="print stories and joinings, to be read")
    arguments.add_argument("--shake", action="store_true", help="change each constant by a tenth")
    arguments.add_argument("--window", type=int, default=20_000, help="headlines against which folding is timed")
    given = arguments.parse_args()
    rows = rows_of(given.file)
    has_gold = "cluster_id" in rows[0]
    headlines = with_gold(rows) if has_gold else of_feeds(rows)
    if has_gold:
        print_scores(rows, folded(headlines)[0])
    if has_gold and given.shake:
        print_shaken(rows)
    if given.read:
        print_to_read(headlines)
    print_cost([line.title for line in headlines], given.window)


if __name__ == "__main__":
    main()
