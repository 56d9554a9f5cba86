"""Instant → the text that a newsroom prints beside a headline."""

from datetime import datetime
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from aggregator.site import Site


def printed_date(instant: datetime, site: Site) -> str:
    """Write an instant as a newsroom does: "Senin, 29 Desember 2025 | 10:12", in the site's language and zone."""
    return format_datetime(instant, "EEEE, d MMMM y | HH:mm", tzinfo=site.zone, locale=_locale(site.language))


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):  # a language that CLDR does not know still has news
        return Locale("en")
