"""Seed and elapsed time → what each outlet lists.

Things happen one after the other, numbered. Nothing is remembered: the number of an event decides what happened, when,
who reports it, in which words, how late, and whether the report is revised. "Wire time" is the newsroom's own: it
stands at zero when the newsroom opens, and what lies before is its backlog.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from aggregator.demo.home_news import DISASTERS, ECONOMY, POLITICS
from aggregator.demo.outlets import OUTLETS, Language, Outlet, Subject
from aggregator.demo.words import WORDS, Plot
from aggregator.demo.world_news import SPORT, TECHNOLOGY, WORLD

OPENING: Final = 100_000
"""The number of the event that happens as the newsroom opens."""

GAP: Final = timedelta(minutes=3)
"""Between two events, on average."""

MEMORY: Final = timedelta(hours=24)
"""How far back an outlet looks for its list: long enough that even a narrow one always fills it, so that a list
changes only when something is added or revised."""

PLOTS: Final[tuple[tuple[Subject, Plot], ...]] = (
    *(("politik", plot) for plot in POLITICS),
    *(("ekonomi", plot) for plot in ECONOMY),
    *(("bencana", plot) for plot in DISASTERS),
    *(("olahraga", plot) for plot in SPORT),
    *(("teknologi", plot) for plot in TECHNOLOGY),
    *(("dunia", plot) for plot in WORLD),
)

_MORE: Final[dict[Language, tuple[str, ...]]] = {
    "id": (
        "Keterangan lengkap dijanjikan sore ini.",
        "Warga diminta menunggu pengumuman resmi.",
        "Sejumlah pihak menyambut kabar ini dengan hati-hati.",
        "Rinciannya masih dihimpun di lapangan.",
        "Pembahasan lanjutan dijadwalkan pekan depan.",
    ),
    "en": (
        "A full statement is expected this afternoon.",
        "People were asked to wait for the official word.",
        "Reactions so far have been cautious.",
        "Details are still being gathered.",
        "Further talks are planned for next week.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One headline of one outlet.

    Attributes:
        event: The number of what happened: dispatches of one event tell the same.
        subject: Its section.
        title: As first sent.
        revised_title: As it reads from `revised` on.
        summary: Two sentences, plain text.
        link: Path and query below the newsroom's own address.
        sent: Wire time, whole seconds; negative in the backlog.
        revised: Wire time, whole seconds, after `sent`. None: it is never revised.
    """

    event: int
    subject: Subject
    title: str
    revised_title: str
    summary: str
    link: str
    sent: timedelta
    revised: timedelta | None

    def title_at(self, elapsed: timedelta) -> str:
        """Give the title as it reads at a wire time."""
        return self.title if self.updated_by(elapsed) == self.sent else self.revised_title

    def updated_by(self, elapsed: timedelta) -> timedelta:
        """Give the wire time of the last change up to a wire time: the revision's, else `sent`."""
        return self.sent if self.revised is None or elapsed < self.revised else self.revised


def listing(outlet: Outlet, *, seed: int, elapsed: timedelta, limit: int) -> tuple[Dispatch, ...]:
    """Give what an outlet has sent by a wire time, newest first; at most `limit` dispatches."""
    newest = OPENING + elapsed // GAP
    told = (dispatch(outlet, seed=seed, event=event) for event in range(newest - MEMORY // GAP, newest + 1))
    sent = [one for one in told if one is not None and one.sent <= elapsed]
    return tuple(sorted(sent, key=lambda one: (one.sent, one.event), reverse=True)[:limit])


def popular(outlet: Outlet, *, seed: int, elapsed: timedelta) -> tuple[Dispatch, ...]:
    """Give the seven of an outlet's latest 60 dispatches that the most outlets report, most popular first.

    The list changes only when the outlet sends or revises something.
    """
    latest = listing(outlet, seed=seed, elapsed=elapsed, limit=60)
    return tuple(sorted(latest, key=lambda one: coverage(seed, one.event), reverse=True)[:7])


@lru_cache(maxsize=16_384)
def dispatch(outlet: Outlet, *, seed: int, event: int) -> Dispatch | None:
    """Give what an outlet writes, sooner or later, about an event. None: it does not write about it."""
    subject, _ = PLOTS[_plot(seed, event)]
    if not outlet.agency and (subject not in outlet.subjects or not _chance(60, seed, event, outlet.slug, "covers")):
        return None
    copies = outlet.agency or _chance(60, seed, event, outlet.slug, "copies")
    wordings = _wordings(outlet.language, seed, event)
    wording = 0 if copies else 1 + _draw(seed, event, outlet.slug, "wording") % (len(wordings) - 1)
    sent = _sent(outlet, seed, event)
    other = wordings[(wording + 1) % len(wordings)]
    prefixed = _chance(60, seed, event, outlet.slug, "prefix")
    return Dispatch(
        event=event,
        subject=subject,
        title=wordings[wording],
        revised_title=f"UPDATE: {wordings[wording]}" if prefixed else other,
        summary=f"{other}. {_pick(_MORE[outlet.language], seed, event, 'more')}",
        link=_link(outlet, seed, event, copies=copies),
        sent=sent,
        revised=_revised(outlet, seed, event, sent),
    )


@lru_cache(maxsize=2_048)
def coverage(seed: int, event: int) -> int:
    """Count the outlets that report an event, now or later: what "Populer" lists are ordered by."""
    return sum(dispatch(outlet, seed=seed, event=event) is not None for outlet in OUTLETS)


def _sent(outlet: Outlet, seed: int, event: int) -> timedelta:
    happened = (event - OPENING) * GAP + _seconds(GAP, seed, event, "happened")
    delay = timedelta(0) if outlet.agency else timedelta(minutes=1) + _seconds(10 * GAP, seed, event, outlet.slug)
    return happened + delay


def _revised(outlet: Outlet, seed: int, event: int, sent: timedelta) -> timedelta | None:
    if not _chance(15, seed, event, outlet.slug, "revises"):
        return None
    return sent + timedelta(minutes=8) + _seconds(8 * GAP, seed, event, outlet.slug, "revised")


def _link(outlet: Outlet, seed: int, event: int, *, copies: bool) -> str:
    """Of its own article; or, of what it copies, sometimes the agency's with tracking parameters."""
    if copies and not outlet.agency and _chance(40, seed, event, outlet.slug, "links"):
        agency = next(other for other in OUTLETS if other.agency and other.language == outlet.language)
        return f"{_link(agency, seed, event, copies=True)}?utm_source={outlet.slug}&utm_medium=rss"
    words = _wordings(outlet.language, seed, event)[0].lower().split()[:6]
    slug = "-".join(filter(None, ("".join(filter(str.isalnum, word)) for word in words)))
    return f"/{outlet.slug}/baca/{event}-{slug}"


@lru_cache(maxsize=2_048)
def _wordings(language: Language, seed: int, event: int) -> tuple[str, ...]:
    """Fill in the words of an event. They advance by one each time its plot comes round, so none comes back soon."""
    number = _plot(seed, event)
    plot = PLOTS[number][1]
    turn = event // len(PLOTS)
    filled = {
        slot: _word(words[(turn + _draw(seed, number, slot)) % len(words)], language) for slot, words in WORDS.items()
    }
    headlines = plot.indonesian if language == "id" else plot.english
    told = (headline.format_map(filled) for headline in headlines)
    return tuple(headline[0].upper() + headline[1:] for headline in told)


def _word(written: str, language: Language) -> str:
    """Choose the language of a word. Indonesian headlines capitalise each."""
    indonesian, _, english = written.partition("|")
    if language == "en":
        return english or indonesian
    return " ".join(part[0].upper() + part[1:] for part in indonesian.split())


def _plot(seed: int, event: int) -> int:
    """Each plot comes once in a turn, in another order each turn."""
    turn, place = divmod(event, len(PLOTS))
    return _order(seed, turn)[place]


@lru_cache(maxsize=128)
def _order(seed: int, turn: int) -> tuple[int, ...]:
    return tuple(sorted(range(len(PLOTS)), key=lambda number: _draw(seed, turn, number)))


def _draw(*key: int | str) -> int:
    """Give a number that looks random, and is the same for the same key on every machine."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest())


def _chance(percent: int, *key: int | str) -> bool:
    return _draw(*key) % 100 < percent


def _pick(choices: tuple[str, ...], *key: int | str) -> str:
    return choices[_draw(*key) % len(choices)]


def _seconds(limit: timedelta, *key: int | str) -> timedelta:
    """Draw whole seconds, fewer than `limit`."""
    return timedelta(seconds=_draw(*key) % int(limit.total_seconds()))
