"""What each key means, and what is said where it is wrong: text and line."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.errors import Fault
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.site import Polling, Site
from aggregator.source import PageList, Source

Load = Callable[[str], FeedsFile]
Faults = Callable[[str], tuple[Fault, ...]]

SOURCE = "sources:\n  - {name: Antara, url: https://antara.example/rss}\n"


def source(written: str) -> str:
    """Write a file with one source; `written` is its line 4 and what follows."""
    return f"sources:\n  - name: Antara\n    url: https://antara.example/rss\n    {written}\n"


def topic(written: str) -> str:
    """Write a file with one topic; `written` is its line 5 and what follows."""
    return f"{SOURCE}topics:\n  - slug: dunia\n    {written}\n"


def test_the_file_of_a_token_is_read_beside_feeds_yaml(load: Load, faults: Faults, tmp_path: Path) -> None:
    (tmp_path / "kunci").write_text("kunci-rahasia-kita\n")
    (tmp_path / "short").write_text("kunci")

    token = load(f"{SOURCE}site: {{token_file: kunci}}\n").site.token
    assert token is not None
    assert (token.file, token.secret) == (tmp_path / "kunci", b"kunci-rahasia-kita")
    [fault] = faults(f"{SOURCE}site: {{token_file: short}}\n")
    assert fault.text.startswith('token_file "short" cannot be used: it holds no token; write one of 16 to 512')
    [fault] = faults(f"{SOURCE}site: {{token_file: nowhere}}\n")
    assert fault.text.startswith('token_file "nowhere" cannot be used: there is no such file')


def test_a_name_and_a_url_are_enough(load: Load) -> None:
    feeds = load(SOURCE)

    url = "https://antara.example/rss"
    assert feeds.sources == (Source(id=url, name="Antara", urls=(url,)),)
    assert feeds.site == Site(title="Headlines", url=None, language="en", zone=ZoneInfo("UTC"))
    assert feeds.polling == Polling(
        every=timedelta(minutes=15), at_once=32, per_host=1, host_gap=timedelta(seconds=1), allow_private=()
    )
    assert feeds.keep == timedelta(days=30)
    assert [(topic.slug, topic.title, topic.everything, topic.order) for topic in feeds.topics] == [
        ("update", "UPDATE", True, "newest"),
        ("popular", "Populer", True, "popular"),
    ]


def test_every_key_of_the_newsroom_is_read(load: Load) -> None:
    feeds = load(
        'site: {title: Kabar, url: "http://127.0.0.1:8080/kabar/", language: ID, timezone: Asia/Jakarta,'
        " hub: https://hub.example/}\n"
        "poll: {every: 5m, at_once: 8, per_host: 2, host_gap: 0s, allow_private: [127.0.0.0/8, '::1']}\n"
        "keep: 7d\n" + SOURCE
    )

    assert feeds.site == Site(
        title="Kabar",
        url="http://127.0.0.1:8080/kabar",
        language="id",
        zone=ZoneInfo("Asia/Jakarta"),
        hub="https://hub.example/",
    )
    assert feeds.polling == Polling(
        every=timedelta(minutes=5),
        at_once=8,
        per_host=2,
        host_gap=timedelta(0),
        allow_private=(ip_network("127.0.0.0/8"), ip_network("::1")),
    )
    assert feeds.keep == timedelta(days=7)


def test_every_key_of_a_source_is_read(load: Load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("user:password")
    feeds = load(
        "sources:\n"
        "  - name: ' Antara '\n"
        "    url: [https://a.example/1, http://b.example/2]\n"
        "    topics: [politik, politik, hukum]\n"
        "    page: {item: ul > li, title: a, link: a@href, date: span.time}\n"
        "    language: id\n"
        "    timezone: Asia/Makassar\n"
        "    every: 10m\n"
        "    headers: {Accept-Language: 'id, en', X-Key: k}\n"
        "    user_agent: Kabar/1\n"
        "    proxy: http://proxy.example:3128\n"
        "    auth_file: secret\n"
        "    weight: 1.5\n"
        "    allow_private: 10.0.0.0/8\n"
    )

    assert feeds.sources == (
        Source(
            id="https://a.example/1#ul > li",
            name="Antara",
            urls=("https://a.example/1", "http://b.example/2"),
            page=PageList(item="ul > li", title="a", link="a@href", date="span.time"),
            topics=("politik", "hukum"),
            language="id",
            zone=ZoneInfo("Asia/Makassar"),
            every=timedelta(minutes=10),
            headers=(("Accept-Language", "id, en"), ("X-Key", "k")),
            user_agent="Kabar/1",
            proxy="http://proxy.example:3128",
            auth_file=tmp_path / "secret",
            weight=1.5,
            allow_private=(ip_network("10.0.0.0/8"),),
        ),
    )


def test_a_source_may_be_polled_by_cron(load: Load) -> None:
    assert load(source("cron: 0 6 * * *")).sources[0].cron == "0 6 * * *"


@pytest.mark.parametrize(
    ("page", "page_id", "read"),
    [
        ("{}", "https://antara.example/rss", PageList()),
        ("{list: UPDATE}", "https://antara.example/rss#update", PageList(heading="UPDATE")),
        ("{item: Li}", "https://antara.example/rss#Li", PageList(item="Li")),
    ],
    ids=["largest block", "heading", "selector"],
)
def test_each_list_of_a_page_is_a_source_of_its_own(load: Load, page: str, page_id: str, read: PageList) -> None:
    [found] = load(source(f"page: {page}")).sources

    assert (found.id, found.page) == (page_id, read)


def test_a_language_that_yaml_takes_for_false_stays_a_language(load: Load) -> None:
    assert load(source("language: no")).sources[0].language == "no"


def test_the_zone_of_a_source_is_not_the_zone_of_the_site(load: Load) -> None:
    assert load("site: {timezone: Asia/Jakarta}\n" + SOURCE).sources[0].zone == ZoneInfo("UTC")


def test_every_key_of_a_topic_is_read(load: Load) -> None:
    feeds = load(
        topic(
            "title: Dunia\n"
            "    match: rusia\n"
            "    languages: [ID, en]\n"
            "    sources: Antara\n"
            "    one_per: headline\n"
            "    order: popular\n"
            "    retell: outlet\n"
            "    half_life: 90m\n"
            "    limit: 7\n"
            "    per_source: 2"
        )
    )

    [dunia] = feeds.topics[2:]
    assert dunia.match is not None
    assert (dunia.slug, dunia.title, dunia.everything, dunia.match_text) == ("dunia", "Dunia", False, "rusia")
    assert (dunia.languages, dunia.sources, dunia.one_per) == (("id", "en"), ("Antara",), "headline")
    assert (dunia.order, dunia.limit, dunia.per_source) == ("popular", 7, 2)
    assert (dunia.retell, dunia.half_life) == ("outlet", timedelta(minutes=90))


def test_topics_that_only_sources_name_are_made_last(load: Load) -> None:
    feeds = load(
        "topics: [{slug: dunia}]\nsources: [{name: A, url: http://a.example, topics: [gaya-hidup, dunia, update]}]"
    )

    assert [(topic.slug, topic.title) for topic in feeds.topics] == [
        ("update", "UPDATE"),
        ("popular", "Populer"),
        ("dunia", "Dunia"),
        ("gaya-hidup", "Gaya hidup"),
    ]


def test_the_two_standing_topics_stay_first_and_keep_what_they_are(load: Load) -> None:
    entry = "title: Terpopuler, limit: 9, per_source: 1, one_per: headline, half_life: 1d"
    feeds = load(f"{SOURCE}topics: [{{slug: dunia}}, {{slug: popular, {entry}}}]")

    update, popular, _ = feeds.topics
    assert (update.slug, update.title) == ("update", "UPDATE")
    assert (popular.title, popular.limit, popular.per_source, popular.one_per) == ("Terpopuler", 9, 1, "headline")
    assert (popular.everything, popular.order, popular.half_life) == (True, "popular", timedelta(days=1))
    assert (update.retell, update.half_life) == ("never", timedelta(hours=12))


def test_a_key_with_nothing_after_it_counts_as_not_written(load: Load) -> None:
    feeds = load(source("every:\n    page: ~\n    topics:") + "site:\ntopics:\nkeep:\n")

    assert feeds.sources == load(SOURCE).sources


@pytest.mark.parametrize(
    ("written", "months"),
    [("", 24), ("archive: 1 month\n", 1), ("archive: 36 months\n", 36), ("archive: no\n", 0), ("archive: 0\n", 0)],
)
def test_archives_are_kept_for_months_or_not_at_all(load: Load, written: str, months: int) -> None:
    assert load(SOURCE + written).archive_months == months


NEWSROOM = [
    ("site: {titel: x}", '"titel" is no key of site; write "title"'),
    ("site: {title: ''}", 'title "" is empty; write something between the quotes, or remove it'),
    ("site: {title: [x]}", "title must be one value, not a list; write it after the colon"),
    (r'site: {title: "a\nb"}', 'title "a\\nb" holds a line break or a control character; remove it'),
    (r'site: {title: "a\u202eb"}', 'title "a\\u202eb" holds characters that break or turn a line; remove them'),
    ("site: {url: kabar.example}", 'url "kabar.example" is no web address; write all of it, as in'),
    ("site: {url: 'https://k.example/?a'}", 'has a "?" or "#" part; write the address without it'),
    ("site: {hub: hub.example}", 'hub "hub.example" is no web address; write all of it, as in'),
    ("site: {language: indonesian}", 'language "indonesian" is no language tag; write one as in "id", "en" or "pt-br"'),
    ("site: {timezone: Asia/Jakart}", 'timezone "Asia/Jakart" is no time zone; write "Asia/Jakarta"'),
    (
        "site: {timezone: ../../etc/passwd}",
        'timezone "../../etc/passwd" is no time zone; write one as in "Asia/Jakarta"',
    ),
    ("site: {timezone: Asia}", 'timezone "Asia" is no time zone'),
    ("site: Kabar", "site must be a mapping; write its keys and values below it"),
    ("poll: {every: 5s}", 'every "5s" is below 1 minute; write "1m" or more'),
    ("poll: {every: 8d}", 'every "8d" is above 7 days; write "7d" or less'),
    ("poll: {every: 15}", 'every "15" has no unit; write "15s", "15m", "15h" or "15d"'),
    ("poll: {at_once: 0}", 'at_once "0" is not in range; write a whole number from 1 to 512'),
    ("poll: {at_once: many}", 'at_once "many" is not in range'),
    ("poll: {per_host: 65}", 'per_host "65" is not in range; write a whole number from 1 to 64'),
    ("poll: {host_gap: 2h}", 'host_gap "2h" is above 1 hour; write "1h" or less'),
    (
        "poll: {allow_private: [10.1.0.0/8]}",
        'allow_private "10.1.0.0/8" has bits set behind its mask; write "10.0.0.0/8"',
    ),
    ("poll: {allow_private: intranet}", 'allow_private "intranet" is no network; write one as in'),
    ("keep: 12h", 'keep "12h" is below 1 day; write "1d" or more'),
    ("keep: 3651d", 'keep "3651d" is above 3650 days; write "3650d" or less'),
    ("archive: ever", 'archive "ever" is no number of months; write one up to 1200, as in "24 months", or "no"'),
    ("archive: 1201 months", 'archive "1201 months" is no number of months'),
    ("archive: 30d", 'archive "30d" is no number of months'),
    ("sorces: []", '"sorces" is no key of the file; write "sources"'),
    ("topics: dunia", 'topics must be a list; write each of its values on a line of its own, after "- "'),
]


@pytest.mark.parametrize(("written", "said"), NEWSROOM, ids=[written for written, _ in NEWSROOM])
def test_a_fault_of_the_newsroom_is_told_in_words(faults: Faults, written: str, said: str) -> None:
    [fault] = faults(f"# kabar\n{written}\n{SOURCE}")

    assert fault.line == 2
    assert said in fault.text


OF_A_SOURCE = [
    ("evry: 5m", '"evry" is no key of the source; write "every"'),
    ("every: 30s", 'every "30s" is below 1 minute; write "1m" or more'),
    ("cron: hourly", 'cron "hourly" cannot be used: it has not five fields; write five'),
    ("cron: 0 6 * * *\n    every: 5m", "the source has both every and cron; remove one of them"),
    ("topics: [Dunia]", 'topics "Dunia" is no slug; write 1 to 64 small letters a-z, digits and hyphens'),
    ("topics: [metrics]", 'topics "metrics" is a page of ours; write another slug'),
    ("topics: {dunia: 1}", "topics must be a list"),
    ("page: UPDATE", "page must be a mapping; write its keys and values below it"),
    ("page: {lst: UPDATE}", '"lst" is no key of page; write "list"'),
    ("page: {heading: UPDATE}", '"heading" is no key of page; write one of date, item, link, list, title'),
    ("page: {link: a@href}", "page has title, link or date without item; write the item that they are inside of"),
    ("page: {list: UPDATE, item: li}", "page has both list and item; remove one of them"),
    ("headers: {'X Y': z}", 'header "X Y" is no header name; write letters, digits and hyphens'),
    ("headers: {Host: z}", 'header "Host" is not for feeds.yaml: the connection needs its own; remove it'),
    ("headers: {User-Agent: z}", 'header "User-Agent" is not for feeds.yaml: write user_agent instead'),
    (r'headers: {X-A: "a\r\nHost: b"}', 'header "X-A" holds a line break or a control character; remove it'),
    ("headers: {X-A: ä}", 'header "X-A" cannot be sent in a header; write at most 4,096 ASCII characters in one line'),
    ("headers: [a]", "headers must be a mapping"),
    ("user_agent: Kabar ☀", 'user_agent "Kabar ☀" cannot be sent in a header'),
    ("proxy: socks5://p.example", 'proxy "socks5://p.example" is no web address'),
    ("auth_file: absent", 'auth_file "absent" cannot be used: there is no such file; write the path of a file'),
    ("auth_file: /", 'auth_file "/" cannot be used: there is no such file'),
    ("weight: 0", 'weight "0" is no weight; write a number above 0 and up to 1000, as in 1 or 0.5'),
    ("weight: -1", 'weight "-1" is no weight'),
    ("weight: nan", 'weight "nan" is no weight'),
    ("weight: 1e999", 'weight "1e999" is no weight'),
]


@pytest.mark.parametrize(("written", "said"), OF_A_SOURCE, ids=[written for written, _ in OF_A_SOURCE])
def test_a_fault_of_a_source_is_told_in_words(faults: Faults, written: str, said: str) -> None:
    [fault] = faults(source(written))

    assert fault.line == (2 if "both every" in said else 4)
    assert said in fault.text


URLS = [
    ("antara.example/rss", "is no web address; write all of it"),
    ("ftp://antara.example/rss", "is no web address"),
    ("file:///etc/passwd", "is no web address"),
    ("javascript:alert(1)", "is no web address"),
    ("http:///rss", "is no web address"),
    ("https://[x", "is no address; look at its brackets and its port"),
    ("https://a.example:99999/", "is no address; look at its brackets and its port"),
    ("https://a.example/a b", "has a space in it; write %20 for it, or remove it"),
    ("https://a.example/" + "a" * 4_096, "has 4,114 characters; write at most 4,096"),
    (r"https://a.example/\x07", "holds a line break or a control character; remove it"),
]


@pytest.mark.parametrize(("url", "said"), URLS, ids=[url[:30] for url, _ in URLS])
def test_a_url_that_cannot_be_polled_is_a_fault(faults: Faults, url: str, said: str) -> None:
    [fault] = faults(f'sources:\n  - name: A\n    url:\n      - https://a.example\n      - "{url}"\n')

    assert fault.line == 5
    assert said in fault.text


def test_a_password_in_a_url_is_a_fault_that_does_not_repeat_it(faults: Faults) -> None:
    [fault] = faults("sources: [{name: A, url: 'https://user:hunter2@a.example/rss'}]")

    assert fault.text == (
        'url "https://…@a.example/rss" holds a user name or password; '
        "put them in a file as user:password and name it in auth_file"
    )


OF_A_TOPIC = [
    ("slug: ../../x", 'slug "../../x" is no slug'),
    ("slug: .", 'slug "." is no slug'),
    ("slug: CON", 'slug "CON" is no slug'),
    ("slug: ''", 'slug "" is empty'),
    ("slug: 📰", 'slug "📰" is no slug'),
    (f"slug: {'a' * 300}", "is no slug; write 1 to 64 small letters"),
    ("slug: index", 'slug "index" is a page of ours; write another slug'),
    ("title: Dunia", 'the topic has no slug; write "slug:" and its value'),
    ("slug: d\n    match: a OR (b", 'match "a OR (b" cannot be used: expected ")"; write it'),
    ("slug: d\n    sources: [Antar]", '"Antar" is the name of no source; write "Antara"'),
    ("slug: d\n    sources: [Zzz]", '"Zzz" is the name of no source; write the name of one that stands under sources'),
    ("slug: d\n    one_per: day", 'one_per "day" is unknown; write one of headline, story'),
    ("slug: d\n    order: newst", 'order "newst" is unknown; write "newest"'),
    ("slug: d\n    retell: always", 'retell "always" is unknown; write one of never, outlet, revision'),
    ("slug: d\n    half_life: 5m", 'half_life "5m" is below 1 hour; write "1h" or more'),
    ("slug: d\n    half_life: 31d", 'half_life "31d" is above 30 days; write "30d" or less'),
    ("slug: d\n    limit: 401", 'limit "401" is not in range; write a whole number from 1 to 400'),
    ("slug: d\n    per_source: 0", 'per_source "0" is not in range'),
    ("slug: d\n    languages: [id, '?']", 'languages "?" is no language tag'),
    ("slug: update\n    order: popular", "the topic update takes every headline in its own order; remove order"),
    (
        "slug: popular\n    match: x\n    sources: Antara",
        "takes every headline in its own order; remove match, sources",
    ),
]


@pytest.mark.parametrize(("written", "said"), OF_A_TOPIC, ids=[written[:40] for written, _ in OF_A_TOPIC])
def test_a_fault_of_a_topic_is_told_in_words(faults: Faults, written: str, said: str) -> None:
    [fault] = faults(f"{SOURCE}topics:\n  - {written}\n")

    assert fault.line == (4 if "\n" not in written or "every headline" in said else 5)
    assert said in fault.text


def test_what_is_missing_is_told_where_it_should_stand(faults: Faults) -> None:
    assert faults("site: {title: x}\n") == (
        Fault(line=1, text='the file has no sources; write "sources:" and its value'),
    )
    assert faults("sources: []\n") == (Fault(line=1, text="sources is empty; write at least one"),)
    assert faults("sources:\n  - name: A\n\n  - url: http://b.example\n") == (
        Fault(line=2, text='the source has no url; write "url:" and its value'),
        Fault(line=4, text='the source has no name; write "name:" and its value'),
    )


@pytest.mark.parametrize("written", ["kabar", "[a]", "~"], ids=["text", "list", "nothing"])
def test_a_file_that_is_no_mapping_is_one_fault(faults: Faults, written: str) -> None:
    assert faults(written) == (Fault(line=1, text="the file must be a mapping; write its keys and values below it"),)


def test_what_stands_twice_names_both_lines(faults: Faults) -> None:
    assert faults(
        "sources:\n"
        "  - name: Antara\n"
        "    url: https://a.example\n"
        "  - name: ANTARA\n"
        "    url: https://a.example\n"
        "  - {name: P, url: 'https://p.example', page: {list: Update}}\n"
        "  - {name: Q, url: 'https://p.example', page: {list: UPDATE}}\n"
        "topics:\n"
        "  - {slug: dunia}\n"
        "  - {title: World, slug: dunia}\n"
    ) == (
        Fault(line=4, text='name "ANTARA" is that of the source in line 2; write another'),
        Fault(line=5, text="the same address as the source in line 2; remove one, or name another list of the page"),
        Fault(line=7, text="the same address as the source in line 6; remove one, or name another list of the page"),
        Fault(line=10, text='slug "dunia" is that of the topic in line 9; write another'),
    )


def test_all_faults_are_told_at_once_in_the_order_of_their_lines(faults: Faults) -> None:
    found = faults(
        "topics:\n"
        "  - {slug: dunia, match: '(', limit: 0}\n"
        "  - {slug: lokal, sources: [Nobody, A]}\n"
        "sources:\n"
        "  - name: A\n"
        "    name: B\n"
        "    url: !py x\n"
        "  - every: 1s\n"
        "    url: http://b.example\n"
        "keep: 1\n"
    )

    assert [fault.line for fault in found] == [2, 2, 3, 6, 7, 7, 8, 8, 10]


def test_an_entry_with_a_fault_still_counts_for_the_others(faults: Faults) -> None:
    found = faults(
        "sources:\n"
        "  - {name: A, url: nowhere}\n"
        "  - {name: a, url: http://b.example}\n"
        "topics:\n"
        "  - {slug: x, sources: [A, C], limit: 0}\n"
        "  - {slug: x}\n"
    )

    assert [(fault.line, fault.text.partition(" is ")[0]) for fault in found] == [
        (2, 'url "nowhere"'),
        (3, 'name "a"'),
        (5, '"C"'),
        (5, 'limit "0"'),
        (6, 'slug "x"'),
    ]


def test_what_a_terminal_would_obey_is_shown_as_an_escape(faults: Faults) -> None:
    [fault] = faults(source(r'"\e[2Jx": y'))

    assert fault.text.startswith('"\\x1b[2Jx" is no key of the source; write one of ')


def test_an_unknown_key_is_a_fault_even_with_nothing_after_it(faults: Faults) -> None:
    [fault] = faults(source("topic:"))

    assert fault.text == '"topic" is no key of the source; write "topics"'


def test_too_many_fallbacks_are_a_fault(faults: Faults) -> None:
    urls = ", ".join(f"http://{n}.example" for n in range(11))
    [fault] = faults(f"sources: [{{name: A, url: [{urls}]}}]")

    assert fault.text == "url holds too many; remove the last"
