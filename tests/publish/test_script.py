"""What keeps an open page current, as a document. What it does: tests/e2e/test_live.py."""

from zoneinfo import ZoneInfo

from aggregator.publish.press import Press
from aggregator.site import Site
from tests.newsroom import POPULAR, UPDATE

SITE = Site(title="Warta", url=None, language="id", zone=ZoneInfo("Asia/Jakarta"))


def test_the_script_is_published_as_a_document_of_its_own_that_names_no_other_site() -> None:
    press = Press(SITE, "http://127.0.0.1", (UPDATE, POPULAR), {})
    (live,) = [each for each in press.front((), ()) if each.path == "live.js"]
    assert live.content_type == "text/javascript; charset=utf-8"
    assert b"EventSource" in live.body
    assert b"://" not in live.body
