from datetime import timedelta

from aggregator.demo.outlets import OUTLETS


def test_every_outlet_has_its_own_name_and_path() -> None:
    assert len({outlet.name for outlet in OUTLETS}) == len(OUTLETS)
    assert len({outlet.path for outlet in OUTLETS}) == len(OUTLETS)


def test_the_newsroom_has_two_languages_every_format_and_one_agency_a_language() -> None:
    assert {outlet.format for outlet in OUTLETS} == {"rss20", "rss10", "atom10", "json11", "page"}
    assert sorted(outlet.language for outlet in OUTLETS if outlet.agency) == ["en", "id"]


def test_one_outlet_answers_500_now_and_then_and_recovers_at_once() -> None:
    shaky = next(outlet for outlet in OUTLETS if outlet.fails_every)
    answers = [shaky.status(asked=asked, elapsed=timedelta(0)) for asked in range(1, 12)]

    assert answers == [200, 200, 200, 200, 500, 200, 200, 200, 200, 500, 200]


def test_one_outlet_is_gone_for_good_after_some_hours() -> None:
    closing = next(outlet for outlet in OUTLETS if outlet.closes_after is not None)

    assert closing.status(asked=1, elapsed=timedelta(hours=2, minutes=59)) == 200
    assert closing.status(asked=2, elapsed=timedelta(hours=3)) == 410
    assert closing.status(asked=3, elapsed=timedelta(days=9)) == 410
