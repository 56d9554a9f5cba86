"""What is installed: the wheel, the wheel made from the sdist, and a checkout all bring feeds.yaml and run."""

import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from aggregator import VERSION
from tests.e2e.running import aggregator

CHECKOUT: Final = Path(__file__).parents[2]
BUILD: Final = """
import sys
from hatchling.build import build_sdist, build_wheel
print({"sdist": build_sdist, "wheel": build_wheel}[sys.argv[1]](sys.argv[2]))
"""

pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not in this environment")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel_of_sdist(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return _build("wheel", unpacked, tmp_path_factory.mktemp("wheel-of-sdist"))


def _build(kind: str, project: Path, into: Path) -> Path:
    """Ask the build backend itself, as pip and build do, without a further environment."""
    ended = subprocess.run(
        [sys.executable, "-c", BUILD, kind, into],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return into / ended.stdout.splitlines()[-1]


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def test_the_wheel_holds_the_program_its_feeds_and_nothing_else(wheel: Path) -> None:
    contents = _contents(wheel)
    assert wheel.name == f"headline_aggregator-{VERSION}-py3-none-any.whl"
    assert contents["aggregator/feeds.yaml"] == (CHECKOUT / "feeds.yaml").read_bytes()
    assert {"aggregator/py.typed", "aggregator/cli.py", "aggregator/store/journal.py"} <= set(contents)
    assert {name.split("/")[0] for name in contents} == {"aggregator", f"headline_aggregator-{VERSION}.dist-info"}
    kinds = {Path(name).suffix for name in contents if name.startswith("aggregator/")}
    assert kinds <= {".py", ".typed", ".yaml", ".html", ".css", ".js"}
    templates = (CHECKOUT / "aggregator" / "publish" / "templates").iterdir()
    assert {f"aggregator/publish/templates/{path.name}" for path in templates} <= set(contents)


def test_the_wheel_names_the_command_the_licence_and_the_extra(wheel: Path) -> None:
    contents = {name.partition("/")[2]: text.decode() for name, text in _contents(wheel).items()}
    assert "aggregator = aggregator.__main__:main" in contents["entry_points.txt"]
    assert "License-Expression: MIT" in contents["METADATA"]
    assert "Provides-Extra: test" in contents["METADATA"]
    assert "licenses/LICENSE" in contents


def test_the_sdist_makes_the_same_wheel(wheel: Path, wheel_of_sdist: Path) -> None:
    assert _contents(wheel_of_sdist) == _contents(wheel)


def test_the_sdist_brings_the_tests_and_nothing_that_is_private(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/e2e/test_packaging.py", "tests/pages/rss_everything.xml", "CHANGELOG.md", "PKG-INFO"} <= names
    assert not [name for name in names if name.startswith(("state", ".ci", ".git/")) or name.endswith(".pyc")]


@pytest.mark.parametrize("made_from", ["wheel", "wheel_of_sdist"])
def test_an_installed_wheel_finds_the_feeds_it_came_with(
    made_from: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    installed, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(request.getfixturevalue(made_from)) as archive:
        archive.extractall(installed)  # noqa: S202  our own, and all that installing a pure wheel comes to
    ended = aggregator("check", cwd=elsewhere, env={"PYTHONPATH": str(installed)})
    assert f"using the shipped one, {installed / 'aggregator' / 'feeds.yaml'}" in ended.stderr
    assert ended.returncode == 0, ended.stderr


def test_an_editable_install_finds_the_feeds_beside_pyproject_toml(tmp_path: Path) -> None:
    ended = aggregator("check", cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)})
    assert f"using the shipped one, {CHECKOUT / 'feeds.yaml'}" in ended.stderr
    assert ended.returncode == 0, ended.stderr


def test_the_operators_own_feeds_come_first(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("sources: [{name: Dunia, url: 'https://dunia.example/rss'}]\n")
    ended = aggregator("check", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("feeds.yaml: right: 1 sources")
