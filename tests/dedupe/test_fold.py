from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.dedupe.fold import MOST_HEADLINES, TITLE_REACH, URL_REACH, Window
from aggregator.entry import Origin
from aggregator.headline import Headline

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def headline(
    id_: str,
    source: str = "dunia",
    title: str = "Kabut asap menipis di Riau",
    url: str | None = None,
    at: datetime = NOON,
) -> Headline:
    return Headline(
        id=id_,
        source=source,
        keys=(),
        story=id_,
        topics=(),
        guid=None,
        url=url,
        title=title,
        summary="",
        authors=(),
        categories=(),
        language=None,
        enclosures=(),
        origin=Origin(id=source, title=source.capitalize()),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )


def stories(*headlines: Headline) -> list[str]:
    window = Window()
    return [window.fold(line).story for line in headlines]


def test_one_title_from_several_outlets_is_one_story() -> None:
    first = headline("1")
    second = headline("2", "warta", "UPDATE: Kabut Asap Menipis di Riau - Warta")
    third = headline("3", "kabar", "Kabut asap menipis, di Riau!", at=NOON + HOUR)

    assert stories(first, second, third) == ["1", "1", "1"]


def test_one_link_is_one_story_even_inside_a_source() -> None:
    first = headline("1", url="https://wire.example/7?utm_source=dunia")
    second = headline("2", title="Kabut pekat lagi", url="http://www.wire.example/7/")

    assert stories(first, second) == ["1", "1"]


def test_a_sources_own_rubric_is_not_folded_by_its_title() -> None:
    assert stories(headline("1"), headline("2", at=NOON + HOUR)) == ["1", "2"]


def test_a_sites_front_page_as_everybodys_link_folds_nothing() -> None:
    first = headline("1", url="https://dunia.example/")
    second = headline("2", title="Banjir surut di hilir", url="https://dunia.example/#2")

    assert stories(first, second) == ["1", "2"]


@pytest.mark.parametrize("title", ["Cuaca", "Live blog", "A b c", "Editorial hari", "天気予報"])
def test_a_title_that_tells_little_folds_nothing(title: str) -> None:
    assert stories(headline("1", title=title), headline("2", "warta", title)) == ["1", "2"]


def test_a_title_in_a_script_without_spaces_folds_by_its_length() -> None:
    title = "東京で大雪、交通機関に影響"

    assert stories(headline("1", title=title), headline("2", "warta", title)) == ["1", "1"]


@pytest.mark.parametrize(
    ("reach", "url"),
    [pytest.param(TITLE_REACH, None, id="title"), pytest.param(URL_REACH, "https://wire.example/7", id="link")],
)
def test_a_story_reaches_so_far_and_no_further(reach: timedelta, url: str | None) -> None:
    first = headline("1", url=url)
    inside, outside = headline("2", "warta", url=url, at=NOON + reach), NOON + reach + SECOND

    assert stories(first, inside) == ["1", "1"]
    assert stories(first, replace(inside, published_at=outside)) == ["1", "2"]
    assert stories(replace(inside, published_at=outside), first) == ["2", "1"]


def test_a_story_is_full_at_its_cap_and_the_next_headline_begins_another() -> None:
    many = [headline(f"{n}", f"source {n}") for n in range(MOST_HEADLINES + 2)]

    assert stories(*many) == ["0"] * MOST_HEADLINES + [f"{MOST_HEADLINES}"] * 2


def test_a_headline_that_comes_back_from_state_stays_in_its_story() -> None:
    window = Window()
    kept = replace(headline("2", "warta"), story="1")

    assert window.fold(kept) == kept
    assert window.fold(headline("3", "kabar")).story == "1"


def test_a_remembered_headline_is_not_folded_anew() -> None:
    window = Window()
    window.remember(headline("1"))
    window.remember(headline("2", "warta"))

    assert window.fold(headline("2", "warta")).story == "2"


def test_forgetting_ends_the_old_stories_and_only_those() -> None:
    window = Window()
    window.fold(headline("1"))
    window.fold(headline("2", title="Banjir surut di hilir", at=NOON + HOUR))

    window.forget(NOON + SECOND)

    assert window.fold(headline("3", "warta")).story == "3"
    assert window.fold(headline("4", "warta", "Banjir surut di hilir")).story == "2"


def test_a_forgotten_window_holds_nothing() -> None:
    window = Window()
    for n in range(100):
        window.fold(headline(f"{n}", url=f"https://dunia.example/{n}"))

    window.forget(NOON + SECOND)

    assert not any((window._stories, window._members, window._pages, window._titles))
