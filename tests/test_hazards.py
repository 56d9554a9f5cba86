"""docs/hazards.md names tests that are there, and forgets no row."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "hazards.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    files = {path: (TESTS / path).read_text(encoding="utf-8") for path, _ in named}

    assert len(named) > 100
    assert not [name for path, name in named if f"def {name}(" not in files[path]]


def test_every_row_has_its_place_and_says_how_it_stands() -> None:
    rows = dict(re.findall(r"^\| ([SFI]\d+) [^|]*\|([^|]*)\|", PAGE, re.MULTILINE))
    wanted = [f"{kind}{number}" for kind, last in (("S", 25), ("F", 27), ("I", 8)) for number in range(1, last + 1)]

    assert [*rows] == wanted
    assert not [row for row, says in rows.items() if not re.search(r"closed|\*\*open:\*\*|–", says)]
