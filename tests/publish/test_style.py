"""Who sees little contrast reads our pages, too: WCAG 2.2, 1.4.3 (AA), reckoned from the stylesheets' own colours."""

import re
from typing import Final

import pytest

from tests.publish.stories import press

STYLES: Final = {each.path: each.body.decode() for each in press().front((), ()) if each.path.endswith(".css")}
NEEDED: Final = 4.5
READ: Final = ("ink", "faint", "mark")
ON: Final = ("paper", "soft")


def palettes(style: str) -> dict[str, dict[str, str]]:
    """Give the colours of a stylesheet by scheme."""
    light, dark = re.findall(r"--paper: #\w{6};[^}]*", style)[:2]
    return {name: dict(re.findall(r"--(\w+): (#\w{6})", text)) for name, text in (("light", light), ("dark", dark))}


def luminance(colour: str) -> float:
    """Give the relative luminance of "#rrggbb", as WCAG defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("path", sorted(STYLES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_told_from_what_is_behind_it(path: str, scheme: str) -> None:
    palette = palettes(STYLES[path])[scheme]
    measured = {(front, back): contrast(palette[front], palette[back]) for front in READ for back in ON}
    assert {pair: ratio for pair, ratio in measured.items() if ratio < NEEDED} == {}
    assert contrast(palette["paper"], palette["mark"]) >= NEEDED  # a button that is pointed at


def test_both_stylesheets_have_the_same_colours() -> None:
    assert palettes(STYLES["style.css"]) == palettes(STYLES["feed.css"])


def test_who_wants_less_motion_or_prints_is_heard() -> None:
    assert "prefers-reduced-motion" in STYLES["style.css"]
    assert "@media print" in STYLES["style.css"]
    assert ":focus-visible" in STYLES["style.css"]


def test_safari_takes_our_lists_for_lists() -> None:
    assert not re.search(r"list-style(-type)?: *none", STYLES["style.css"])


@pytest.mark.parametrize("path", sorted(STYLES))
def test_a_stylesheet_is_whole_and_asks_for_nothing_else(path: str) -> None:
    style = STYLES[path]
    assert style.count("{") == style.count("}")
    assert not re.search(r"url\(|@import|\{\{|\{%", style)
