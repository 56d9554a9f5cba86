import pytest

from aggregator.dedupe.canonical import canonical_url

PAGE = "https://dunia.example/berita/kabut"


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(PAGE, id="itself"),
        pytest.param("http://dunia.example/berita/kabut", id="http"),
        pytest.param("HTTPS://WWW.Dunia.Example/berita/kabut", id="www and case"),
        pytest.param("https://m.dunia.example/berita/kabut", id="mobile host"),
        pytest.param("https://amp.dunia.example/berita/kabut", id="amp host"),
        pytest.param("https://dunia.example:443/berita/kabut", id="default port"),
        pytest.param("https://dunia.example./berita/kabut", id="root dot"),
        pytest.param("https://reader:secret@dunia.example/berita/kabut", id="user"),
        pytest.param("https://dunia.example/berita/kabut/", id="trailing slash"),
        pytest.param("https://dunia.example/berita/kabut/amp/", id="amp at the end"),
        pytest.param("https://dunia.example/amp/berita/kabut", id="amp at the start"),
        pytest.param("https://dunia.example/berita/kabut?amp=1", id="amp parameter"),
        pytest.param("https://dunia.example/berita/kabut?outputType=amp", id="amp as output type"),
        pytest.param("https://dunia.example/berita/kabut#komentar", id="fragment"),
        pytest.param("https://dunia.example/berita/kabut?utm_source=rss&UTM_Medium=feed", id="utm"),
        pytest.param("https://dunia.example/berita/kabut?fbclid=x&gclid=y&at_medium=RSS", id="click ids"),
        pytest.param("https://dunia.example/berita/kabut?ref=rss", id="ref of a feed"),
        pytest.param("https://dunia.example/berita/kabut;jsessionid=0A1B", id="session in the path"),
        pytest.param("https://dunia.example/berita/k%61but?", id="needless escape"),
        pytest.param("  https://dunia.example/berita/kabut\n", id="white space around"),
    ],
)
def test_twins_of_a_page_are_one(twin: str) -> None:
    assert canonical_url(twin) == PAGE


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("https://dunia.example/berita/Kabut", id="case of the path"),
        pytest.param("https://dunia.example:8080/berita/kabut", id="another port"),
        pytest.param("https://id.dunia.example/berita/kabut", id="another host"),
        pytest.param("https://dunia.example/berita/kabut?id=2", id="parameter"),
        pytest.param("https://dunia.example/berita/kabut?sid=2", id="story id"),
        pytest.param("https://dunia.example/berita/kabut?ref=main", id="ref that means something"),
        pytest.param("https://dunia.example/berita/kabut#!/2", id="route"),
        pytest.param("https://dunia.example/berita/kabut%2F", id="escaped slash"),
    ],
)
def test_other_pages_stay_apart(other: str) -> None:
    assert canonical_url(other) != PAGE


def test_the_order_of_parameters_does_not_matter() -> None:
    assert canonical_url("https://dunia.example/?b=2&a=1") == canonical_url("https://dunia.example?a=1&b=2")


def test_amp_pages_with_a_suffix_are_their_html_pages() -> None:
    assert canonical_url("https://dunia.example/kabut.amp.html") == "https://dunia.example/kabut.html"


def test_a_domain_that_begins_like_a_twin_keeps_its_name() -> None:
    assert canonical_url("https://www.example/a") == "https://www.example/a"
    assert canonical_url("https://m.example/a") == "https://m.example/a"


def test_international_hosts_are_compared_as_the_wire_has_them() -> None:
    assert canonical_url("https://Bücher.example/a") == canonical_url("https://xn--bcher-kva.example/a")


@pytest.mark.parametrize(
    "text",
    ["https://[x", "http://", "mailto:desk@dunia.example", "", "//dunia.example/a", "https://a b/c", "http://\udc80/"],
)
def test_what_is_no_web_address_comes_back_as_it_is(text: str) -> None:
    assert canonical_url(text) == text


def test_an_endless_link_is_not_taken_apart() -> None:
    link = "http://www.dunia.example/?" + "utm_source=a&" * 200
    assert canonical_url(link) == link
    assert canonical_url(link[:1_000]) == "https://dunia.example"


def test_a_host_that_is_too_long_is_not_looked_into() -> None:
    link = "http://" + "é.ß" * 100 + ".example/1"
    assert canonical_url(link) == link


@pytest.mark.parametrize("host", ["www.a.example", "m.www.a.id", "amp.x.de", "a.b", "www.com", "1.2.3.4", "a-.example"])
@pytest.mark.parametrize("path", ["/a", "/a/b.html", "/amp/a", "/a/amp", "/a.amp", "/a.amp.html", "/AMP/x", "/../a/~b"])
def test_a_plain_link_is_compared_as_one_that_had_to_be_taken_apart(host: str, path: str) -> None:
    assert canonical_url(f"http://{host}{path}") == canonical_url(f"http://{host}{path}#fragment")
