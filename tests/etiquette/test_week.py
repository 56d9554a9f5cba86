"""Seven days of the daemon before the judge, and shorter ones with a rule switched off each."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from aggregator.site import PaceBy
from tests.etiquette.judge import Card, Row, host_of, judge
from tests.etiquette.mutations import MUTATIONS, Mutation
from tests.etiquette.outlets import FLOOD, OUTLETS, PLATFORM, POOL, SHARED, Outlet
from tests.etiquette.week import POLLING, WEEK, Run, spend, terms

PATIENT = 10  # seconds that neighbours are waited for, where they are known to come


async def test_a_week_of_the_daemon_offends_nobody(tmp_path: Path) -> None:
    log = await spend(tmp_path, OUTLETS, WEEK)
    card = judge(log, terms(OUTLETS), gap=POLLING.host_gap)

    assert not card.failed, str(card)
    assert {asked.life for asked in log} == {1, 2, 3, 4, 5}
    assert [asked for asked in log if not asked.told.heard]
    assert {asked.url for asked in log} >= {url for outlet in OUTLETS for url in outlet.named}
    assert {200, 226, 301, 302, 304, 403, 404, 410, 429, 500, 503} == {asked.told.status for asked in log}
    assert 6 <= sum("ahead" in asked.url and "if-modified-since" not in asked.headers for asked in log) <= 8


@pytest.mark.parametrize("outlets", [pytest.param(POOL, id="pool"), pytest.param(FLOOD, id="flood")])
async def test_neither_a_host_of_many_sources_nor_a_source_of_many_headlines_is_asked_early(
    outlets: tuple[Outlet, ...], tmp_path: Path
) -> None:
    log = await spend(tmp_path, outlets, (Run(end=timedelta(hours=9)),))
    card = judge(log, terms(outlets), gap=POLLING.host_gap)

    assert not card.failed, str(card)
    assert len(log) > 80


async def test_a_new_address_is_asked_directly_after_seven_days_and_with_the_validators_it_gave(tmp_path: Path) -> None:
    moved = [outlet for outlet in OUTLETS if outlet.name == "moved"]
    log = await spend(tmp_path, moved, (Run(end=timedelta(days=8)),))
    card = judge(log, terms(moved), gap=POLLING.host_gap)
    *_, last_by_redirect = (number for number, asked in enumerate(log) if asked.told.status == 301)

    assert not card.failed, str(card)
    assert len(log) > last_by_redirect + 4
    assert timedelta(days=7) <= log[last_by_redirect].at - log[0].at < timedelta(days=7, hours=5)


@pytest.mark.parametrize(("pace_by", "rows"), [("host", {Row.GAP}), ("domain", set()), ("ip", set())])
async def test_all_names_of_a_publisher_share_their_turns_where_the_operator_wants_it(
    pace_by: PaceBy, rows: set[Row], tmp_path: Path
) -> None:
    log = await spend(tmp_path, PLATFORM, (Run(end=timedelta(hours=5)),), polling=replace(POLLING, pace_by=pace_by))

    assert judge(log, terms(PLATFORM), gap=POLLING.host_gap).failed == set()
    assert judge(log, terms(PLATFORM), gap=POLLING.host_gap, paced=lambda _: "platform").failed == rows


@pytest.mark.parametrize(("retry_scope", "rows"), [("url", {Row.RETRY}), ("host", set())])
async def test_a_host_that_says_wait_is_left_alone_altogether_where_the_operator_wants_it(
    retry_scope: Literal["url", "host"], rows: set[Row], tmp_path: Path
) -> None:
    polling = replace(POLLING, retry_scope=retry_scope)
    log = await spend(tmp_path, SHARED, (Run(end=timedelta(hours=30)),), polling=polling)

    assert judge(log, terms(SHARED), gap=POLLING.host_gap).failed == set()
    assert judge(log, terms(SHARED), gap=POLLING.host_gap, held=host_of).failed == rows


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.rule)
async def test_the_judge_sees_it_when_a_rule_is_switched_off(
    mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlets = [outlet for outlet in (*OUTLETS, *POOL, *FLOOD) if outlet.name in mutation.outlets]
    patience = PATIENT if mutation.row is Row.CONCURRENT else 0.002
    mutation.off(monkeypatch)
    log = await spend(tmp_path, outlets, mutation.runs, patience_seconds=patience)
    card: Card = judge(log, terms(outlets), gap=POLLING.host_gap)

    assert card.failed == {mutation.row}, str(card)


def test_every_row_is_seen_by_some_mutation() -> None:
    assert {mutation.row for mutation in MUTATIONS} == set(Row)
