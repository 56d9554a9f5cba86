"""`aggregator replay`: recorded headlines through dedupe and merge, without any state."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.headline import Headline
    from aggregator.load.feeds_yaml import FeedsFile

_MOST_CONFIGURATIONS = 2


def replay(
    recording: Annotated[
        str, typer.Argument(metavar="FILE", help='What `aggregator headlines --json` wrote; "-" is standard input.')
    ],
    feeds: Annotated[
        list[Path] | None,
        typer.Option("--feeds", metavar="FILE", help="The configuration; given twice, the present and the new one."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run recorded headlines through dedupe and merge, the earliest published first. No state is read or changed.

    Each line is a JSON object with uri, source, title, link, published and language, in any order. Prints the uri, the
    story (the uri of its first headline) and the topics of each. With two configurations: what each topic gains (+)
    and loses (-). Lines that cannot be read are named and left out; the exit code is then 1.

    **Examples**

    - `aggregator replay day.jsonl`
    - `aggregator replay day.jsonl --feeds feeds.yaml --feeds new.yaml`
    - `aggregator replay - --json < day.jsonl`
    """
    from aggregator.commands.options import read_feeds, read_feeds_at
    from aggregator.load.recording import read_recording

    if feeds is not None and len(feeds) > _MOST_CONFIGURATIONS:
        raise typer.BadParameter("more than two configurations; give the present and the new one", param_hint="--feeds")
    configurations = [read_feeds_at(path) for path in feeds] if feeds else [read_feeds(None)]
    headlines, faults = read_recording(_lines(recording))
    for fault in faults:
        typer.echo(f"{recording}:{fault.line}: {fault.text}", err=True)
    folded = _folded(headlines)
    filed = [_filed(folded, configuration) for configuration in configurations]
    for line in _each(filed[0], json=json) if len(filed) == 1 else _difference(*filed, json=json):
        typer.echo(line)
    if faults:
        raise typer.Exit(1)


def _lines(named: str) -> "Iterable[bytes]":
    if named == "-":
        return typer.get_binary_stream("stdin")
    try:
        return Path(named).open("rb")
    except OSError as error:
        typer.echo(f"{named}: {error.strerror}; name what `aggregator headlines --json` wrote", err=True)
        raise typer.Exit(2) from None


def _folded(headlines: "Iterable[Headline]") -> "list[Headline]":
    """Give each its story. A bridge moves what was folded before."""
    from dataclasses import replace

    from aggregator.dedupe.fold import Window

    window = Window()
    folded: dict[str, Headline] = {}
    members: dict[str, list[str]] = {}
    for headline in headlines:
        fold = window.fold(headline)
        for merge in fold.merges:
            moved = members.pop(merge.younger, [])
            folded.update({id_: replace(folded[id_], story=merge.older) for id_ in moved})
            members.setdefault(merge.older, []).extend(moved)
        folded[headline.id] = fold.headline
        members.setdefault(fold.headline.story, []).append(headline.id)
    return list(folded.values())


def _filed(headlines: "Iterable[Headline]", feeds: "FeedsFile") -> "list[Headline]":
    """Give each its topics. A source that the configuration does not name sends no topic anything by itself.

    What was kept but not told as news is in none.
    """
    from dataclasses import replace

    from aggregator.merge.topics import topics_of
    from aggregator.source import Source

    named = {source.name: source for source in feeds.sources}

    def file(headline: "Headline") -> "Headline":
        if headline.untold:
            return headline
        source = named.get(headline.source) or Source(id=headline.source, name=headline.source, urls=(headline.source,))
        return replace(headline, topics=topics_of(headline, source, feeds.topics))

    return list(map(file, headlines))


def _each(headlines: "Iterable[Headline]", *, json: bool) -> "Iterator[str]":
    for headline in headlines:
        fields = {"uri": headline.id, "story": headline.story, "topics": headline.topics}
        yield _json(fields) if json else _columns(headline.id, headline.story, ",".join(headline.topics))


def _difference(present: "Sequence[Headline]", new: "Sequence[Headline]", *, json: bool) -> "Iterator[str]":
    """Tell topic by topic what it gains and loses, in the order of the headlines."""
    slugs = dict.fromkeys(slug for headline in (*present, *new) for slug in headline.topics)
    for slug in sorted(slugs):
        for before, after in zip(present, new, strict=True):
            change = (slug in after.topics) - (slug in before.topics)
            if change:
                sign = "+" if change > 0 else "-"
                fields = {"topic": slug, "change": sign, "uri": after.id, "title": after.title}
                yield _json(fields) if json else _columns(slug, sign, after.id, after.title)


def _json(fields: object) -> str:
    import orjson

    return orjson.dumps(fields).decode()


def _columns(*texts: str) -> str:
    """Join by tabs what a recording may have filled with anything."""
    from aggregator.monitor.printable import printable

    return "\t".join(map(printable, texts))
