"""Status → /metrics, in Prometheus' text format. The one home of prometheus-client: who never asks never loads it."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from aggregator.report import SourceStatus, Status

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_BY_SOURCE: Final = ("source",)
_BY_QUANTILE: Final = ("quantile",)


def metrics_text(status: Status) -> bytes:
    """Write what `/metrics` answers. A source is labelled with its name, which feeds.yaml has once only.

    Nothing that is worded freely becomes a label (errors, the reason of the next poll): each wording would be a series.
    It takes half a second for 10,000 sources: not for the event loop.
    """
    registry = CollectorRegistry()
    registry.register(_Told(status))
    return generate_latest(registry)


class _Told(Collector):
    """One status, for one answer."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Give one family after another."""
        yield from _overall(self._status)
        yield from _of_sources(self._status.sources)


def _overall(status: Status) -> Iterator[Metric]:
    totals = status.totals
    yield InfoMetricFamily("aggregator_build", "The program.", {"version": status.version})
    yield _gauge("start_time_seconds", "When the daemon started, in Unix time.", status.started_at.timestamp())
    yield _gauge("healthy", "1: all is well; 0: /healthz says what is not.", status.health == "ok")
    yield _counter("polls", "Polls that ended, one way or another.", totals.polls)
    yield _counter("polls_not_modified", "Polls that were answered 304.", totals.not_modified)
    yield _counter("polls_failed", "Polls that failed.", totals.failed)
    yield _counter("received_bytes", "Bytes of bodies received, before decompression.", totals.wire_bytes)
    yield _counter("headlines_accepted", "Headlines accepted.", totals.new)
    yield _gauge("headlines", "Headlines kept.", totals.headlines)
    yield _gauge("stories", "Stories kept.", totals.stories)
    lateness = GaugeMetricFamily(
        "aggregator_poll_lateness_seconds", "From due to asked, over the last 1,000 polls.", labels=_BY_QUANTILE
    )
    lateness.add_metric(("0.5",), totals.lateness_p50)
    lateness.add_metric(("0.99",), totals.lateness_p99)
    yield lateness
    lag = GaugeMetricFamily(
        "aggregator_loop_lag_seconds",
        "How late the event loop came to what was ready, over the last minute.",
        labels=_BY_QUANTILE,
    )
    lag.add_metric(("0.99",), totals.loop_lag_p99)
    yield lag
    yield _gauge("loop_lag_max_seconds", "The same at its worst, since the daemon started.", totals.loop_lag_max)


def _of_sources(sources: tuple[SourceStatus, ...]) -> Iterator[Metric]:
    asked = tuple(source for source in sources if source.state != "new")
    yield _by_source("up", "1: its last answer could be used; 0: it fails, or is parked.", asked, _is_up)
    yield _by_source("failures", "Failures in a row.", sources, lambda source: source.failures)
    yield _by_source("headlines_per_day", "Headlines published a day, lately.", sources, lambda source: source.per_day)
    yield _by_source(
        "last_success_timestamp_seconds", "When it last answered with what could be used.", sources, _last_success
    )
    yield _by_source("next_poll_timestamp_seconds", "When it is polled next; none while parked.", sources, _next_poll)
    polls = CounterMetricFamily("aggregator_source_polls", "Polls that ended.", labels=_BY_SOURCE)
    unmodified = CounterMetricFamily(
        "aggregator_source_polls_not_modified", "Polls that were answered 304.", labels=_BY_SOURCE
    )
    answer = GaugeMetricFamily(
        "aggregator_source_last_answer", "1, labelled with the last answer.", labels=("source", "answer")
    )
    for source in asked:
        label = _label(source.name)
        polls.add_metric((label,), source.polls)
        unmodified.add_metric((label,), source.not_modified)
        answer.add_metric((label, _label(source.answer)), 1)
    yield from (polls, unmodified, answer)


def _is_up(source: SourceStatus) -> float:
    return source.state == "ok"


def _last_success(source: SourceStatus) -> float | None:
    return None if source.last_ok_at is None else source.last_ok_at.timestamp()


def _next_poll(source: SourceStatus) -> float | None:
    return None if source.next_at is None else source.next_at.timestamp()


def _by_source(
    name: str, help_: str, sources: tuple[SourceStatus, ...], value_of: Callable[[SourceStatus], float | None]
) -> Metric:
    """Measure each source; one whose value is None has no sample."""
    family = GaugeMetricFamily(f"aggregator_source_{name}", help_, labels=_BY_SOURCE)
    for source in sources:
        value = value_of(source)
        if value is not None:
            family.add_metric((_label(source.name),), value)
    return family


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"aggregator_{name}", help_, value=value)


def _counter(name: str, help_: str, value: float) -> Metric:
    """Count since the daemon started; the name gets its `_total`."""
    return CounterMetricFamily(f"aggregator_{name}", help_, value=value)


def _label(text: str) -> str:
    """Give what UTF-8 can write; prometheus-client escapes the rest."""
    return text.encode("utf-8", "replace").decode()
