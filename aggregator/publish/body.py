"""Item → what is read below its title: the summary, who else tells the story, and what its title was before."""

from collections.abc import Iterator
from html import escape

from aggregator.publish.item import Item, Telling
from aggregator.publish.words import Words


def html_body(item: Item, ours: Words) -> str:
    """Write it in HTML: paragraphs and links, nothing else; the title, where there is nothing to say below it.

    Args:
        item: Whose text is plain, and is escaped here.
        ours: In the item's language.
    """
    also = ", ".join(_linked(label, telling) for label, telling in _others(item))
    was = _safe(_was(item))
    lines = [_safe(item.summary), also and f"{_safe(ours.also)}: {also}", was and f"{_safe(ours.was)}: {was}"]
    return "\n".join(f"<p>{line}</p>" for line in filter(None, lines)) or f"<p>{_safe(item.title)}</p>"


def text_body(item: Item, ours: Words) -> str:
    """Write the same in plain text, without the links; the title, where there is nothing else."""
    also = ", ".join(label for label, _ in _others(item))
    was = _was(item)
    lines = [item.summary, also and f"{ours.also}: {also}", was and f"{ours.was}: {was}"]
    return "\n".join(filter(None, lines)) or item.title


def _others(item: Item) -> Iterator[tuple[str, Telling]]:
    """Give what is not the lead by its outlet's name; by its title, where that outlet has been named already."""
    named = {item.tellings[0].outlet}
    for telling in item.tellings[1:]:
        yield (telling.title if telling.outlet in named else telling.outlet), telling
        named.add(telling.outlet)


def _linked(label: str, telling: Telling) -> str:
    return f'<a href="{escape(telling.url)}">{_safe(label)}</a>' if telling.url else _safe(label)


def _safe(text: str) -> str:
    return escape(text, quote=False)


def _was(item: Item) -> str:
    return " · ".join(earlier.title for earlier in item.tellings[0].was)
