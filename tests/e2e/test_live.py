"""A page that is open while news comes in, in a real Chromium."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, Self

import pytest

from aggregator.document import Document
from aggregator.publish.page import PAGE_TYPE
from aggregator.publish.script import SCRIPT_PATH, SCRIPT_TYPE, script
from aggregator.serve.events import Events
from aggregator.serve.http import Server
from tests.e2e.browser import PROGRAM, Chromium
from tests.e2e.running import Origin, Page, eventually

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="chromium is not on this machine")

HTML: Final = """<!DOCTYPE html><html lang="id"><head><meta charset="utf-8"><title>Dunia</title>
<script src="../live.js" defer></script></head><body data-path="dunia/index.html">
<main id="main" tabindex="-1"><ol>{}</ol></main></body></html>"""
LINE: Final = '<li><a class="title" href="https://selat.example/{0}">Berita {0}</a><p>Kabar.</p></li>'
WATCHED: Final = """
    Math.random = () => 0;  // when a page asks again is left to chance
    window.streams = [];
    window.EventSource = class extends EventSource { constructor(url) { super(url); streams.push(this) } };
"""
TIMES_ASKED: Final = "performance.getEntriesByName(location.href, 'resource').length"


class Site:
    """A site of one page, "dunia/", with the server in a thread of its own."""

    def __init__(self) -> None:
        self.events = Events()
        self.shelf = {SCRIPT_PATH: document(SCRIPT_PATH, SCRIPT_TYPE, script())}
        self.loop = asyncio.new_event_loop()
        self.news = 0
        self.url = ""

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server = Server(self.shelf, live={}, events=self.events)
        self.url = asyncio.run_coroutine_threadsafe(self.server.start("127.0.0.1", 0), self.loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def publish(self, numbers: Sequence[int | str], *paths: str) -> None:
        """Show these headlines, and tell of these paths."""
        body = HTML.format("".join(map(LINE.format, numbers))).encode()
        self.shelf["dunia/index.html"] = document("dunia/index.html", PAGE_TYPE, body)
        self.news += 1
        self.loop.call_soon_threadsafe(self.events.tell, self.news, paths)


def document(path: str, content_type: str, body: bytes) -> Document:
    return Document(path=path, content_type=content_type, body=body, modified_at=None, max_age=timedelta(hours=1))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        chromium.do("Page.addScriptToEvaluateOnNewDocument", source=WATCHED)
        yield chromium


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.publish(range(60))
        yield site


@pytest.fixture
def page(browser: Chromium, site: Site) -> Chromium:
    page = browser.open(f"{site.url}/dunia/")
    eventually(lambda: page.ask(TIMES_ASKED) == 1)  # it listens, and has looked whether it missed anything
    return page


def first(page: Chromium) -> object:
    return page.ask("document.querySelector('main a').textContent")


def look(page: Chromium, *, away: bool) -> None:
    """Look at another tab, or at this one again."""
    page.ask(f"Object.defineProperty(document, 'hidden', {{configurable: true, value: {str(away).lower()}}})")
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")


def test_news_comes_in_and_what_the_reader_is_at_stays_where_it_is(page: Chromium, site: Site) -> None:
    page.ask("document.querySelectorAll('a')[20].focus(); scrollTo(0, 700)")
    at = "(({href}, {top}) => [href, top])(document.activeElement, document.activeElement.getBoundingClientRect())"
    before = page.ask(at)
    site.publish([99, *range(60)], "index.html", "dunia/index.html")
    eventually(lambda: first(page) == "Berita 99")

    assert page.ask(at) == before
    assert before[0] == "https://selat.example/20"
    assert page.ask("document.querySelectorAll('main').length") == 1
    assert page.ask("document.querySelector('[role=status]').textContent") == "Berita 99"
    assert not [complaint for complaint in page.complaints if "Policy" in complaint]


def test_an_edition_that_changed_other_pages_costs_no_request(page: Chromium, site: Site) -> None:
    page.ask("streams[0].addEventListener('published', () => { document.title += '!' })")
    site.publish([98, *range(60)], "index.html", "dunia.atom")
    eventually(lambda: page.ask("document.title") == "Dunia!")
    assert (first(page), page.ask(TIMES_ASKED)) == ("Berita 0", 1)

    site.publish([99, *range(60)], "*")
    eventually(lambda: first(page) == "Berita 99")
    assert page.ask(TIMES_ASKED) == 2


def test_a_tab_that_nobody_looks_at_listens_to_nothing_and_catches_up_when_it_is_seen(
    page: Chromium, site: Site
) -> None:
    look(page, away=True)
    eventually(lambda: not site.events.listeners)
    site.publish([99, *range(60)], "dunia/index.html")
    assert (first(page), page.ask(TIMES_ASKED)) == ("Berita 0", 1)
    look(page, away=False)
    eventually(lambda: first(page) == "Berita 99")


def test_on_a_static_host_one_request_finds_nothing_and_that_is_all(browser: Chromium, site: Site) -> None:
    files = {"/dunia/": site.shelf["dunia/index.html"], "/live.js": site.shelf[SCRIPT_PATH]}
    with Origin({path: Page(body=it.body, content_type=it.content_type) for path, it in files.items()}) as origin:
        page = browser.open(origin.url("/dunia/"))
        eventually(lambda: page.ask("streams[0].readyState === EventSource.CLOSED"))
        for away in (True, False, True, False):
            look(page, away=away)
        page.ask("fetch('/the-end')")
        eventually(lambda: "/the-end" in [asked.path for asked in origin.asked])
    assert [asked.path for asked in origin.asked].count("/events") == 1
    assert [asked.path for asked in origin.asked].count("/dunia/") == 1


def test_a_title_that_comes_in_is_put_in_and_said_as_text(page: Chromium, site: Site) -> None:
    lines = ["&lt;img src=x onerror=hacked=1&gt;", *range(60)]
    site.publish(lines, "dunia/index.html")
    eventually(lambda: first(page) != "Berita 0")

    shown = "Berita <img src=x onerror=hacked=1>"
    assert (first(page), page.ask("document.querySelector('[role=status]').textContent")) == (shown, shown)
    assert page.ask("document.querySelectorAll('img, [role=status] *').length") == 0
    assert not [complaint for complaint in page.complaints if "Policy" in complaint]
