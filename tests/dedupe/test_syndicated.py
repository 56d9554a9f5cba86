import pytest

from aggregator.dedupe.syndicated import marks_of

LEAD = "Jakarta (ANTARA) - Pemerintah menetapkan harga eceran tertinggi beras medium mulai pekan depan."
LONG_WORDS = "Pemerintah memberlakukan kembali pembatasan perjalanan internasional"
LONG = "Pemerintah tetapkan harga eceran tertinggi beras medium mulai pekan depan"


def share(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return not set(one).isdisjoint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            ("https://dunia.example/1?utm_source=rss", "Beras", ""),
            ("http://www.dunia.example/1", "Padi", ""),
            id="page",
        ),
        pytest.param(
            ("https://a.example/1", "HET beras", LEAD),
            ("https://b.example/2", "Harga", LEAD + " Baca juga"),
            id="words",
        ),
        pytest.param(("https://a.example/1", LONG, ""), (None, LONG.upper(), "Harga."), id="a long title"),
        pytest.param((None, "a", "北京" * 12 + "甲"), (None, "b", "北京" * 12 + "乙"), id="a script of few letters"),
    ],
)
def test_copies_of_one_text_share_a_mark(one: tuple[str | None, str, str], other: tuple[str | None, str, str]) -> None:
    assert share(marks_of(*one, "A"), marks_of(*other, "B"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("https://a.example/", "x", ""), ("https://a.example/", "y", ""), id="a front page is no page"),
        pytest.param((None, "IHSG ditutup menguat", ""), (None, "IHSG ditutup menguat", ""), id="a short title"),
        pytest.param((None, LONG_WORDS, ""), (None, LONG_WORDS, ""), id="a title of few words"),
        pytest.param((None, "x", "Baca di sini."), (None, "y", "Baca di sini."), id="a short summary"),
        pytest.param((None, LONG, LEAD), (None, LONG, LEAD[20:]), id="two texts under one title"),
        pytest.param(("https://a.example/1", "x", ""), ("https://b.example/1", "x", ""), id="another host"),
    ],
)
def test_what_newsrooms_may_both_have_is_no_mark(
    one: tuple[str | None, str, str], other: tuple[str | None, str, str]
) -> None:
    assert not share(marks_of(*one, "A"), marks_of(*other, "B"))


@pytest.mark.parametrize("text", ["", " ", "\ud800" * 99, "😀" * 99, "a" * 10_000, "https://[x"])
def test_any_text_has_marks_of_32_bits_or_none(text: str) -> None:
    assert all(0 <= mark < 1 << 32 for mark in marks_of(text, text, text, text))
