import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from aggregator.load.changes import changes, content_of


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.load.changes._REST_SECONDS", 0.05)
    monkeypatch.setattr("aggregator.load.changes._GATHER_MS", 20)
    monkeypatch.setattr("aggregator.load.changes._STEP_MS", 10)


@asynccontextmanager
async def told_of(path: Path) -> AsyncIterator["asyncio.Queue[str | None]"]:
    """What the file held each time that a change was told, from the first on: that is told when watching begins."""
    told: asyncio.Queue[str | None] = asyncio.Queue()

    async def listen() -> None:
        async with aclosing(changes(path, since=None)) as changed:
            async for _ in changed:
                told.put_nowait(held_by(path))

    listening = asyncio.create_task(listen())
    try:
        assert await asyncio.wait_for(told.get(), 30) == "old"
        yield told
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def held_by(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


async def hear(told: "asyncio.Queue[str | None]", content: str | None) -> None:
    """Wait for it; where this machine stops us half-way through an edit, what there was then may be told before."""
    async with asyncio.timeout(30):
        while await told.get() != content:
            pass


def in_place(path: Path) -> None:
    path.write_text("new")


def replaced(path: Path) -> None:
    aside = path.with_suffix(".new")
    aside.write_text("new")
    aside.replace(path)


def removed_and_written_anew(path: Path) -> None:
    path.rename(path.with_suffix(".bak"))
    path.write_text("new")


def the_file_behind_the_link(path: Path) -> None:
    path.resolve().write_text("new")


def the_link(path: Path) -> None:
    """Switch it as Kubernetes does, where it leads to a link to a folder."""
    other = path.resolve().parents[1] / "other"
    other.mkdir()
    (other / path.name).write_text("new")
    path.with_name("..aside").symlink_to(other)
    path.with_name("..aside").replace(path.with_name("..data"))


@pytest.mark.parametrize("edit", [in_place, replaced, removed_and_written_anew], ids=lambda it: it.__name__)
async def test_an_edit_is_told_however_the_editor_writes(tmp_path: Path, edit: Callable[[Path], None]) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("old")
    async with told_of(path) as told:
        edit(path)

        await hear(told, "new")
        path.write_text("newer")
        await hear(told, "newer")


def a_link(folder: Path) -> Path:
    """A link over a link to a folder, as Kubernetes lays out what is configured."""
    for name in ("etc", "one"):
        (folder / name).mkdir()
    (folder / "one" / "feeds.yaml").write_text("old")
    (folder / "etc" / "..data").symlink_to(folder / "one")
    path = folder / "etc" / "feeds.yaml"
    path.symlink_to("..data/feeds.yaml")
    return path


@pytest.mark.parametrize("edit", [the_file_behind_the_link, the_link, replaced], ids=lambda it: it.__name__)
async def test_what_a_link_leads_to_is_watched(tmp_path: Path, edit: Callable[[Path], None]) -> None:
    path = a_link(tmp_path)
    async with told_of(path) as told:
        edit(path)

        await hear(told, "new")
        path.resolve().write_text("newer")
        await hear(told, "newer")


async def test_nothing_is_told_of_the_same_content_or_of_other_files(tmp_path: Path) -> None:
    path, aside = tmp_path / "feeds.yaml", tmp_path / "aside"
    path.write_text("old")
    async with told_of(path) as told:
        (tmp_path / "aggregator.log").write_text("a line")
        os.utime(path, ns=(1, 1))
        await asyncio.sleep(0.2)
        aside.write_text("old")
        aside.replace(path)
        await asyncio.sleep(0.2)
        aside.write_text("new")
        aside.replace(path)

        assert await asyncio.wait_for(told.get(), 30) == "new"
        assert told.empty()


async def test_a_file_that_is_gone_is_told_and_so_is_its_return(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "feeds.yaml"
    path.parent.mkdir()
    path.write_text("old")
    async with told_of(path) as told:
        path.unlink()
        path.parent.rmdir()
        await hear(told, None)
        path.parent.mkdir()
        path.write_text("old")

        await hear(told, "old")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feeds.yaml")

    assert content_of(tmp_path / "feeds.yaml") is None
