"""The text of a YAML file → plain values that know their lines.

It is built from the parser's events and not from its nodes: scalars stay the text that was written (a source of
language `no` is Norwegian), every fault is found in one pass, and depth and aliases are bounded while they are read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import yaml

from aggregator.errors import Fault
from aggregator.load.wording import quoted

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"

LIMIT_DEPTH: Final = 20
LIMIT_COPIES: Final = 200_000
"""Values that all aliases together may stand for: a "billion laughs" file is refused, and quickly."""

# libyaml's parser where PyYAML was built with it: ten times as fast.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final = ("null", "bool", "int", "float", "str", "seq", "map")  # YAML 1.2 §10.3
_TAGS: Final = frozenset({"!", *(f"tag:yaml.org,2002:{name}" for name in _CORE)})
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_NOT_YAML: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2 §5.1
_TOO_DEEP: Final = f"nested more than {LIMIT_DEPTH} deep; write fewer brackets or indents"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file.

    Attributes:
        line: Counted from 1: of its key, or of its place in a list.
        value: As written, without lines. None: nothing was written, or `null`.
        inside: What a mapping or a list holds, by key or index.
        size: The values in it, itself counted, and each alias as large as what it stands for.
    """

    line: int
    value: Plain
    inside: Mapping[str | int, "Node"] = field(default_factory=dict)
    size: int = 1

    def line_of(self, path: Iterable[str | int]) -> int:
        """Give the line of what `path` leads to; where the path breaks off, of the last thing on it."""
        node = self
        for step in path:
            if step not in node.inside:
                break
            node = node.inside[step]
        return node.line


def read_tree(text: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """Read one YAML document.

    Returns:
        Its root, and what is wrong with it as YAML. The root is None where the text cannot be read to its end.
    """
    if strange := _NOT_YAML.search(text):
        line = len(text[: strange.start() + 1].splitlines())
        return None, (Fault(line=line, text=f"the character {quoted(strange[0])} is not allowed; remove it"),)
    reader = _Reader(yaml.parse(text, Loader=_LOADER))
    try:
        root = reader.document()
    except _UnreadableError as error:
        return None, (*reader.faults, error.fault)
    except yaml.MarkedYAMLError as error:
        return None, (*reader.faults, _syntax_fault(error, text.splitlines()))
    return root, tuple(reader.faults)


class _UnreadableError(Exception):
    """There is no use in reading on."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.fault = Fault(line=line, text=text)


class _Reader:
    """Reads one document from the parser's events; recursive, no deeper than LIMIT_DEPTH."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.faults: list[Fault] = []
        self._events = events
        self._anchors: dict[str | None, Node] = {}
        self._copies = 0

    def document(self) -> Node:
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise _UnreadableError(0, 'the file is empty; write at least "sources:" and a source')
        root = self._node(next(self._events), depth=0)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _UnreadableError(_line(after), "a second YAML document starts; remove its --- line")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > LIMIT_DEPTH:
            raise _UnreadableError(_line(event), _TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        match event:
            case yaml.MappingStartEvent():
                node = self._mapping(event, depth)
            case yaml.SequenceStartEvent():
                node = self._list(event, depth)
            case yaml.ScalarEvent():
                node = self._scalar(event)
            case _:
                raise AssertionError(event)  # the parser gives no other event where a value may stand
        if event.tag is not None and event.tag not in _TAGS:
            self._fault(event, f"the tag {quoted(event.tag)} is not read; write the plain value")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _mapping(self, start: yaml.Event, depth: int) -> Node:
        plain: dict[str, Plain] = {}
        inside: dict[str | int, Node] = {}
        size = 1
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1).value
            value = self._node(next(self._events), depth + 1)
            size += value.size
            if not isinstance(key, str):
                self._fault(event, "a key that is no text; write a word before the colon")
            elif key in plain:
                first = inside[key].line
                self._fault(event, f"{quoted(key)} is written twice, first in line {first}; remove one of them")
            else:
                plain[key] = value.value
                inside[key] = Node(_line(event), value.value, value.inside, value.size)
        return Node(_line(start), plain, inside, size)

    def _list(self, start: yaml.Event, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            items.append(Node(_line(event), item.value, item.inside, item.size))
        inside = dict[str | int, Node](enumerate(items))
        return Node(_line(start), [item.value for item in items], inside, 1 + sum(item.size for item in items))

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        # Neither quotes nor a tag: only so does `null` mean that nothing was written.
        if event.implicit[0] and event.value in _NULLS:
            return Node(_line(event), None)
        if not event.value.isascii() and _SURROGATE.search(event.value):  # libyaml refuses "\ud800" itself
            raise _UnreadableError(_line(event), f"{quoted(event.value)} holds half a character; remove it")
        return Node(_line(event), event.value)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        # An anchor counts as written once its value has ended, so that no value can hold itself.
        target = self._anchors.get(event.anchor)
        if target is None:
            raise _UnreadableError(
                _line(event), f"the alias {quoted(event.anchor or '')} stands for nothing; write its anchor before it"
            )
        self._copies += target.size
        if self._copies > LIMIT_COPIES:
            raise _UnreadableError(_line(event), f"the aliases stand for more than {LIMIT_COPIES:,} values; use fewer")
        return target

    def _fault(self, event: yaml.Event, text: str) -> None:
        self.faults.append(Fault(line=_line(event), text=text))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _syntax_fault(error: yaml.MarkedYAMLError, lines: list[str]) -> Fault:
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
    # What is never closed is noticed at the end of the file: its beginning is the place to look at.
    line = next((mark.line + 1 for mark in marks if mark.line < len(lines)), len(lines))
    written = lines[line - 1]
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return Fault(line=line, text="a tab before the text; indent with spaces")
    if "nesting depth" in (error.problem or ""):  # libyaml reads a line ahead of its events, and has a limit of its own
        return Fault(line=line, text=_TOO_DEEP)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return Fault(line=line, text=f"not YAML: {said}; look for a missing quote, colon, bracket or indent")
