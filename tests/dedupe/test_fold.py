from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.dedupe.fold import MOST_HEADLINES, TITLE_REACH, URL_REACH, Window
from aggregator.entry import Origin
from aggregator.headline import Headline, Joined

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


def stories(*headlines: Headline, window: Window | None = None) -> list[str]:
    """Fold in this order; give the story each is in at last."""
    window, found = window or Window(), dict[str, str]()
    for line in headlines:
        fold = window.fold(line)
        found[line.id] = fold.headline.story
        for merge in fold.merges:
            found.update({id_: merge.older for id_, story in found.items() if story == merge.younger})
    return list(found.values())


def remembered(window: Window) -> dict[str, str]:
    """Give the story of each headline that a window knows."""
    return {id_: other or id_ for id_, other, *_ in window.sketch()[0]}


def told(*titles: str, gap: timedelta = HOUR, sources: str = "") -> list[Headline]:
    """Make headlines of these titles, an hour apart, of as many outlets, or of those named by these letters."""
    outlets = sources or [f"outlet {number}" for number in range(len(titles))]
    return [
        headline(f"{number}", outlet, title, at=NOON + number * gap)
        for number, (title, outlet) in enumerate(zip(titles, outlets, strict=True))
    ]


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


@pytest.mark.parametrize(
    "title",
    ["Cuaca", "Live blog", "A b c", "Editorial hari", "天気予報", "😀😀😀😀 🔥🔥🔥🔥 🎉🎉🎉🎉", "??? !!! ... ?!?!"],
)
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


ONE_EVENT = [
    pytest.param("Kabut asap menipis di Riau", "Kabut asap di Riau mulai menipis, sekolah dibuka", id="indonesian"),
    pytest.param(
        "Bus crash in Norwich kills three", "Three killed as bus crashes in Norwich city centre", id="english"
    ),
    pytest.param("Judoka Wagner holt Bronze", "Bronze für Wagner: Judoka holt erste Medaille", id="german"),
    pytest.param("Incendie à Marseille : deux blessés", "Deux blessés dans un incendie à Marseille", id="french"),
    pytest.param("Пожар в Омске тушат сто человек", "В Омске сто человек тушат пожар на складе", id="russian"),
    pytest.param("東京で大雪、交通機関に影響", "大雪で東京の交通機関に影響", id="japanese"),
    pytest.param("北京今日迎来大雪天气", "大雪天气今日影响北京", id="chinese"),
    pytest.param("زلزال قوي يضرب مدينة مراكش المغربية", "زلزال يضرب مراكش المغربية", id="arabic"),
    pytest.param("น้ำท่วมใหญ่กรุงเทพมหานคร", "กรุงเทพมหานครน้ำท่วมใหญ่วันนี้", id="thai"),
]


@pytest.mark.parametrize(("first", "second"), ONE_EVENT)
def test_one_event_in_other_words_is_one_story_in_any_script(first: str, second: str) -> None:
    assert stories(*told(first, second)) == ["0", "0"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("Gempa M 5,1 guncang Maluku", "Gempa M 5,2 guncang Sulut", id="magnitude"),
        pytest.param("Pukul 10: jalan ditutup, warga antre beras", "Pukul 11: banjir surut, guru pulang", id="digest"),
        pytest.param("Jadwal Imsakiyah Jakarta 10 Ramadan", "Jadwal Imsakiyah Jakarta 11 Ramadan", id="rubric"),
        pytest.param("Banjir rendam Demak", "Rupiah menguat terhadap dolar", id="nothing-in-common"),
        pytest.param("Presiden kunjungi pasar di Solo", "Presiden lantik menteri pertanian", id="one-word"),
        pytest.param("Longsor tutup jalan utama Muara Lontar", "Gudang baja di Muara Lontar terbakar", id="one-place"),
        pytest.param("Wening Arsanti breaks marathon record", "Knee injury rules Wening Arsanti out", id="one-person"),
    ],
)
def test_two_events_stay_two_stories(first: str, second: str) -> None:
    assert stories(*told(first, second)) == ["0", "1"]
    assert stories(*told(first, second, gap=24 * HOUR)) == ["0", "1"]


def test_what_is_a_little_alike_is_one_story_only_on_one_day() -> None:
    titles = "Bus Mira tabrak mobil Innova malam", "Sopir Mira Innova jadi tersangka polisi"

    assert stories(*told(*titles, gap=HOUR)) == ["0", "0"]
    assert stories(*told(*titles, gap=24 * HOUR)) == ["0", "1"]


def test_what_is_very_alike_is_one_story_for_two_days() -> None:
    titles = "Kabut asap menipis di Riau", "Kabut asap di Riau mulai menipis"

    assert stories(*told(*titles, gap=TITLE_REACH)) == ["0", "0"]
    assert stories(*told(*titles, gap=TITLE_REACH + SECOND)) == ["0", "1"]


def test_what_is_a_little_alike_needs_another_outlets_word() -> None:
    titles = (
        "Bus Mira tabrak mobil Innova malam kemarin, tiga tewas",
        "Sopir Mira Innova jadi tersangka polisi Nganjuk Selasa",
    )

    assert stories(*told(*titles, sources="AB")) == ["0", "0"]
    assert stories(*told(*titles, sources="AA")) == ["0", "1"]


@pytest.mark.parametrize("gap", [timedelta(0), HOUR, 24 * HOUR])
def test_a_sources_rubric_is_never_folded_with_itself(gap: timedelta) -> None:
    titles = [f"Prakiraan cuaca Jakarta hari ini: {sky}" for sky in ("hujan", "cerah", "berawan", "hujan")]

    assert stories(*told(*titles, gap=gap, sources="AAAA")) == ["0", "1", "2", "3"]


def test_what_an_outlet_tells_further_of_an_event_is_in_its_story() -> None:
    titles = (
        "Bus Mira tabrak mobil di Nganjuk, tiga tewas",
        "Tiga tewas, bus Mira tabrak mobil di jalan Nganjuk",
        "Sopir bus Mira di Nganjuk jadi tersangka",
    )

    assert stories(*told(*titles, sources="ABA")) == ["0", "0", "0"]


def test_the_date_that_two_titles_bear_is_nothing_they_have_in_common() -> None:
    titles = "Ramalan zodiak Selasa 10 September 2019", "Jadwal kereta Selasa 10 September 2019"

    assert stories(*told(*titles)) == ["0", "1"]


def test_a_title_that_tells_little_is_folded_by_its_summary_too() -> None:
    first, second = told("Banjir Demak", "Demak banjir")
    summary = "Ratusan rumah terendam setelah tanggul Sungai Wulan jebol"

    assert stories(first, second) == ["0", "1"]
    assert stories(replace(first, summary=summary), replace(second, summary=f"{summary} lagi")) == ["0", "0"]


def test_a_headline_says_by_which_rule_it_joined() -> None:
    window = Window()
    first = headline("1", url="https://wire.example/7")
    same_link = headline("2", "warta", "Banjir surut di hilir", url="https://wire.example/7")
    same_title = headline("3", "kabar")
    similar = headline("4", "suara", "Kabut asap di Riau mulai menipis hari ini")
    joined = [window.fold(line).headline.joined for line in (first, same_link, same_title, similar)]

    assert joined[:3] == [None, Joined(rule="link"), Joined(rule="title")]
    assert joined[3] is not None
    assert joined[3].rule == "words"
    assert 1 > joined[3].similarity > joined[3].needed > 0


# Two outlets tell of one event in words that have nothing in common; a third one's words are those of both.
APART = ("Gunung Lewotobi meletus dahsyat", "Bandara Maumere ditutup abu vulkanik")
BOTH = "Gunung Lewotobi meletus dahsyat, bandara Maumere ditutup abu vulkanik"


def test_a_headline_that_belongs_to_two_stories_makes_them_one_and_the_older_stays() -> None:
    first, second, third = told(*APART, BOTH)
    window = Window()
    window.fold(first)
    window.fold(second)
    fold = window.fold(third)

    assert fold.headline.story == "0"
    assert [(merge.younger, merge.older, merge.joined.rule) for merge in fold.merges] == [("1", "0", "bridge")]
    assert remembered(window) == dict.fromkeys("012", "0")
    assert window.fold(headline("9", "suara", APART[1], at=NOON + 3 * HOUR)).headline.story == "0"


def test_the_older_story_stays_although_the_younger_is_more_alike() -> None:
    first, second, third = told(*APART, f"{BOTH} hari Senin")

    assert stories(first, second, third) == stories(second, first, third)[:1] * 3
    assert stories(first, second, third) == ["0", "0", "0"]


def test_a_bridge_never_joins_two_titles_of_one_rubric() -> None:
    rubric = [f"Prakiraan cuaca Jakarta Selatan {day} hujan" for day in ("Senin", "Selasa")]
    lines = told(*rubric, "Prakiraan cuaca Jakarta Selatan Senin Selasa hujan", sources="AAB")

    assert len(set(stories(*lines)[:2])) == 2


def test_a_bridge_makes_no_story_longer_or_larger_than_it_may_be() -> None:
    first, second, third = told(*APART, BOTH)
    crowd = [headline(f"c{n}", f"source {n}", APART[0], at=NOON) for n in range(MOST_HEADLINES // 2)]
    other = [headline(f"d{n}", f"source {n}", APART[1], at=NOON) for n in range(MOST_HEADLINES // 2)]

    assert len(set(stories(first, *crowd, second, *other, third))) > 1


def test_a_story_ends_however_often_it_is_told_again() -> None:
    titles = [f"Kabut asap di Riau menipis, sekolah {name} dibuka" for name in "abcdefghijklmnop"]
    found = stories(*told(*titles, gap=12 * HOUR))

    assert len(set(found)) > 1
    assert max(map(found.count, found)) <= 9  # in four days


def test_a_page_of_rates_begins_a_story_a_day_although_its_link_stays() -> None:
    days = [
        headline(
            f"{day}", title=f"Kurs rupiah {day} November", url="https://dunia.example/kurs", at=NOON + day * 24 * HOUR
        )
        for day in range(5)
    ]

    assert stories(*days) == [line.id for line in days]


def test_a_title_that_another_outlet_prints_every_other_day_is_no_endless_story() -> None:
    found = stories(*told(*["Prakiraan cuaca Jakarta hari ini"] * 9, gap=40 * HOUR))

    assert max(map(found.count, found)) == 3  # in four days


def test_a_headline_that_comes_back_from_state_stays_in_its_story() -> None:
    window = Window()
    kept = replace(headline("2", "warta"), story="1")

    assert window.fold(kept).headline == kept
    assert window.fold(headline("3", "kabar")).headline.story == "1"


def test_a_remembered_headline_is_not_folded_anew() -> None:
    window = Window()
    window.remember(headline("1"))
    window.remember(headline("2", "warta"))

    assert window.fold(headline("2", "warta")).headline.story == "2"


def test_a_revised_headline_is_known_by_its_new_title_only() -> None:
    window = Window()
    window.fold(headline("1"))
    window.remember(headline("1", title="Banjir surut di hilir"))

    assert stories(headline("2", "warta"), window=window) == ["2"]
    assert stories(headline("3", "kabar", "Banjir surut di hilir"), window=window) == ["1"]


def test_what_is_forgotten_leads_nowhere_and_what_it_had_in_common_leads_to_the_others() -> None:
    window = Window()
    link = "https://wire.example/7"
    window.fold(headline("1", url=link))
    window.fold(headline("2", "warta", "Banjir surut di hilir", url=link, at=NOON + HOUR))
    window.forget(["2", "nobody"])

    assert stories(headline("3", "kabar", "Banjir surut di hilir"), window=window) == ["3"]
    assert stories(headline("4", "suara", "Lain sama sekali", url=link), window=window) == ["1"]


def test_news_ends_the_old_stories_and_no_clock_does() -> None:
    window = Window()
    window.fold(headline("1", url="https://wire.example/7"))
    window.fold(headline("2", title="Banjir surut di hilir", at=NOON + URL_REACH + SECOND))
    late = headline("3", "warta", url="https://wire.example/7")

    assert remembered(window) == {"2": "2"}
    assert window.fold(late).headline == late  # older than what is remembered: it begins a story, and is not remembered
    assert remembered(window) == {"2": "2"}


def test_what_comes_too_late_joins_nothing_although_what_it_would_join_is_remembered() -> None:
    window = Window()
    window.fold(headline("1", url="https://wire.example/7", at=NOON + 6 * 24 * HOUR))
    window.fold(headline("2", title="Banjir surut di hilir", at=NOON + URL_REACH + SECOND))
    on_time, late = (headline(f"{at}", "warta", url="https://wire.example/7", at=at) for at in (NOON + SECOND, NOON))

    assert window.fold(on_time).headline.story == "1"
    assert window.fold(late).headline.story == late.id


@pytest.mark.parametrize(("language", "found"), [("de-AT", ["0", "1"]), ("id", ["0", "0"])])
def test_many_stories_make_words_rarer_only_in_their_own_language(language: str, found: list[str]) -> None:
    window = Window()
    for n in range(200):
        words = " ".join(f"{letter}{n:03}wort" for letter in "abcd")
        window.fold(replace(headline(f"de{n}", f"s{n}", words), language="de"))
    titles = "Bus Mira tabrak mobil Innova malam kemarin", "Sopir Mira Innova jadi tersangka polisi Nganjuk"

    assert stories(*(replace(line, language=language) for line in told(*titles)), window=window) == found


def test_a_late_headline_joins_the_title_that_was_published_nearest_to_it() -> None:
    window = Window()
    window.fold(headline("1"))
    window.fold(headline("2", "warta", at=NOON + 60 * HOUR))
    late = window.fold(headline("3", "kabar", at=NOON + 50 * HOUR)).headline

    assert (late.story, late.joined) == ("2", Joined(rule="title"))


def test_what_is_over_leaves_nothing_behind() -> None:
    window = Window()
    for n in range(300):
        title = f"Kabut {n} asap menipis{n} di Riau{n % 7}"
        window.fold(headline(f"{n}", f"s{n % 5}", title, f"https://dunia.example/{n}", at=NOON + n * HOUR))
    window.fold(headline("last", title="Ya", at=NOON + 40 * URL_REACH))
    window.forget(["last"])
    words = window._words

    assert not any((window._marks, window._stories, window._bearers, words._stories, words._places))
    assert not window._queue[1:]
    assert not words._queue


BAD = [
    *(f"{sign}" * 3 for sign in "😀?-א"),
    "😀🎉 🔥🔥 ✨✨ 😀😀",
    "x",
    "a" * 10_000,
    "kata " * 2_000,
    "\u202eهذا عنوان عربي من اليمين\u202c mixed кириллица 東京 ไทย हिन्दी",
    "1 2 3 4 5 6 7 8 9",
    "\x00\u200b\ufeff",
    "2019 2020 2021",
]


@pytest.mark.parametrize("title", BAD, ids=range(len(BAD)))
def test_bad_titles_of_one_instant_are_no_giant_story(title: str) -> None:
    lines = [headline(f"{n:04d}", f"source {n}", title) for n in range(2 * MOST_HEADLINES)]
    found = stories(*lines)

    assert len(found) == len(lines)
    assert max(found.count(story) for story in set(found)) <= MOST_HEADLINES


def test_a_thousand_headlines_of_one_title_are_looked_at_no_more_than_a_few() -> None:
    window = Window()
    compared = 0
    cosine = window._words._cosine

    def counting(*arguments: Any) -> float:
        nonlocal compared
        compared += 1
        return cosine(*arguments)

    window._words._cosine = counting  # type: ignore[method-assign, assignment]
    for n in range(1_000):
        window.fold(headline(f"{n:04d}", "dunia"))

    assert compared <= 6 * 1_000
