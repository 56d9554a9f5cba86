"""What people see: pages and feeds of a running daemon in a real Chromium, under the policies they are sent with."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

import pytest

from tests.e2e.browser import PROGRAM, Chromium
from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not on this machine")

UGLY: Final = 'Kabut: 5 < 6 & "harga" ' + "beras" * 60
PHONE: Final = 360
ATTACKS: Final = (
    "<script>hacked = 1</script>",
    "&lt;script&gt;hacked = 2&lt;/script&gt;",
    '"><img src=x onerror=hacked=3>',
    "' autofocus onfocus='hacked = 4",
    "]]><svg onload=hacked=5>",
    "</title></head><body onload=hacked=6>",
    "&lt;img src=x onerror=hacked=7&gt;",
    "javascript:hacked=8",
    "<svg onload=hacked=11 ",  # no tag to parse/, which leaves it in; it is one in a page that escapes nothing
    "--><iframe srcdoc='<script>parent.hacked = 9</script>'>",
    "<a href='javascript:hacked=10' id=main class=title>x</a>",
)
ITEM: Final = "<item><guid>{0}</guid><title>{1}</title><link>https://{2}.example/{0}</link></item>"


def rss(outlet: str, *titles: str) -> bytes:
    items = "".join(ITEM.format(number, escape(title), outlet) for number, title in enumerate(titles))
    return f'<rss version="2.0"><channel><title>{outlet}</title>{items}</channel></rss>'.encode()


def hostile() -> bytes:
    """A feed that tries, in each of its fields, to have a script run where it is shown."""
    fields = ["guid", "title", "link", "author", "description", "category", "comments"]
    items = (
        "".join(f"<{field}>{escape(f'{attack} {number}')}</{field}>" for field in fields)
        for number, attack in enumerate(ATTACKS)
    )
    told = "".join(f"<item>{item}<enclosure url='javascript:a' type='text/html'/></item>" for item in items)
    head = f"<title>{escape(ATTACKS[2])}</title><link>javascript:hacked=0</link>"
    return f'<rss version="2.0"><channel>{head}{told}</channel></rss>'.encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    pages = {
        "/selat.xml": Page(body=rss("selat", "Kabut menipis di Selat Sunda", UGLY)),
        "/teluk.xml": Page(body=rss("teluk", "Kabut menipis di Selat Sunda")),
        "/jahat.xml": Page(body=hostile()),
    }
    folder = tmp_path_factory.mktemp("browser")
    with Origin(pages) as origin:
        sources = [{"name": name.title(), "url": origin.url(f"/{name}.xml")} for name in ("selat", "teluk", "jahat")]
        more = [{"slug": f"topik-{number}", "title": f"Topik {number}", "match": "kabut"} for number in range(9)]
        topics = [{"slug": "cuaca", "title": "Cuaca", "match": "kabut"}, *more]  # too many for one row of a phone
        with daemon(folder, write_feeds(folder, sources, topics=topics)) as running:
            eventually(lambda: "2 media" in running.read("/cuaca/"))
            eventually(lambda: "autofocus onfocus" in running.read("/"))
            yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def paths(running: Running) -> tuple[str, ...]:
    """One of each kind of page."""
    (story,) = set(re.findall(r"story/[0-9a-f-]+/", running.read("/cuaca/")))
    return "/", "/cuaca/", f"/{story}", "/404.html", "/status"


def test_no_page_is_wider_than_a_phone_nor_wants_what_its_policy_forbids(
    browser: Chromium, running: Running, paths: tuple[str, ...]
) -> None:
    for path in paths:
        page = browser.open(running.url + path, width=PHONE)
        assert page.ask("document.documentElement.scrollWidth") == PHONE, path
        assert page.complaints == [], path
        assert page.ask("getComputedStyle(document.querySelector('h1')).fontWeight") in {"700", "800"}, path
        assert page.ask("document.images.length") == 0


def test_pages_are_dark_where_the_reader_is(browser: Chromium, running: Running) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = browser.open(f"{running.url}/cuaca/", scheme=scheme)
        colours[scheme] = page.ask("getComputedStyle(document.documentElement).backgroundColor")
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 26)"}


def test_the_first_key_leads_past_the_topics_to_the_news(browser: Chromium, running: Running) -> None:
    page = browser.open(f"{running.url}/cuaca/")
    assert page.ask("document.querySelector('.skip').getBoundingClientRect().bottom") < 0
    page.press("Tab")
    assert page.ask("document.activeElement.hash") == "#main"
    assert page.ask("document.activeElement.getBoundingClientRect().top") >= 0
    assert page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_assistive_programs_find_their_way(browser: Chromium, running: Running) -> None:
    roles = browser.open(f"{running.url}/cuaca/").roles()
    landmarks = ["banner", "complementary", "contentinfo", "main", "navigation"]
    assert sorted(role for role in roles if role in landmarks) == landmarks
    assert {"heading", "list", "listitem", "link", "textbox"} <= set(roles)


def test_the_address_of_a_feed_is_there_to_be_copied(browser: Chromium, running: Running) -> None:
    page = browser.open(f"{running.url}/cuaca/")
    address = "document.querySelector('input')"
    assert page.ask(f"{address}.value") == f"{running.url}/cuaca.rss"
    page.ask(f"{address}.select()")
    assert page.ask("getSelection().toString()") == f"{running.url}/cuaca.rss"


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_feed_that_is_opened_looks_like_a_page(browser: Chromium, running: Running, ending: str) -> None:
    page = browser.open(f"{running.url}/cuaca.{ending}", width=PHONE)
    assert "Ini sebuah feed" in page.ask("getComputedStyle(document.documentElement, '::before').content")
    shown = page.ask("[...document.querySelectorAll('item > title, entry > title')].map(it => it.textContent)")
    assert sorted(shown) == sorted([UGLY, "Kabut menipis di Selat Sunda"])
    assert page.ask("getComputedStyle(document.querySelector('item > title, entry > title')).fontWeight") == "600"
    assert page.ask("getComputedStyle(document.querySelector('guid, id')).display") == "none"
    assert page.ask("document.documentElement.scrollWidth") == PHONE
    assert page.complaints == []


@pytest.mark.parametrize("path", ["/", "/update/", "/status", "/update.rss", "/update.atom", "/feeds.opml"])
def test_no_script_of_a_source_runs_wherever_it_is_shown(browser: Chromium, running: Running, path: str) -> None:
    page = browser.open(running.url + path)
    assert page.ask("typeof hacked") == "undefined"
    assert page.complaints == []
    assert page.ask("[...document.querySelectorAll('script')].every(it => it.src.endsWith('/live.js'))")
    assert page.ask("[...document.querySelectorAll('a[href]')].every(it => /^https?:$/.test(it.protocol))")
    assert (
        page.ask("document.querySelectorAll('iframe, img, svg, [onload], [onerror], [onfocus], [srcdoc]').length") == 0
    )
