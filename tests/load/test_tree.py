"""Hostile and broken YAML: hazards S17."""

from time import process_time

import pytest

from aggregator.load.tree import LIMIT_DEPTH, Plain, read_tree


def value(text: str) -> Plain:
    root, faults = read_tree(text)
    assert root is not None
    assert faults == ()
    return root.value


def fault(text: str) -> tuple[int, str]:
    _, faults = read_tree(text)
    [only] = faults
    return only.line, only.text


def test_scalars_stay_the_text_that_was_written() -> None:
    text = 'a: no\nb: 010\nc: 2025-12-29\nd: 1e3\ne: "null"\nf: 1:30\ng: !!int 5\nh: =\n'

    assert value(text) == {
        "a": "no", "b": "010", "c": "2025-12-29", "d": "1e3", "e": "null", "f": "1:30", "g": "5", "h": "=",
    }  # fmt: skip


def test_only_an_unquoted_null_is_nothing() -> None:
    assert value("[~, null, 'null', '', no]") == [None, None, "null", "", "no"]


def test_an_alias_is_what_its_anchor_was() -> None:
    assert value("a: &a {x: [1]}\nb: *a\n") == {"a": {"x": ["1"]}, "b": {"x": ["1"]}}


def test_lines_are_those_of_keys_and_of_list_entries() -> None:
    root, _ = read_tree("# one\na:\n  - x: 1\n    y:\n      long\n  - z\n")
    assert root is not None

    assert root.line_of(["a"]) == 2
    assert root.line_of(["a", 0]) == 3
    assert root.line_of(["a", 0, "y"]) == 4
    assert root.line_of(["a", 1]) == 6
    assert root.line_of(["a", 0, "missing", "deeper"]) == 3


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, 'the file is empty; write at least "sources:" and a source'),
        ("# only a comment\n", 0, "the file is empty"),
        (
            "a: !!python/object/apply:os.system [id]",
            1,
            'the tag "tag:yaml.org,2002:python/object/apply:os.system" is not',
        ),
        ("a: 1\nb: !local x", 2, 'the tag "!local" is not read; write the plain value'),
        ("a: !!binary aGk=", 1, 'the tag "tag:yaml.org,2002:binary" is not read'),
        ("a: 1\nb: 2\na: 3", 3, '"a" is written twice, first in line 1; remove one of them'),
        ("a: 1\n'a': 3", 2, '"a" is written twice'),
        ("a:\n\tb: 1", 2, "a tab before the text; indent with spaces"),
        ("a: 1\nb: 'x\nc: 1\n", 2, "not YAML: while scanning a quoted scalar"),
        ("a: [1,\n 2\n", 1, "not YAML: while parsing a flow sequence"),
        ("a: @x", 1, "look for a missing quote, colon, bracket or indent"),
        ("a: b: c", 1, "not YAML: mapping values are not allowed"),
        ("a: x\0y", 1, 'the character "\\x00" is not allowed; remove it'),
        ("a: 1\nb: \x1b[2J", 2, 'the character "\\x1b" is not allowed; remove it'),
        ("a: 1\n---\nb: 2", 2, "a second YAML document starts; remove its --- line"),
        ("? [a, b]\n: c", 1, "a key that is no text"),
        ("~: c", 1, "a key that is no text"),
        ("a: *b", 1, 'the alias "b" stands for nothing; write its anchor before it'),
        ("a: &a [*a]", 1, 'the alias "a" stands for nothing'),
        ("x: 1\na: " + "[" * 900, 2, f"nested more than {LIMIT_DEPTH} deep"),
        ("[" * 100_000, 1, f"nested more than {LIMIT_DEPTH} deep"),
        ("- " * 50_000, 1, f"nested more than {LIMIT_DEPTH} deep"),
        ("%YAML 3.0\n---\na: 1", 1, "not YAML: found incompatible YAML document"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_each_oddity_is_one_clear_fault(text: str, line: int, said: str) -> None:
    assert fault(text)[0] == line
    assert said in fault(text)[1]


def test_a_billion_laughs_are_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = process_time()

    assert fault("\n".join(lines)) == (6, "the aliases stand for more than 200,000 values; use fewer")
    assert process_time() - started < 1


def test_faults_before_the_text_breaks_off_are_told_too() -> None:
    root, faults = read_tree("a: 1\na: 2\nb: [")

    assert root is None
    assert [found.line for found in faults] == [2, 3]
