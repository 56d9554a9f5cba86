"""Status ↔ /status.json."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final, TypeVar, get_args

import orjson

from aggregator.monitor.lines import read_instant
from aggregator.report import SourceStatus, State, Status, Totals

_Kind = TypeVar("_Kind")
_STATES: Final[tuple[State, ...]] = get_args(State)


def status_json(status: Status) -> bytes:
    """Write what `/status.json` answers: the names of `Status`, instants in RFC 3339 and UTC, topics as objects.

    Law: `read_status(status_json(status)) == status`.
    """
    told = {field.name: getattr(status, field.name) for field in fields(status) if field.name != "sources"}
    topics = [{"slug": slug, "title": title} for slug, title in status.topics]
    head = orjson.dumps(told | {"topics": topics}, option=orjson.OPT_UTC_Z)
    # One by one: orjson keeps the interpreter to itself while it writes, and 10,000 sources take it 40 ms.
    sources = b",".join([orjson.dumps(source, option=orjson.OPT_UTC_Z) for source in status.sources])
    return b'%b,"sources":[%b]}' % (head[:-1], sources)


def read_status(body: bytes) -> Status:
    """Read what `status_json` wrote, here or in another version of the program. Unknown keys are ignored.

    Raises:
        ValueError: It is no such JSON; the text says what is missing or odd, and where.
    """
    record = _mapping(orjson.loads(body), "status")
    topics = [_mapping(topic, f"topics[{index}]") for index, topic in enumerate(_field(record, "topics", list))]
    sources = [_mapping(source, f"sources[{index}]") for index, source in enumerate(_field(record, "sources", list))]
    return Status(
        version=_field(record, "version", str),
        title=_field(record, "title", str),
        url=_field(record, "url", str),
        zone=_field(record, "zone", str),
        started_at=_instant(record, "started_at"),
        now=_instant(record, "now"),
        health=_field(record, "health", str),
        notices=tuple(_text(notice, "notices") for notice in _field(record, "notices", list)),
        topics=tuple((_field(topic, "slug", str), _field(topic, "title", str)) for topic in topics),
        sources=tuple(_source(source) for source in sources),
        totals=_totals(_mapping(_field(record, "totals", dict), "totals")),
    )


def _source(record: Mapping[str, object]) -> SourceStatus:
    state = _field(record, "state", str)
    return SourceStatus(
        id=_field(record, "id", str),
        name=_field(record, "name", str),
        url=_field(record, "url", str),
        state=_known_state(state),
        answer=_field(record, "answer", str),
        error=_text_or_none(record, "error"),
        failures=_field(record, "failures", int),
        next_at=_instant_or_none(record, "next_at"),
        reason=_field(record, "reason", str),
        last_ok_at=_instant_or_none(record, "last_ok_at"),
        polls=_field(record, "polls", int),
        not_modified=_field(record, "not_modified", int),
        new_today=_field(record, "new_today", int),
        per_day=_number(record, "per_day"),
        untold=_field(record, "untold", int),
    )


def _totals(record: Mapping[str, object]) -> Totals:
    return Totals(
        polls=_field(record, "polls", int),
        not_modified=_field(record, "not_modified", int),
        failed=_field(record, "failed", int),
        new=_field(record, "new", int),
        headlines=_field(record, "headlines", int),
        stories=_field(record, "stories", int),
        wire_bytes=_field(record, "wire_bytes", int),
        lateness_p50=_number(record, "lateness_p50"),
        lateness_p99=_number(record, "lateness_p99"),
        loop_lag_p99=_number(record, "loop_lag_p99"),
        loop_lag_max=_number(record, "loop_lag_max"),
    )


def _known_state(state: str) -> State:
    for known in _STATES:
        if known == state:
            return known
    raise ValueError(f"state is {state[:40]!r}, not one of {', '.join(_STATES)}")


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")  # noqa: TRY004  the body is wrong, not the caller
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} holds what is no text")  # noqa: TRY004  the body is wrong, not the caller
    return value


def _field(record: Mapping[str, object], name: str, kind: type[_Kind]) -> _Kind:
    if name not in record:
        raise ValueError(f"{name} is missing")
    value = record[name]
    # bool is an int to Python; "true" polls are none.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is no {kind.__name__}")  # noqa: TRY004  the body is wrong, not the caller
    return value


def _text_or_none(record: Mapping[str, object], name: str) -> str | None:
    return None if name in record and record[name] is None else _field(record, name, str)


def _number(record: Mapping[str, object], name: str) -> float:
    """Read a float; another program may write 0.0 as 0."""
    value = record.get(name)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else _field(record, name, float)


def _instant(record: Mapping[str, object], name: str) -> datetime:
    text = _field(record, name, str)
    instant = read_instant(text)
    if instant is None:
        raise ValueError(f"{name} is {text[:40]!r}, not an instant such as 2026-11-23T10:12:00Z")
    return instant


def _instant_or_none(record: Mapping[str, object], name: str) -> datetime | None:
    return None if name in record and record[name] is None else _instant(record, name)
