"""`site.token_file`: nobody reads the daemon who does not know the token, and nobody learns it there."""

import asyncio
import json
import logging
from pathlib import Path

import aiohttp
import pytest

from aggregator.commands import up
from aggregator.monitor.live import watch
from tests.test_reload import GOOD, running

SECRET = "kunci-rahasia-kita-0123456789"
LIVE = ["status", "status.json", "metrics", "events", "healthz"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "kunci").write_text(f"{SECRET}\n")
    (tmp_path / "kunci").chmod(0o600)
    path = tmp_path / "feeds.yaml"
    path.write_bytes(GOOD.replace(b"site:\n", b"site:\n  token_file: kunci\n"))
    return path


async def test_all_but_the_pulse_is_for_who_knows_the_token_and_none_of_it_tells_it(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path / "state", path) as (daemon, house), aiohttp.ClientSession() as session:
        paths = [*house.shelf, *LIVE, "nowhere", "nowhere.json", "dunia"]
        assert len(paths) > 20
        for each in paths:
            url = f"{daemon.url}/{each}"
            async with session.get(url, allow_redirects=False) as shut:
                said = await shut.text(errors="replace")
            async with session.get(url, allow_redirects=False, headers={"Authorization": f"Bearer {SECRET}"}) as opened:
                told = "" if each == "events" else await opened.text(errors="replace")

            assert (shut.status, opened.status != 401) == (200 if each == "healthz" else 401, True), each
            assert ("WWW-Authenticate" in shut.headers) == (each != "healthz")
            for answer in (shut, opened):
                assert "Access-Control-Allow-Origin" not in answer.headers, each
                assert "public" not in answer.headers.get("Cache-Control", ""), each
                assert answer.headers["Referrer-Policy"] == "no-referrer" or answer.status == 301
            assert SECRET not in said + told + str(opened.headers)

        async with session.get(f"{daemon.url}/dunia.rss?token={SECRET}") as answer:
            assert answer.headers["Cache-Control"].startswith("private, max-age=")
            assert SECRET not in await answer.text()
        async with session.get(f"{daemon.url}/nowhere.json") as answer:
            assert json.loads(await answer.text()) == {"status": 401, "title": "Unauthorized"}
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="aggregator", charset="UTF-8"'

        assert await asyncio.to_thread(watch, daemon.url, once=True) == 1
        assert "wants its token; name the file that holds it with --token-file" in capfd.readouterr().err
        assert await asyncio.to_thread(watch, daemon.url, once=True, token_file=tmp_path / "nowhere") == 1
        assert f"{tmp_path}/nowhere: No such file or directory" in capfd.readouterr().err
        assert await asyncio.to_thread(watch, daemon.url, once=True, token_file=tmp_path / "kunci") == 0
        assert "Warta" in capfd.readouterr().out

        daemon._troubles.began("poll", "state/ is full")
        for headers, said in (
            ({}, "degraded\n"),
            ({"Authorization": f"Bearer {SECRET}"}, "degraded: state/ is full\n"),
        ):
            async with session.get(f"{daemon.url}/healthz", headers=headers) as answer:
                assert (answer.status, await answer.text()) == (503, said)

    assert SECRET not in caplog.text
    written = [each for each in (tmp_path / "state").rglob("*") if each.is_file()]
    assert len(written) > 20
    assert not [each for each in written if SECRET.encode() in each.read_bytes()]


def test_a_token_that_all_can_read_is_warned_of_at_each_reading(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    up._reread(path)
    assert not caplog.records
    (path.parent / "kunci").chmod(0o644)
    feeds = up._reread(path)

    assert f"every user of this machine can read it; chmod 600 {path.parent}/kunci" in caplog.text
    assert feeds.site.token is not None
    assert SECRET not in repr(feeds) + caplog.text
