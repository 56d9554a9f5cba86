"""Instant, month → the text that a newsroom prints beside a headline."""

from datetime import date, datetime
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime

from aggregator.month import Month
from aggregator.site import Site


def printed_date(instant: datetime, site: Site) -> str:
    """Write an instant as a newsroom does: "Senin, 29 Desember 2025 | 10:12", in the site's language and zone."""
    return format_datetime(instant, "EEEE, d MMMM y | HH:mm", tzinfo=site.zone, locale=_locale(site.language))


def printed_month(month: Month, site: Site) -> str:
    """Write a month as it stands alone: "Oktober 2026", in the site's language."""
    return format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale=_locale(site.language))


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):  # a language that CLDR does not know still has news
        return Locale("en")
