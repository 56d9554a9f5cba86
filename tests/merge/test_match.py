import subprocess
import sys
from datetime import UTC, datetime

import pytest

from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.merge.match import parse_match
from aggregator.source import Source

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DUNIA = Source(id="https://dunia.example/rss", name="Dunia Hari Ini", urls=("https://dunia.example/rss",))


def headline(
    title: str,
    summary: str = "",
    url: str | None = None,
    categories: tuple[str, ...] = (),
) -> Headline:
    return Headline(
        id="1",
        source=DUNIA.id,
        keys=(),
        story="1",
        topics=(),
        guid=None,
        url=url,
        title=title,
        summary=summary,
        authors=(),
        categories=categories,
        language=None,
        enclosures=(),
        origin=Origin(id=DUNIA.id, title="Dunia"),
        published_at=NOON,
        first_seen_at=NOON,
        updated_at=NOON,
    )


KABUT = headline(
    "Kabut asap menipis di Riau, kata BMKG",
    summary="Gempa magnitudo 6.1 tidak terasa di café-café Pekanbaru.",
    url="https://dunia.example/regional/kabut-asap?id=%C3%A9",
    categories=("Luar Negeri", "Cuaca"),
)


def says(text: str, line: Headline = KABUT) -> bool:
    return parse_match(text)(line, DUNIA)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kabut", id="word"),
        pytest.param("KABUT riau", id="two words mean AND"),
        pytest.param("kabut AND riau", id="AND"),
        pytest.param("banjir OR riau", id="OR"),
        pytest.param("NOT banjir", id="NOT"),
        pytest.param("kabut NOT banjir", id="NOT after a word"),
        pytest.param("banjir kabut OR riau", id="AND binds closer than OR"),
        pytest.param("NOT banjir OR banjir", id="NOT binds closest"),
        pytest.param("riau (banjir OR kabut)", id="parentheses"),
        pytest.param("(riau)AND(kabut)", id="no spaces needed"),
        pytest.param("NOT NOT kabut", id="NOT twice"),
        pytest.param('"kabut asap"', id="phrase"),
        pytest.param("“asap menipis”", id="typographic quotes"),
        pytest.param('"riau kata"', id="punctuation does not part a phrase"),
        pytest.param("men*", id="beginning of a word"),
        pytest.param("cafe", id="accents of the headline"),
        pytest.param("ríaú", id="accents of the term"),
        pytest.param("café-café", id="a word with a hyphen is a phrase"),
        pytest.param("pekanbaru", id="summary"),
        pytest.param("cuaca", id="category"),
        pytest.param("title:riau", id="title prefix"),
        pytest.param("url:/regional", id="url prefix"),
        pytest.param("url:https://dunia.example/regional", id="url as such"),
        pytest.param("url:é", id="url decoded"),
        pytest.param("source:dunia", id="source prefix"),
        pytest.param('source:"hari ini"', id="prefix of a phrase"),
        pytest.param("source:dunia.example", id="source's address"),
        pytest.param('Category:"luar negeri"', id="category prefix"),
        pytest.param("category:cua*", id="prefix of a beginning"),
        pytest.param(r"/gempa .* [5-9]\.\d/", id="regex"),
        pytest.param("/GEMPA/", id="regex without case"),
        pytest.param("/cafe.cafe/", id="regex without accents"),
        pytest.param("/càfe/", id="accents of the regex"),
        pytest.param("/^cuaca$/", id="regex over one category"),
        pytest.param(r"url:/dunia\.example\/regional/", id="slash in a regex"),
        pytest.param("title:/^kabut/", id="prefix of a regex"),
        pytest.param("kabut\n  OR\n  banjir", id="lines"),
    ],
)
def test_the_expression_takes_the_headline(text: str) -> None:
    assert says(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kabu", id="part of a word"),
        pytest.param("kabut banjir", id="one word is missing"),
        pytest.param("NOT kabut", id="NOT"),
        pytest.param("NOT kabut riau", id="NOT binds closest"),
        pytest.param("riau (banjir OR topan)", id="parentheses"),
        pytest.param('"asap kabut"', id="order of a phrase"),
        pytest.param('"bmkg gempa"', id="a phrase from title into summary"),
        pytest.param('"negeri cuaca"', id="a phrase from category into category"),
        pytest.param("asa* NOT asap", id="beginning and exclusion"),
        pytest.param("pis*", id="inside of a word"),
        pytest.param("title:pekanbaru", id="title prefix"),
        pytest.param("category:riau", id="category prefix"),
        pytest.param("url:banjir", id="url prefix"),
        pytest.param("source:warta", id="source prefix"),
        pytest.param("dunia", id="the source's name is no text"),
        pytest.param("/^asap/", id="regex at the beginning"),
        pytest.param("/BMKG.*Gempa/", id="regex from title into summary"),
    ],
)
def test_the_expression_leaves_the_headline(text: str) -> None:
    assert not says(text)


@pytest.mark.parametrize(
    ("term", "title"),
    [
        pytest.param("大雪", "東京で大雪、交通機関に影響", id="Han"),
        pytest.param("น้ำท่วม", "ข่าวน้ำท่วมวันนี้", id="Thai"),
        pytest.param("/大.、/", "東京で大雪、交通", id="Han by regex"),
        pytest.param("दिन", "आज का दिन कैसा", id="Devanagari"),
        pytest.param("погода", "Погода: снег", id="Cyrillic"),
        pytest.param("STRASSE", "Straße gesperrt", id="sharp s"),
    ],
)
def test_terms_of_any_script_are_found(term: str, title: str) -> None:
    assert says(term, headline(title))


@pytest.mark.parametrize(
    ("term", "title"),
    [
        pytest.param("か", "が", id="dakuten is no accent"),
        pytest.param("दन", "दिन", id="vowel signs are letters"),
        pytest.param("снег", "снегопад", id="whole words in Cyrillic"),
    ],
)
def test_marks_that_are_no_accents_count(term: str, title: str) -> None:
    assert not says(term, headline(title))


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        pytest.param("", 1, "ends too early", id="nothing"),
        pytest.param("kabut OR", 9, "ends too early", id="OR at the end"),
        pytest.param("(kabut", 7, "ends too early", id="open parenthesis"),
        pytest.param("kabut)", 6, "closes nothing", id="closing parenthesis"),
        pytest.param("OR kabut", 1, 'missing before "OR"', id="OR at the beginning"),
        pytest.param("kabut AND OR asap", 11, 'missing before "OR"', id="two operators"),
        pytest.param('kabut "asap', 7, "quotation mark", id="open quotation mark"),
        pytest.param("kabut /asap", 7, "does not end", id="open regex"),
        pytest.param("kabut /(/", 7, "RE2 cannot read", id="bad regex"),
        pytest.param(r"/(a)\1/", 1, "RE2 cannot read", id="what RE2 has not"),
        pytest.param("judul:kabut", 1, '"judul:" is no prefix', id="unknown prefix"),
        pytest.param("e:kabut", 1, '"e:" is no prefix', id="a piece of a prefix"),
        pytest.param("title: kabut", 1, 'behind "title:"', id="space behind a prefix"),
        pytest.param("title:(kabut OR asap)", 7, "belongs to one word", id="prefix of a group"),
        pytest.param("kabut and asap", 7, "write AND in capitals", id="small and"),
        pytest.param("ka*but", 3, "end of a word", id="star inside"),
        pytest.param("kabut *", 7, "no letter", id="only a star"),
        pytest.param('"!?"', 1, "no letter", id="only signs"),
        pytest.param("x" * 10_001, 10_001, "longer than", id="too long"),
        pytest.param("a \ud800", 3, "surrogate", id="half a character"),
        pytest.param("(" * 5000, 5001, "ends too early", id="5,000 parentheses"),
        pytest.param("NOT " * 2000 + "a", 7797, "operators inside", id="2,000 times NOT"),
    ],
)
def test_a_bad_expression_is_told_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(ValueError, match=f"^column {column}: ") as told:
        parse_match(text)

    assert words in str(told.value)


def test_parentheses_that_group_nothing_cost_nothing() -> None:
    assert says("(" * 4990 + "kabut" + ")" * 4990)


def test_the_longest_expression_works() -> None:
    assert says("banjir OR " * 999 + "kabut")


def test_a_deep_expression_works_up_to_its_bound() -> None:
    assert says("(banjir OR (kabut AND " * 24 + "kabut" + "))" * 24)


def test_a_regex_that_would_take_others_for_ever_takes_no_time() -> None:
    assert not says("/(a+)+$/", headline("a" * 10_000 + "!"))


def test_a_regex_that_compiles_to_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        parse_match("/" + r"\pL" * 2000 + "/")


def test_a_headline_that_changed_is_read_anew() -> None:
    match = parse_match("kabut")

    assert [match(headline(title), DUNIA) for title in ("Kabut", "Banjir", "Kabut")] == [True, False, True]


def test_half_a_character_in_a_headline_stops_no_regex() -> None:
    assert says("/kabut/", headline("kabut \ud800"))


def test_importing_loads_neither_lark_nor_re2() -> None:
    told = "import sys, aggregator.merge.match; print(sorted({'lark', 're2'} & set(sys.modules)))"

    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
