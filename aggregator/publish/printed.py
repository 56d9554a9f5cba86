"""What CLDR knows of a language: how a newsroom prints instants and months in it, and which way it is written."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from aggregator.month import Month
from aggregator.site import Site


def printed_date(instant: datetime, site: Site) -> str:
    """Write an instant as a newsroom does: "Senin, 29 Desember 2025 | 10:12", in the site's language and zone."""
    return format_datetime(instant, "EEEE, d MMMM y | HH:mm", tzinfo=site.zone, locale=_locale(site.language))


def printed_month(month: Month, site: Site) -> str:
    """Write a month as it stands alone: "Oktober 2026", in the site's language."""
    year, number = month.split("-")
    return f"{_months(site.language)[int(number)]} {year}"


@cache
def _months(language: str) -> Mapping[int, str]:
    # Of a copy: babel 2.17 puts the names of the language that is asked first where those without own ones look.
    names: Mapping[int, str] = deepcopy(_locale(language).months)["stand-alone"]["wide"]
    return names


def is_right_to_left(language: str) -> bool:
    """Say whether a language is written from the right to the left, as Arabic and Hebrew are."""
    return _locale(language).text_direction == "rtl"


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):  # a language that CLDR does not know still has news
        return Locale("en")
