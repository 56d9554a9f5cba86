import subprocess
import sys
from dataclasses import replace

import pytest

from aggregator.publish.printed import printed_month
from tests.publish.stories import SITE


@pytest.mark.parametrize(
    ("language", "printed"), [("id", "Oktober 2026"), ("ru", "октябрь 2026"), ("x-klingon", "October 2026")]
)
def test_a_month_stands_alone(language: str, printed: str) -> None:
    assert printed_month("2026-10", replace(SITE, language=language)) == printed


@pytest.mark.parametrize("asked", ["aggregator.publish.printed", "aggregator.parse.almanac"])
def test_no_language_is_told_the_months_of_another_that_was_asked_for_before(asked: str) -> None:
    """In a process of its own: what babel was asked before counts."""
    first = {
        "aggregator.publish.printed": "m.printed_month('2026-10', replace(SITE, language='ja'))",
        "aggregator.parse.almanac": "m._table('ja')",
    }[asked]
    code = f"""
from dataclasses import replace
import {asked} as m
from tests.publish.stories import SITE
{first}
from aggregator.publish.printed import printed_month
print(printed_month("2026-10", SITE))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "Oktober 2026\n"
