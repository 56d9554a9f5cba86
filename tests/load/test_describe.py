from pathlib import Path

import aggregator
from aggregator.load.describe import describe
from aggregator.load.keys import SECTIONS

PAGE = Path(aggregator.__file__).resolve().parents[1] / "docs" / "feeds.yaml.md"


def test_the_page_in_docs_is_that_of_the_keys() -> None:
    """Else: python -m aggregator.load.describe > docs/feeds.yaml.md."""
    assert PAGE.read_text(encoding="utf-8") == describe()


def test_every_key_has_its_line() -> None:
    page = describe()

    for keys in SECTIONS.values():
        for name in keys.names():
            assert f"\n| `{name}` | " in page


def test_defaults_and_bounds_are_written_as_in_the_file() -> None:
    page = describe()

    assert "| `keep` | duration | `30d` | 1d to 3650d |" in page
    assert "| `timezone` | IANA time zone | `UTC` |  |" in page
    assert "| `name` | text | **required** | 100 characters |" in page
    assert "| `limit` | number | `50` | 1 to 400 |" in page
