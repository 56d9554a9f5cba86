"""The keys of feeds.yaml → docs/feeds.yaml.md.

Written anew by `python -m aggregator.load.describe > docs/feeds.yaml.md`; a test compares.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from inspect import cleandoc
from typing import Final, get_args
from zoneinfo import ZoneInfo

from pydantic.fields import FieldInfo

from aggregator.load.durations import write_duration
from aggregator.load.keys import SECTIONS, Asked, Keys, Listed, Written

_HEAD: Final = """\
# feeds.yaml

One file says what is polled and what is published. Only `name` and `url` of a source are required.
It is checked as a whole before the first poll: every fault is told at once, with its line and what to write instead.
A key that is not listed here is a fault, and so is a key written twice. A key with nothing after it counts as not
written.

- A **duration** is a whole number and a unit: `30s`, `15m`, `4h`, `30d`.
- A **slug** is the name of a topic in paths. `status`, `feeds`, `sources`, `events`, `metrics`, `healthz`, `story` and
  `index` are pages of ours.
- Where a list is wanted, one value may stand alone: `topics: politik`.
- Text with `: ` or ` #` in it, or beginning with one of ``@ ` % & * ! | > [ ] { } ' "``, goes in quotes.
- At most 32 MiB, UTF-8. YAML anchors and aliases are read; merge keys (`<<`) and tags are not.
"""


def describe() -> str:
    """Write the page, in Markdown."""
    return "\n".join([_HEAD, *(_section(name, keys) for name, keys in SECTIONS.items())])


def _section(name: str, keys: type[Keys]) -> str:
    return "\n".join([f"## `{name}`", "", *_paragraphs(keys), *_table(keys), ""])


def _paragraphs(keys: type[Keys]) -> Iterator[str]:
    for paragraph in cleandoc(keys.__doc__ or "").split("\n\n"):
        yield paragraph
        yield ""


def _table(keys: type[Keys]) -> Iterator[str]:
    yield "| key | value | default | bounds | |"
    yield "|---|---|---|---|---|"
    for name, field in keys.model_fields.items():
        words = next(_words(field))
        cells = (f"`{field.alias or name}`", words.kind, _default(field), words.bounds, field.description or "")
        yield f"| {' | '.join(cells)} |"


def _words(field: FieldInfo) -> Iterator[Written | Asked | Listed]:
    """Give what says how the field is written, the outermost first: it may stand inside of a `| None`."""
    inner = (mark for part in get_args(field.annotation) for mark in getattr(part, "__metadata__", ()))
    yield from (mark for mark in (*field.metadata, *inner) if isinstance(mark, Written | Asked | Listed))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    match field.default:
        case None | () | [] | {}:
            return ""
        case timedelta() as duration:
            return f"`{write_duration(duration)}`"
        case ZoneInfo(key=key):
            return f"`{key}`"
        case other:
            return f"`{other}`"


if __name__ == "__main__":
    sys.stdout.write(describe())
