"""Who publishes: thirteen invented outlets, and how each of them is difficult."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["id", "en"]
Subject: TypeAlias = Literal["politik", "ekonomi", "bencana", "olahraga", "teknologi", "dunia"]
Format: TypeAlias = Literal["rss20", "rss10", "atom10", "json11", "page"]

EVERYTHING: Final[tuple[Subject, ...]] = ("politik", "ekonomi", "bencana", "olahraga", "teknologi", "dunia")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One invented outlet.

    Attributes:
        slug: The first segment of its paths.
        name: Plain text, safe in YAML without quotes.
        language: Of everything it writes.
        format: Of the document it lists its headlines in.
        file: The last segment of that document's path.
        subjects: What it reports on.
        size: How many headlines it lists.
        weight: As feeds.yaml gives it.
        agency: It reports everything, and first; the others of its language copy it. One for each language.
        dated: False: its headlines carry no date.
        ill_formed: Its XML breaks off after the last headline.
        restless: Each answer gives every headline another guid.
        slow_seconds: How long it thinks before it answers, in real time.
        fails_every: Each so-manieth request is answered with 500; 0: none.
        closes_after: Wire time after which it answers 410. None: it stays.
        old_file: The last segment of a path that redirects to the document for good, and that feeds.yaml still names.
            None: it never moved.
    """

    slug: str
    name: str
    language: Language
    format: Format
    file: str
    subjects: tuple[Subject, ...]
    size: int = 20
    weight: float = 1.0
    agency: bool = False
    dated: bool = True
    ill_formed: bool = False
    restless: bool = False
    slow_seconds: float = 0.0
    fails_every: int = 0
    closes_after: timedelta | None = None
    old_file: str | None = None

    @property
    def path(self) -> str:
        """Where its headlines are listed."""
        return f"/{self.slug}/{self.file}"

    @property
    def configured_path(self) -> str:
        """What feeds.yaml names: the old path, where it has moved."""
        return f"/{self.slug}/{self.old_file or self.file}"

    def status(self, *, asked: int, elapsed: timedelta) -> int:
        """Tell how it answers.

        Args:
            asked: How often it was asked, this request included.
            elapsed: Wire time since the newsroom opened.

        Returns:
            200, 410 or 500, before any validator is looked at.
        """
        if self.closes_after is not None and elapsed >= self.closes_after:
            return 410
        return 500 if self.fails_every and asked % self.fails_every == 0 else 200


OUTLETS: Final = (
    Outlet(
        slug="lensa-arunika",
        name="Lensa Arunika",
        language="id",
        format="rss20",
        file="rss.xml",
        subjects=EVERYTHING,
        size=30,
        weight=2.0,
        agency=True,
    ),
    Outlet(
        slug="arunika-post",
        name="The Arunika Post",
        language="en",
        format="atom10",
        file="feed.atom",
        subjects=EVERYTHING,
        size=30,
        weight=2.0,
        agency=True,
    ),
    Outlet(
        slug="harian-selasih",
        name="Harian Selasih",
        language="id",
        format="page",
        file="index.html",
        subjects=EVERYTHING,
        size=15,
    ),
    Outlet(
        slug="warta-kirana",
        name="Warta Kirana",
        language="id",
        format="atom10",
        file="atom.xml",
        subjects=("politik", "ekonomi"),
    ),
    Outlet(
        slug="bursa-lumbung",
        name="Bursa Lumbung",
        language="id",
        format="rss20",
        file="feed",
        subjects=("ekonomi", "teknologi"),
        fails_every=5,
    ),
    Outlet(
        slug="gelanggang",
        name="Gelanggang",
        language="id",
        format="rss10",
        file="index.rdf",
        subjects=("olahraga",),
    ),
    Outlet(
        slug="tanggap-bumi",
        name="Tanggap Bumi",
        language="id",
        format="rss20",
        file="rss",
        subjects=("bencana",),
        dated=False,
    ),
    Outlet(
        slug="jendela-samudra",
        name="Jendela Samudra",
        language="id",
        format="rss20",
        file="rss.xml",
        subjects=("dunia", "politik"),
        ill_formed=True,
    ),
    Outlet(
        slug="tabloid-senja",
        name="Tabloid Senja",
        language="id",
        format="rss20",
        file="rss.xml",
        subjects=("olahraga", "bencana"),
        closes_after=timedelta(hours=3),
    ),
    Outlet(
        slug="strait-ledger",
        name="Strait Ledger",
        language="en",
        format="json11",
        file="feed.json",
        subjects=("ekonomi", "teknologi"),
    ),
    Outlet(
        slug="touchline-daily",
        name="Touchline Daily",
        language="en",
        format="rss20",
        file="rss.xml",
        subjects=("olahraga",),
        slow_seconds=2.0,
    ),
    Outlet(
        slug="meridian-world",
        name="Meridian World",
        language="en",
        format="rss20",
        file="rss.xml",
        subjects=("dunia", "bencana"),
        old_file="backend.php",
    ),
    Outlet(
        slug="bitwise-courier",
        name="Bitwise Courier",
        language="en",
        format="rss20",
        file="rss.xml",
        subjects=("teknologi",),
        restless=True,
    ),
)
