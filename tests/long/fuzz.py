"""Bytes that a fuzzer makes up → our readers: `python -m tests.long.fuzz --hours 1 [--target NAME] [--folder DIR]`.

atheris (libFuzzer under Python) learns from what each input reaches in aggregator/ and in feedparser which bytes to try
next. It begins with our own pages, and with real documents where a corpus lies beside the project; what it found worth
keeping stays in DIR for the next run. `whole` is the way of a document from its bytes to three feeds
(tests/property/whole_way.py); the other targets are the doors by which other bytes come in.

Runs in one process, not in the child that reads in production. So what takes long, which the child is ended for, is
kept (DIR/NAME/slow) and counted, and is no finding; nor is what takes much memory, up to a gigabyte. An exception that
is not one of our errors, or a law that does not hold, is: the shortest input for each is kept in DIR/NAME/findings, and
the exit code is 1.

Not among our dependencies: `pip install atheris`, which has wheels for Linux.
"""

import argparse
import asyncio
import importlib.util
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, TypeAlias

Target: TypeAlias = Callable[[bytes], object]

MOST_BYTES: Final = 4_096
SLOW_SECONDS: Final = 5.0
MOST_MIB: Final = 1_024
PAGES: Final = Path(__file__).parents[1] / "pages"
CORPUS: Final = Path("/work/shared/corpus")
_ITEM_END: Final = re.compile(rb"</(?:item|entry)>")
_STATS: Final = re.compile(r"#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)")

TOKENS: Final = (
    *(
        "<?xml version='1.0' encoding='utf-8'?>",
        "encoding='utf-16'",
        "encoding='windows-1252'",
        "<!DOCTYPE rss [",
        "]>",
    ),
    *("<!ENTITY a 'b'>", "&a;", "&#0;", "&#27;", "&#xd800;", "&#x202e;", "&#99999999;", "&amp;", "&lt;", "&nbsp;"),
    *("<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "/>", "</", "xml:base='", "xml:lang='id'", "xmlns='"),
    *("<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<guid>"),
    *("<guid isPermaLink='false'>", "</guid>", "<pubDate>", "</pubDate>", "<description>", "<author>", "<category>"),
    *("<enclosure url='", "length='", "type='", "<source url='", "<ttl>", "<skipHours>", "<hour>", "<skipDays>"),
    *(
        "<rdf:RDF",
        "rdf:about='",
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'",
        "xmlns='http://purl.org/rss/1.0/'",
    ),
    *("<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>", "<id>", "</id>", "<updated>", "<published>"),
    *("<summary type='html'>", "<content type='xhtml'>", "<link rel='alternate' href='", "<author><name>", "<source>"),
    *("xmlns:media='http://search.yahoo.com/mrss/'", "<media:content url='", "<media:thumbnail url='", "<media:group>"),
    *("xmlns:dc='http://purl.org/dc/elements/1.1/'", "<dc:date>", "<dc:creator>", "<dc:language>", "<content:encoded>"),
    *("xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'", "<sy:updatePeriod>", "<sy:updateFrequency>"),
    *("http://", "https://", "javascript:", "data:", "//", "@", "http://[::1]/", "http://xn--", "\r\n", "\0", "\u202e"),
    *("2026-11-23T12:00:00Z", "Mon, 23 Nov 2026 12:00:00 GMT", "JUMAT, 30 SEPTEMBER 2022 | 07:13 WIB", "9999", "0001"),
    *(
        '{"version":"https://jsonfeed.org/version/1.1"',
        '"items":[',
        '{"id":"',
        '"title":"',
        '"url":"',
        '"content_html":"',
    ),
    *(
        '"date_published":"',
        '"authors":[{"name":"',
        '"tags":[',
        '"attachments":[{"url":"',
        "\\u0000",
        "\\ud800",
        "1e999",
    ),
    *("<html>", "<head>", "<base href='", "<body>", "<h2>UPDATE</h2>", "<ul>", "<li>", "<a href='", "<br>", "<dl><dd>"),
    *(
        "<em>",
        "<time datetime='",
        "<script>",
        "<style>",
        "<svg onload=",
        "<img src=x onerror=",
        "<template>",
        "<table>",
    ),
    *("<opml version='2.0'>", "<outline text='", "xmlUrl='", "<body>", "category='/a/b'"),
    *(
        "GET ",
        "HEAD ",
        "/update.rss",
        " HTTP/1.1\r\n",
        "Host: x\r\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked",
    ),
    *("If-None-Match: ", 'W/"', "Accept-Encoding: gzip;q=0", "Range: bytes=0-", "Expect: 100-continue", "Upgrade: "),
    *(
        "sources:",
        "- name: ",
        "url: ",
        "topics:",
        "match: ",
        "page: ",
        "every: 15m",
        "cron: ",
        "site:",
        "poll:",
        "!!",
        "&a ",
    ),
)


class _Slow(BaseException):
    """Raised in the midst of an input that takes too long; nothing on its way may take it for an error of the input."""


def _whole() -> Target:
    from tests.property.whole_way import walk  # noqa: PLC0415  under the eyes of atheris, as all below

    runner = asyncio.Runner()

    def target(body: bytes) -> None:
        nonlocal runner
        try:
            runner.run(walk(body))
        except _Slow:
            runner = asyncio.Runner()  # the loop was left in the middle
            raise

    return target


def _page() -> Target:
    from aggregator.errors import NotAFeedError  # noqa: PLC0415
    from aggregator.parse.discover import look_around  # noqa: PLC0415
    from aggregator.parse.read import read_document  # noqa: PLC0415
    from tests.parse.documents import job  # noqa: PLC0415
    from tests.property.test_parse import assert_clean  # noqa: PLC0415
    from tests.property.whole_way import LISTS, TYPES  # noqa: PLC0415

    def target(body: bytes) -> None:
        with suppress(NotAFeedError):
            look_around(job(body))
        for page, content_type in zip(LISTS, TYPES, strict=False):
            with suppress(NotAFeedError):
                assert_clean(read_document(job(body, page=page, content_type=content_type)))

    return target


def _opml() -> Target:
    from aggregator.errors import NotAFeedError  # noqa: PLC0415
    from aggregator.parse.opml import read_opml  # noqa: PLC0415

    def target(body: bytes) -> None:
        with suppress(NotAFeedError):
            read_opml(body)

    return target


def _dates() -> Target:
    from datetime import UTC  # noqa: PLC0415
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from aggregator.parse.dates import parse_date  # noqa: PLC0415
    from tests.parse.documents import NOW  # noqa: PLC0415

    zones = (ZoneInfo("Asia/Jakarta"), ZoneInfo("America/New_York"))

    def target(body: bytes) -> None:
        found = parse_date(
            body.decode("utf-8", "surrogateescape"),
            zone=zones[len(body) % 2],
            language=(None, "id", "ru")[len(body) % 3],
            now=NOW,
        )
        assert found is None or found.tzinfo is UTC

    return target


def _head() -> Target:
    from tests.property.test_serve import answered  # noqa: PLC0415

    def target(body: bytes) -> None:
        asyncio.run(answered([body[:700], body[700:]]))

    return target


def _feeds() -> Target:
    from tests.property.test_load import check_law  # noqa: PLC0415

    path = Path(tempfile.mkdtemp()) / "feeds.yaml"
    return lambda body: check_law(path, body)


TARGETS: Final[Mapping[str, Callable[[], Target]]] = {
    "whole": _whole,
    "page": _page,
    "opml": _opml,
    "dates": _dates,
    "head": _head,
    "feeds": _feeds,
}


class _Law:
    """A target under the eyes of the fuzzer: whatever comes of an input, the next one is tried."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        signal.signal(signal.SIGVTALRM, _too_slow)  # libFuzzer has SIGALRM for itself

    def __call__(self, body: bytes) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, SLOW_SECONDS)
        try:
            self._target(body)
        except _Slow:
            _keep(self._folder / "slow", "slow", body, "")
        except Exception as error:  # noqa: BLE001  that is what we are looking for
            told = "".join(traceback.format_exception(error))
            _keep(self._folder / "findings", _name(error), body, told)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _too_slow(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Slow


def _name(error: Exception) -> str:
    """Name a finding by what was raised, and where: the same fault has one name, whatever the input."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"


def _keep(folder: Path, name: str, body: bytes, told: str) -> None:
    """Keep the shortest input of each name, and of the slow ones all."""
    if not told:
        name = f"{name}-{blake2b(body, digest_size=4).hexdigest()}"
    path = folder / name
    if not path.exists() or path.stat().st_size > len(body):
        path.write_bytes(body)
        path.with_name(f"{name}.txt").write_text(told)


def _seeds(target: str) -> Iterator[bytes]:
    """Give what to begin with: a real document's first two items are enough of it."""
    match target:
        case "dates":
            yield from (token.encode() for token in TOKENS)
        case "head":
            yield b"GET /update.rss HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip, br\r\nIf-None-Match: *\r\n\r\n" * 2
            yield b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        case "feeds":
            yield (Path(__file__).parents[2] / "feeds.yaml").read_bytes()
            yield b"site: {title: Warta}\nsources:\n- {name: A, url: 'http://a.example', every: 1h, topics: [x]}\n"
        case _:
            found = (*PAGES.iterdir(), *CORPUS.rglob("*.*")) if CORPUS.is_dir() else PAGES.iterdir()
            endings = {"opml": {".opml"}, "page": {".html"}}.get(target, {".xml", ".json", ".rss", ".atom", ".html"})
            yield from (_shortened(path.read_bytes()) for path in found if path.suffix in endings)
            yield b"<opml version='2.0'><body><outline text='a'><outline xmlUrl='http://a.example/'/></outline></body></opml>"


def _shortened(body: bytes) -> bytes:
    ends = [match.end() for match in _ITEM_END.finditer(body)]
    return (body if len(body) <= MOST_BYTES or len(ends) < 3 else body[: ends[1]] + body[ends[-1] :])[:MOST_BYTES]


def _prepared(folder: Path, target: str) -> Path:
    """Lay out the folder of a target: `corpus`, `findings`, `slow`, and the tokens."""
    ours = folder / target
    for name in ("corpus", "seeds", "findings", "slow"):
        (ours / name).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(_seeds(target)):
        (ours / "seeds" / f"{number:04}").write_bytes(seed)
    (ours / "tokens").write_text("\n".join(map(_quoted, TOKENS)))
    return ours


def _quoted(token: str) -> str:
    """Write a token as libFuzzer reads it: what is not plain, in hexadecimal."""
    plain = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 <>/:=.#&;!?[](){}|@%_',-")
    return '"' + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in token.encode()) + '"'


def _inside(target: str, ours: Path, seconds: int) -> None:
    """Fuzz, in a process of its own: libFuzzer ends it as it likes."""
    import atheris  # noqa: PLC0415  a tool that not everybody has

    with atheris.instrument_imports(include=["aggregator", "feedparser"]):
        law = _Law(TARGETS[target](), ours)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-rss_limit_mb={MOST_MIB}",
        f"-dict={ours / 'tokens'}",
        f"-artifact_prefix={ours / 'findings'}/died-",
        "-timeout=300",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(ours / "corpus"), str(ours / "seeds")], law)
    atheris.Fuzz()


def _run(target: str, folder: Path, seconds: float) -> int:
    """Fuzz for so long, again from where it was where the process ended; say how much that was."""
    ours, began = _prepared(folder, target), time.monotonic()
    executions, covered = 0, "nothing"
    while (left := seconds - (time.monotonic() - began)) > 1:
        line = [sys.executable, "-m", "tests.long.fuzz", "--target", target, "--inside", str(int(left)), "--folder"]
        with subprocess.Popen([*line, str(folder)], stderr=subprocess.PIPE, text=True, errors="replace") as running:
            last = _followed(running.stderr or ())
        executions += last[0]
        covered = f"{last[1]} edges, {last[2]} features, {last[3]} inputs kept"
        if last[0] == 0:
            break
    took = time.monotonic() - began
    findings = sorted(path for path in (ours / "findings").iterdir() if path.suffix != ".txt")
    slow = sum(path.suffix != ".txt" for path in (ours / "slow").iterdir())
    print(  # noqa: T201
        f"{target}: {executions:,} executions in {took:.0f} s ({executions / took:.0f} a second): {covered}; "
        f"slower than {SLOW_SECONDS:.0f} s: {slow}; findings: {len(findings)}"
    )
    for path in findings:
        print(f"  {path} ({path.stat().st_size} bytes)")  # noqa: T201
    return len(findings) + (executions == 0)


def _followed(lines: Iterable[str]) -> tuple[int, int, int, int]:
    """Pass on what libFuzzer says, and give its last count: executions, edges, features, inputs."""
    last = (0, 0, 0, 0)
    for line in lines:
        if found := _STATS.match(line):
            last = tuple(map(int, found.groups()))  # type: ignore[assignment]  # there are four groups
        if found is None or line.split()[1] in {"INITED", "pulse", "DONE"}:
            print(line, end="", file=sys.stderr, flush=True)  # noqa: T201
    return last


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--target", choices=TARGETS, default="whole")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "aggregator-fuzz")
    parser.add_argument("--inside", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("no atheris here: pip install atheris")  # noqa: T201
        return 0
    if given.inside:
        _inside(given.target, given.folder / given.target, given.inside)
    return int(_run(given.target, given.folder, given.hours * 3600) > 0)


if __name__ == "__main__":
    sys.exit(main())
