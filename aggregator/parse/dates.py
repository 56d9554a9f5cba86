"""A printed date → an instant: RFC 3339, RFC 822, and what newsrooms print in their own language.

A date that does not exist (31 Februari, 25:61) is no date: it is never read as another one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from aggregator.parse.almanac import COMMON, belongs_in_dates, month_number

_LIMIT: Final = 200
_RELATIVE_LIMIT: Final = 40
_RELATIVE_WORDS: Final = 6

# [0-9], not \d: int() reads every script's digits, but no newsroom's date line mixes them with Latin words.
_YMD: Final = re.compile(
    r"(?<![0-9/.-])(?P<year>[0-9]{4})(?:[-/.]|年)\s?(?P<month>[0-9]{1,2})(?:[-/.]|月)\s?(?P<day>[0-9]{1,2})日?(?![0-9])"
)
_WORDED: Final = (
    re.compile(
        r"(?<![0-9])(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|º|ª)?[\s.,/-]{1,3}(?:de\s|of\s)?(?P<month>[^\W\d_]{3,12})"
        r"[\s.,/-]{1,3}(?:de\s|del\s|of\s)?(?P<year>[0-9]{4}|[0-9]{2})(?![0-9]|[:.][0-9])"
    ),
    re.compile(
        r"(?<!\w)(?P<month>[^\W\d_]{3,12})\.?\s{1,2}(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?:,\s?|\s{1,2})"
        r"(?P<year>[0-9]{4})(?![0-9])"
    ),
)
_DMY: Final = re.compile(
    r"(?<![0-9/.-])(?P<day>[0-9]{1,2})(?P<dash>[-/.])\s?(?P<month>[0-9]{1,2})(?P=dash)\s?(?P<year>[0-9]{4}|[0-9]{2})"
    r"(?![0-9]|[/-][0-9])"
)
# What asctime(3) and date(1) print: the year comes last, after the clock.
_CTIME: Final = re.compile(
    r"([^\W\d_]{3,12}) {1,2}([0-9]{1,2}) ([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)( [A-Z0-9:+-]{1,9})? ([0-9]{4})(?![0-9])"
)

_TIME: Final = (
    r"(?P<hour>[0-9]{1,2})"
    r"(?:\s?[:.hH]\s?(?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?(?![0-9])"
    r"(?:\s?(?P<half>[aApP])\.?[mM]\b\.?)?|\s?(?P<bare_half>[aApP])\.?[mM]\b\.?)"
)
# Longest names first: "WITA" is not "WIT" and an A.
_ZONE_HOURS: Final = {
    "WITA": 8, "WIB": 7, "WIT": 9,
    "CEST": 2, "MESZ": 2, "CET": 1, "MEZ": 1, "BST": 1, "MSK": 3, "МСК": 3, "SGT": 8, "MYT": 8, "JST": 9, "KST": 9,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "GMT": 0, "UTC": 0, "UT": 0, "Z": 0,
}  # fmt: skip
_ZONE: Final = (
    rf"(?:\s?\(?(?P<name>{'|'.join(_ZONE_HOURS)})\b(?![+-]))?"
    r"(?:\s?(?:GMT|UTC)?(?P<sign>[+-])(?P<off_hours>[0-9]{1,2}):?(?P<off_minutes>[0-9]{2})?(?![0-9]))?\)?"
)
_CLOCK_AFTER: Final = re.compile(
    r"(?:T|[\s,.|•·@/–—-]{0,5}(?:(?:pukul|pkl|jam|at|um|à|a las|às|om|kl|ore|alle|в|г)\b\.?,?\s?){0,2})"
    rf"{_TIME}(?:\s?(?:Uhr|uur|h)\b)?{_ZONE}",
    re.IGNORECASE,
)
_CLOCK_BEFORE: Final = re.compile(
    rf"(?<![\w:.]){_TIME}{_ZONE}[\s,.|•·@/–—-]{{0,5}}(?:[^\W\d_]{{2,12}}[\s,.]{{1,2}})?$", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’‘`](?=[^\W\d_]))*")
_TRAILING_ZONE: Final = re.compile(r"\s(?P<name>WITA|WIB|WIT)$", re.IGNORECASE)

_WIRE_DATE: Final = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (GMT|UTC|[+-][0-9]{4})"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_YEAR: Final = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_LETTER: Final = re.compile(r"[^\W\d_]")

# A text without digits is handed to dateparser if it begins so; "3 menit lalu" is known by its digit.
_DAY_WORDS: Final = re.compile(
    r"(?:kemarin|hari ini|semalam|baru saja|se(?:menit|jam|hari|minggu|bulan|tahun)|yesterday|today|now|just now|an?\b"
    r"|(?:vor)?gestern|heute|(?:avant-)?hier|aujourd.hui|il y a|gisteren|vandaag|ayer|hoy|hace|ontem|hoje|há"
    r"|ieri|oggi|вчера|сегодня)\b",
    re.IGNORECASE,
)
# "2 jam" may be how long a film is; "2 jam lalu" is when.
_DURATION: Final = re.compile(r"[0-9.,]+\s*[^\W\d_]+\.?")

_Clock: TypeAlias = tuple[int, int, int, int]
"""Hour, minute, second, microsecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A date found in a text.

    Attributes:
        at: UTC.
        start, end: Where it stands in the text.
        clock: It names a time of the day.
        relative: It is counted from now ("2 jam yang lalu"): printed differently each minute, it is no part of what
            a line is known by.
    """

    at: datetime
    start: int
    end: int
    clock: bool = True
    relative: bool = False


@dataclass(frozen=True, slots=True)
class _Impossible:
    """It reads as a date, and there is no such day or time."""


def parse_date(text: str, *, zone: ZoneInfo, language: str | None, now: datetime) -> datetime | None:
    """Read a text that is a date and nothing else, such as "Senin, 29 Desember 2025 | 10:12".

    Args:
        text: As printed; a weekday is ignored, case does not matter. More than 200 characters are no date.
        zone: Of a text that names none. WIB, WITA and WIT are UTC+7, +8 and +9, in every format.
        language: RFC 5646, of month names and of relative dates. "05/11/2015" is the fifth of November, unless it
            is en-us.
        now: UTC: what "2 jam yang lalu" is counted from.

    Returns:
        The instant in UTC; midnight in the zone where no time is printed. None where it is no date, or no possible
        one. A headline without a date is still news, so nothing is raised.
    """
    written = _WIRE_DATE.fullmatch(text)
    if written is not None and (at := _wire_date(written, language)) is not None:
        return at
    printed = read_date(text, zone=zone, language=language, now=now)
    return printed.at if printed else None


def _wire_date(written: re.Match[str], language: str | None) -> datetime | None:
    """Read what RFC 5322 and RFC 3339 ask for, as most feeds have it, a good deal sooner. None: no such date."""
    day, month, year, clock, zone = written.groups()
    try:
        if month is None:
            return datetime.fromisoformat(written[0]).astimezone(UTC)
        iso = f"{year}-{month_number(month, language):02}-{day:0>2}T{clock}{'Z' if zone.isalpha() else zone}"
        return datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError):  # 31 Februari, a leap second, or off the calendar's edge
        return None


def read_date(text: str, *, zone: ZoneInfo, language: str | None, now: datetime) -> Printed | None:
    """Do the same as `parse_date`, and tell what kind of date it is."""
    line = text.strip()
    if not line or len(line) > _LIMIT:
        return None
    line = _CTIME.sub(r"\1 \2 \5 \3\4", line, count=1)
    found = _find(line, zone, language)
    match found:
        case _Impossible():
            return None
        case Printed(start=start, end=end) if _is_all_date(line[:start], line[end:], language):
            return found
    return _relative_date(line, zone, language, now)


def find_date(text: str, *, zone: ZoneInfo, language: str | None) -> Printed | None:
    """Find the date in a line with other words: "JUMAT, 30 SEPTEMBER 2022 | 07:13 WIB | LAPORAN: RENI ERINA".

    The arguments are those of `parse_date`. Relative dates are not looked for: "2 jam" may be part of a headline.

    Returns:
        The first date; `start` includes a weekday before it. None where there is none, or it is impossible, or the
        line has more than 200 characters.
    """
    found = _find(text, zone, language) if len(text) <= _LIMIT else None
    return found if isinstance(found, Printed) else None


def _find(text: str, zone: tzinfo, language: str | None) -> Printed | _Impossible | None:
    day = next(_days(text, language), None)
    if day is None:
        return None
    start, end, (year, month, day_of_month) = day
    clock = _CLOCK_AFTER.match(text, end)
    if clock:
        end = clock.end()
    elif clock := _CLOCK_BEFORE.search(text, 0, start):
        start = clock.start()
    try:
        hour, minute, second, microsecond = _clock(clock) if clock else (0, 0, 0, 0)
        local = datetime(
            year, month, day_of_month, hour, minute, second, microsecond, tzinfo=_zone(clock, zone) if clock else zone
        )
        at = local.astimezone(UTC)
    except (ValueError, OverflowError):  # 31 Februari, 25:61, year 0000, or off the calendar's edge
        return _Impossible()
    return Printed(at=at, start=_with_weekday(text, start, language), end=end, clock=clock is not None)


def _days(text: str, language: str | None) -> Iterator[tuple[int, int, tuple[int, int, int]]]:
    """Give the days of a text as (start, end, (year, month, day)), the surest way of writing one first."""
    for match in _YMD.finditer(text):
        yield *match.span(), (int(match["year"]), int(match["month"]), int(match["day"]))
    for pattern in _WORDED:
        for match in _overlapping(pattern, text):
            month = month_number(match["month"], language)
            if month:
                yield *match.span(), (_full_year(match["year"]), month, int(match["day"]))
    for match in _DMY.finditer(text):
        day, month = int(match["day"]), int(match["month"])
        if (language or "").lower() == "en-us":
            day, month = month, day
        yield *match.span(), (_full_year(match["year"]), month, day)


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Give matches as finditer() does, but "13 WIB, 29" must not hide the "29 Desember" that begins inside it."""
    match = pattern.search(text)
    while match:
        yield match
        match = pattern.search(text, match.start() + 1)


def _full_year(year: str) -> int:
    """Two digits are read as RFC 5322 §4.3 reads them: 00 to 49 are of this century."""
    number = int(year)
    if len(year) > 2:  # noqa: PLR2004  two digits
        return number
    return number + (2000 if number < 50 else 1900)  # noqa: PLR2004  see above


def _clock(match: re.Match[str]) -> _Clock:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    # A leap second has no place in datetime (RFC 3339 §5.7 allows 60).
    second = 59 if match["second"] == "60" else int(match["second"] or 0)
    microsecond = int((match["fraction"] or "0").ljust(6, "0")[:6])
    match (match["half"] or match["bare_half"] or "").lower():
        case "a" if hour == 12:  # noqa: PLR2004  12 a.m. is midnight
            hour = 0
        case "p" if hour < 12:  # noqa: PLR2004  12 p.m. is noon
            hour += 12
    return hour, minute, second, microsecond


def _zone(match: re.Match[str], zone: tzinfo) -> tzinfo:
    """Give the zone that a clock names, else `zone`. Raises ValueError for an offset of a day and more."""
    if match["sign"]:
        offset = timedelta(hours=int(match["off_hours"]), minutes=int(match["off_minutes"] or 0))
        return timezone(-offset if match["sign"] == "-" else offset)
    if match["name"]:
        return timezone(timedelta(hours=_ZONE_HOURS[match["name"].upper()]))
    return zone


def _with_weekday(text: str, start: int, language: str | None) -> int:
    before = re.search(r"([^\W\d_]+(?:['’‘`][^\W\d_]+)?)\.?,?\s?$", text[:start])
    return before.start() if before and belongs_in_dates(before[1], language) else start


def _is_all_date(before: str, after: str, language: str | None) -> bool:
    rest = f"{before} {after}"
    words = _WORD.findall(rest)
    return not any(c.isdigit() for c in rest) and all(belongs_in_dates(word, language) for word in words)


def _relative_date(text: str, zone: tzinfo, language: str | None, now: datetime) -> Printed | None:
    """Let dateparser read "2 jam yang lalu", "kemarin", "Kemarin, 10:12", and the months of rarer languages."""
    if not _may_be_relative(text):
        return None
    named = _TRAILING_ZONE.search(text)
    place = timezone(timedelta(hours=_ZONE_HOURS[named["name"].upper()])) if named else zone
    try:
        base = now.astimezone(place).replace(tzinfo=None)
        found, to_the_day = _dateparser(text[: named.start()] if named else text, language, base)
        # A zone that is not in our table means several: IST is India's, Israel's and Ireland's.
        if found is None or found.tzinfo:
            return None
        at = (found.replace(hour=0, minute=0, second=0, microsecond=0) if to_the_day else found).replace(tzinfo=place)
        return Printed(
            at=at.astimezone(UTC), start=0, end=len(text), clock=not to_the_day, relative=not _YEAR.search(text)
        )
    except (ValueError, OverflowError):  # off the calendar's edge
        return None


def _may_be_relative(text: str) -> bool:
    if len(text) > _RELATIVE_LIMIT or len(text.split()) > _RELATIVE_WORDS or _DURATION.fullmatch(text):
        return False
    return bool(_DAY_WORDS.match(text) or (_LETTER.search(text) and re.search("[0-9]", text)))


def _dateparser(text: str, language: str | None, base: datetime) -> tuple[datetime | None, bool]:
    """Give the local time, or None, and whether it is known to the day only."""
    from dateparser.date import DateDataParser  # noqa: PLC0415  0.1 to 0.2 s, for what few sources print

    settings = {
        "RELATIVE_BASE": base,
        "TIMEZONE": "UTC",  # a name only: it keeps the machine's own zone out
        "PARSERS": ["relative-time", "absolute-time"],
        "STRICT_PARSING": True,  # day, month and year, or nothing
        "RETURN_TIME_AS_PERIOD": True,
        "PREFER_DATES_FROM": "past",
    }
    own = (language or "").partition("-")[0].lower()
    try:
        parser = DateDataParser(languages=[own] if own else list(COMMON), settings=settings)
    except ValueError:  # a language that it does not know
        parser = DateDataParser(languages=list(COMMON), settings=settings)
    found = parser.get_date_data(text)
    return found.date_obj, found.period != "time"
