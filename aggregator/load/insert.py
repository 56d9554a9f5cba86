"""The text of feeds.yaml, and entries for its lists → the text that has them; every byte that was there stays.

No writer of YAML goes over what a person wrote: ruamel.yaml puts the comment above `topics:` between the last source
and a new one, and moves comments that were aligned (docs/decisions/0030).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import yaml

from aggregator.load.tree import Plain

BEGINNING: Final = """\
# What is polled, and what is published. Every key, with its default and its bounds: docs/feeds.yaml.md
# After an edit, `aggregator check` names each fault with its line.

"""
"""What a new file begins with."""

# As in tree.py: libyaml's where PyYAML was built with it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENDLESS: Final = 1_000_000_000


def write_entry(keys: Mapping[str, Plain]) -> str:
    """Write a source or a topic on one line: `{name: Antara, url: 'https://…'}`."""
    written: str = yaml.safe_dump(
        dict(keys), default_flow_style=True, sort_keys=False, allow_unicode=True, width=_ENDLESS
    )
    return written.strip()


def insert(text: str, key: str, entries: Sequence[str]) -> str:
    """Put entries at the end of a list.

    Args:
        text: A file that load/ can read, or "".
        key: Of the list, at the top of the file; it is added where it is missing.
        entries: As `write_entry` writes them.

    Returns:
        In a layout that is rare enough, it may be another file than was meant: rewrite.py compares.

    Raises:
        YAMLError: The text is none.
    """
    if not entries:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=_LOADER)
    if not isinstance(root, yaml.MappingNode):
        return f"{text or BEGINNING}{_block(key, entries, end)}"
    listed = next((pair for pair in root.value if pair[0].value == key), None)
    if listed is None:
        return _with_key(text, root, key, entries, end)
    named, value = listed
    if not isinstance(value, yaml.SequenceNode):  # "topics:" and nothing after it
        return _after_line(text, _end(named), [f"{' ' * root.start_mark.column}  - {entry}" for entry in entries], end)
    if value.flow_style:
        return _in_brackets(text, value, entries, end)
    dash = text.rindex("-", 0, value.value[0].start_mark.index)
    indent = " " * (dash - text.rfind("\n", 0, dash) - 1)
    return _after_line(text, _end(value), [f"{indent}- {entry}" for entry in entries], end)


def _block(key: str, entries: Sequence[str], end: str) -> str:
    return "".join([f"{key}:{end}", *(f"  - {entry}{end}" for entry in entries)])


def _with_key(text: str, root: yaml.MappingNode, key: str, entries: Sequence[str], end: str) -> str:
    if root.flow_style:
        at = _end(root.value[-1][1])
        return f'{text[:at]}, "{key}": [{", ".join(entries)}]{text[at:]}'
    gap = end if text.endswith("\n") else end * 2
    return f"{text}{gap}{_block(key, entries, end)}"


def _in_brackets(text: str, value: yaml.SequenceNode, entries: Sequence[str], end: str) -> str:
    if not value.value:
        at = value.end_mark.index - 1
        return f"{text[:at]}{', '.join(entries)}{text[at:]}"
    last = value.value[-1]
    own_line = last.start_mark.line != value.start_mark.line
    gap = f",{end}{' ' * last.start_mark.column}" if own_line else ", "
    at = _end(last)
    return f"{text[:at]}{''.join(gap + entry for entry in entries)}{text[at:]}"


def _after_line(text: str, at: int, lines: Sequence[str], end: str) -> str:
    """Put lines below the one that `at` is in, whose comment may go on after it."""
    if not (at and text[at - 1] == "\n"):  # a block scalar ends where the next line begins
        at = text.find("\n", at) + 1 or len(text)
    before = text[:at] if text[:at].endswith("\n") else text[:at] + end
    return before + "".join(line + end for line in lines) + text[at:]


def _end(node: yaml.Node) -> int:
    """Find where the last character of a value stands; a block's own mark is behind the comments that follow it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    inside = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    return max(map(_end, inside))
