"""Stories to publish: plain ones, ugly ones, none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline, Revision
from aggregator.publish.press import Press
from aggregator.site import Site
from aggregator.source import Source
from aggregator.story import Dissolved, Story
from aggregator.topic import Topic

NOON: Final = datetime(2025, 12, 29, 3, 12, 30, 987_654, tzinfo=UTC)
BASE_URL: Final = "https://warta.example"
DUNIA: Final = "https://dunia.example/rss"
KABAR: Final = "https://kabar.example/feed"
PASAR: Final = "https://reader:secret@pasar.example/feed"
NAMES: Final = {DUNIA: "Dunia", KABAR: "Kabar & Kota", PASAR: "Pasar"}

SITE: Final = Site(title="Warta <Pagi>", url=BASE_URL, language="id", zone=ZoneInfo("Asia/Jakarta"))
UPDATE: Final = Topic(slug="update", title="UPDATE", everything=True)
POPULAR: Final = Topic(slug="popular", title="Populer", everything=True, order="popular")
TOPICS: Final = (UPDATE, POPULAR, Topic(slug="ekonomi", title='Ekonomi & "Pasar"', languages=("en-us",)))

PLAIN: Final = Headline(
    id="7d0f5f4e-3a7e-5d36-9f5b-5b3c1d9e0001",
    source=DUNIA,
    keys=("0" * 32,),
    story="7d0f5f4e-3a7e-5d36-9f5b-5b3c1d9e0001",
    topics=("update",),
    guid="dunia-1",
    url="https://dunia.example/1?a=1&b=2",
    title="Banjir surut di Semarang",
    summary="Warga mulai pulang & membersihkan rumah.",
    authors=("Rina",),
    categories=("Daerah", "Cuaca"),
    language="id",
    enclosures=(
        Enclosure(url="https://dunia.example/1.mp3", type="audio/mpeg", length=1234),
        Enclosure(url="https://dunia.example/1.jpg", type="image/jpeg"),
    ),
    origin=Origin(id="tag:dunia.example,2025:feed", title="Dunia!", link="https://dunia.example/", updated_at=NOON),
    published_at=NOON,
    first_seen_at=NOON,
    updated_at=NOON,
)


def headline(number: int, source: str = DUNIA, **changes: object) -> Headline:
    """One of many: its id and instant follow from its number."""
    published_at = NOON - timedelta(minutes=number)
    numbered = replace(
        PLAIN,
        id=f"7d0f5f4e-3a7e-5d36-9f5b-{number:012d}",
        source=source,
        url=f"https://dunia.example/{number}",
        title=f"Berita {number}",
        published_at=published_at,
        updated_at=published_at,
    )
    return replace(numbered, **changes)  # type: ignore[arg-type]  # the tests name fields that exist


def story(*headlines: Headline, heat: float = 1.5) -> Story:
    """One event; the first headline leads it."""
    lead, updated_at = headlines[0], max(each.updated_at for each in headlines)
    return Story(
        id=lead.id,
        headlines=headlines,
        lead=lead,
        heat=heat,
        published_at=lead.published_at,
        updated_at=max(lead.published_at, updated_at),
    )


def revised(line: Headline, *earlier: str) -> Headline:
    """The same with these earlier titles, each replaced an hour after the one before."""
    instants = [line.published_at + timedelta(hours=1 + hour) for hour in range(len(earlier))]
    revisions = tuple(Revision(title=title, until=until) for title, until in zip(earlier, instants, strict=True))
    return replace(line, revisions=revisions, updated_at=instants[-1])


UGLY_TITLES: Final = (
    "<script>alert(1)</script>",
    "&lt;script&gt; &amp;amp; &#x3C;",
    "]]><svg onload=alert(1)> <![CDATA[ --><!-- <?xml ?>",
    "    <item>\n    </item>\n  </channel>\n</rss>",
    "  <entry>\n  </entry>\n</feed>",
    "nul \x00 esc \x1b[2J c1 \x9b31m",
    "surrogate \ud800, nonchar \ufffe, bidi \u202e, separator \u2028, cr \r lf \n",
    "عاجل: خبر",
    "\x00",
)
UGLY_LINKS: Final = (
    None,
    "javascript:alert(1)",
    "jav\tascript:alert(1)",
    "data:text/html,x",
    "//evil.example/",
    "https://a.example/\r\nSet-Cookie: x=1",
    "https://user:secret@a.example/",
    'https://a.example/"><script>',
    "https://[x",
)

FIRST, SECOND, THIRD = headline(1), headline(2, KABAR, title="Banjir reda", url="https://kabar.example/9"), headline(3)
DISSOLVED: Final = tuple(
    Dissolved(story=f"7d0f5f4e-3a7e-5d36-9f5b-{number:012d}", into=PLAIN.id, at=NOON, topics=("update", "ekonomi"))
    for number in (901, 902)
)
PLAIN_STORIES: Final = (story(PLAIN), story(FIRST, SECOND, THIRD), story(headline(4, PASAR, summary="", authors=())))
UGLY_STORIES: Final = tuple(
    story(
        headline(
            100 + number,
            title=title,
            url=link,
            summary=title,
            authors=(title,),
            categories=(title, title),
            language=title,
            enclosures=(Enclosure(url=link or "", type=title, length=-1), Enclosure(url=DUNIA, type=title)),
            origin=Origin(id=link or "", title=title, link=link),
        ),
        revised(headline(200 + number, title, title=title, url=link), title, title),
        headline(300 + number, title=title, url=f"{KABAR}?a=1&amp=2&b='{number}'"),
    )
    for number, (title, link) in enumerate(zip(UGLY_TITLES, UGLY_LINKS, strict=True))
)
STORIES: Final = {"plain": PLAIN_STORIES, "ugly": UGLY_STORIES, "both": PLAIN_STORIES + UGLY_STORIES, "none": ()}


def press(*sources: Source) -> Press:
    """A press with nothing kept."""
    return Press(SITE, BASE_URL, TOPICS, NAMES, sources)
