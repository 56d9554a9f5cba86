from dataclasses import replace

from lxml import html

from aggregator.report import SourceStatus, Status
from tests.monitor.samples import FAILING, OK, STATUS
from tests.publish.stories import press


def page(*sources: SourceStatus, **changes: object) -> html.HtmlElement:
    status: Status = replace(STATUS, sources=sources or STATUS.sources, **changes)  # type: ignore[arg-type]
    return html.document_fromstring(press().status_page(status))


def rows(read: html.HtmlElement) -> list[list[str]]:
    return [[" ".join(cell.text_content().split()) for cell in row] for row in read.xpath("//tbody/tr")]


def test_sources_are_told_worst_first_with_what_is_wrong_and_when_they_are_asked() -> None:
    assert rows(page(OK, FAILING, replace(OK, name="Tutup", state="parked", next_at=None, reason=""))) == [
        ["Gema Harian", f"failing (503){FAILING.error}", "none yet", "2026-11-23 10:24back-off after 3 failures"],
        ["Tutup", "parked (304)", "2026-11-23 09:58", "never"],
        ["Dunia Kita", "ok (304)", "2026-11-23 09:58", "2026-11-23 10:12every 15 min"],
    ]


def test_it_lies_beside_the_front_page_and_names_the_feed() -> None:
    read = page()
    assert read.xpath("//p[@class='site']/a/@href") == ["./"]
    assert read.xpath("//link[@rel='alternate']/@href") == ["./status.atom"]


def test_a_screen_reader_tells_its_parts_apart() -> None:
    read = page()
    parts = read.xpath("//main//section | //*[@role='region']")
    names = [part.get("aria-label") or read.get_element_by_id(part.get("aria-labelledby")).text for part in parts]
    assert names == ["Status", "Sources"]


def test_it_tells_no_secret_and_no_markup() -> None:
    url = "https://me:hush1@a.example/private/hush2/rss?token=hush3"
    bad = replace(FAILING, name="<script>alert(1)</script>", url=url, error=f"{url.replace('/hush2', '')}: 410 <Gone>")
    read = page(bad, notices=("<b>", "one"))

    assert b"hush" not in html.tostring(read)
    assert read.xpath("//tbody//a/@href") == ["https://a.example/"]
    assert rows(read)[0][:2] == [bad.name, "failing (503)https://a.example/private/rss: 410 <Gone>"]
    assert not read.xpath("//script[not(@src)] | //b")


def test_of_very_many_sources_those_that_fail_are_told() -> None:
    read = page(*[OK] * 1_500, FAILING)
    assert [len(rows(read)), rows(read)[0][0]] == [1_000, "Gema Harian"]
    assert "501 more are in" in read.text_content()
