import pytest
import yaml

from aggregator.load.insert import BEGINNING, insert, write_entry

NEW = ["{name: Baru}", "{name: Lagi}"]

BLOCK = """\
# head
sources:
  - name: A     # first
    url: https://a.example/
    topics: [ x,y ]
  - {name: 'B', url: "https://b.example/"}   # the last

# Topics of ours
topics:
  - slug: x
"""
BLOCK_AFTER = """\
# head
sources:
  - name: A     # first
    url: https://a.example/
    topics: [ x,y ]
  - {name: 'B', url: "https://b.example/"}   # the last
  - {name: Baru}
  - {name: Lagi}

# Topics of ours
topics:
  - slug: x
"""


def test_new_entries_follow_the_last_and_every_byte_that_was_there_stays() -> None:
    assert insert(BLOCK, "sources", NEW) == BLOCK_AFTER


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sources:\n- a: 1\n", "sources:\n- a: 1\n- {name: Baru}\n- {name: Lagi}\n"),
        ("sources:\n- a: 1", "sources:\n- a: 1\n- {name: Baru}\n- {name: Lagi}\n"),
        ("sources:\r\n- a: 1\r\nb: 2\r\n", "sources:\r\n- a: 1\r\n- {name: Baru}\r\n- {name: Lagi}\r\nb: 2\r\n"),
        ("sources:\n- a:\nb: 2\n", "sources:\n- a:\n- {name: Baru}\n- {name: Lagi}\nb: 2\n"),
        ("sources:\n- - x # y\n# z\nb: 2\n", "sources:\n- - x # y\n- {name: Baru}\n- {name: Lagi}\n# z\nb: 2\n"),
        (
            "sources:\n- a: |\n   x\n   y\nb: 2\n",
            "sources:\n- a: |\n   x\n   y\n- {name: Baru}\n- {name: Lagi}\nb: 2\n",
        ),
        ("sources:\n- a: >-\n   x\n\n\nb: 2\n", "sources:\n- a: >-\n   x\n\n\n- {name: Baru}\n- {name: Lagi}\nb: 2\n"),
        ("sources:\n- a: x\n   y\nb: 2\n", "sources:\n- a: x\n   y\n- {name: Baru}\n- {name: Lagi}\nb: 2\n"),
        ("sources: [a, b] # c\n", "sources: [a, b, {name: Baru}, {name: Lagi}] # c\n"),
        ("sources: [a, b,]\n", "sources: [a, b, {name: Baru}, {name: Lagi},]\n"),
        ("sources: [ ]\n", "sources: [ {name: Baru}, {name: Lagi}]\n"),
        ("sources: [\n  a, # b\n]\n", "sources: [\n  a,\n  {name: Baru},\n  {name: Lagi}, # b\n]\n"),
        ("sources:   # none yet\nb: 2\n", "sources:   # none yet\n  - {name: Baru}\n  - {name: Lagi}\nb: 2\n"),
        ("b: 2\n", "b: 2\n\nsources:\n  - {name: Baru}\n  - {name: Lagi}\n"),
        ("b: 2", "b: 2\n\nsources:\n  - {name: Baru}\n  - {name: Lagi}\n"),
        ("{b: 2}\n", '{b: 2, "sources": [{name: Baru}, {name: Lagi}]}\n'),
        ("", BEGINNING + "sources:\n  - {name: Baru}\n  - {name: Lagi}\n"),
        ("# ünïcödé 🎉 —\nsources:\n- é: 🎉 # ö\n# ß\n", None),
    ],
)
def test_whatever_the_layout_the_list_grows(before: str, after: str | None) -> None:
    grown = insert(before, "sources", NEW)
    if after is not None:
        assert grown == after
    was = yaml.safe_load(before) or {}
    assert yaml.safe_load(grown) == {
        **was,
        "sources": [*(was.get("sources") or []), {"name": "Baru"}, {"name": "Lagi"}],
    }
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in grown.splitlines() if line.startswith("#") and line not in BEGINNING
    ]


def test_nothing_new_changes_nothing() -> None:
    assert insert(BLOCK, "sources", []) == BLOCK


@pytest.mark.parametrize(
    "text",
    ["plain", "a: b", "a #b", "- x", "[x]", "no", "1e3", "'", '"', "ünï 🎉", "{}", "x,y", "*a", "&a", "!a", "%a", "@a"],
)
def test_an_entry_stands_on_one_line_and_reads_as_it_was_meant(text: str) -> None:
    entry = write_entry({"name": text, "url": "https://a.example/?a=1#b", "topics": ["x", "y"]})
    assert "\n" not in entry
    assert yaml.safe_load(f"- {entry}") == [{"name": text, "url": "https://a.example/?a=1#b", "topics": ["x", "y"]}]
