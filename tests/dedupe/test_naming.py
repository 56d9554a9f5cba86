import pytest

from aggregator.dedupe.naming import title_of
from aggregator.entry import Entry


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        pytest.param(Entry(fingerprint="0", index=0, title=" Kabut ", summary="x"), "Kabut", id="its own"),
        pytest.param(Entry(fingerprint="0", index=0, summary="Kabut menipis."), "Kabut menipis.", id="summary"),
        pytest.param(
            Entry(fingerprint="0", index=0, link="https://d.example/2025/12/kabut-asap_menipis.html?x=1"),
            "Kabut asap menipis",
            id="link",
        ),
        pytest.param(
            Entry(fingerprint="0", index=0, link="https://d.example/kabut-asap/20251229/"),
            "Kabut asap",
            id="number last",
        ),
        pytest.param(
            Entry(fingerprint="0", index=0, link="https://d.example/a%1b[2J%E2%80%AEb"), "A [2J b", id="controls"
        ),
        pytest.param(Entry(fingerprint="0", index=0, link="https://d.example/12345"), "", id="nothing to read"),
        pytest.param(Entry(fingerprint="0", index=0, link="https://[d"), "", id="broken link"),
        pytest.param(Entry(fingerprint="0", index=0), "", id="nothing at all"),
    ],
)
def test_an_entry_is_called(entry: Entry, title: str) -> None:
    assert title_of(entry) == title


def test_a_long_summary_is_cut_between_words() -> None:
    title = title_of(Entry(fingerprint="0", index=0, summary="kabut asap " * 50))

    assert title == "kabut asap " * 6 + "kabut asap…"


def test_a_summary_that_is_one_long_word_is_cut_all_the_same() -> None:
    assert title_of(Entry(fingerprint="0", index=0, summary="k" * 2000)) == "k" * 120 + "…"
