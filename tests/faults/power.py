"""What a crash or a power cut may leave of a folder, given the calls that were made before it.

After "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014), for a file system that promises what POSIX
does and no more: what was written is on the disk once its file was synced, and a name is once its folder was. Whatever
was not synced may be there or not, one without the other, in any order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from tests.faults.log import Call

TORN: Final = (0, 1, 511, 512, 4096)  # bytes of the last write that reached the disk

Image: TypeAlias = dict[str, bytes | None]
"""Path → content; None: it is a folder."""


@dataclass(slots=True, eq=False)
class _Node:
    """A file or a folder, as programs see it and as the disk surely has it."""

    seen: Any
    sure: Any


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """What is lost or not; a sync of `node` makes it sure.

    Attributes:
        names: Of a folder: name → what it leads to from now on. None: it is gone.
        offset, content: Of a file: what is written where; without content, the length it is cut to.
    """

    node: _Node
    names: dict[str, _Node | None] = field(default_factory=dict)
    offset: int = 0
    content: bytes = b""

    def upon(self, before: Any) -> Any:
        if isinstance(before, dict):
            return {name: node for name, node in {**before, **self.names}.items() if node is not None}
        if not self.content:
            return before[: self.offset]
        end = self.offset + len(self.content)
        return before[: self.offset].ljust(self.offset, b"\0") + self.content + before[end:]


class Folder:
    """A folder that calls are made upon, one after the other."""

    def __init__(self, image: Image) -> None:
        """Begin with what is surely on the disk."""
        self._root = _Node({}, {})
        self._pending: list[_Change] = []
        for path in sorted(image):
            node = _Node(image[path], image[path]) if image[path] is not None else _Node({}, {})
            parent = self._find(PurePosixPath(path).parent)
            parent.seen[PurePosixPath(path).name] = parent.sure[PurePosixPath(path).name] = node

    def make(self, call: Call) -> None:
        path = PurePosixPath(call.path)
        match call.kind:
            case "file":
                self._change(_Change(self._find(path.parent), names={path.name: _Node(b"", b"")}))
            case "folder":
                self._change(_Change(self._find(path.parent), names={path.name: _Node({}, {})}))
            case "remove":
                self._change(_Change(self._find(path.parent), names={path.name: None}))
            case "rename":
                to = PurePosixPath(call.to)
                assert to.parent == path.parent, "over two folders, a rename is two changes"
                self._change(_Change(self._find(path.parent), names={path.name: None, to.name: self._find(path)}))
            case "write" | "cut":
                self._change(_Change(self._find(path), offset=call.offset, content=call.content))
            case "sync":
                self._sync(self._find(path))
            case "told":
                pass

    def after_a_crash(self) -> Image:
        """Give what a killed process leaves: the system goes on, and nothing is lost."""
        return self._image(self._pending)

    def left(self) -> Iterator[tuple[bool, Image]]:
        """Give (False, what a crash leaves), and (True, what may be left) of a power cut."""
        yield False, self.after_a_crash()
        yield from ((True, image) for image in self.after_a_power_cut())

    def after_a_power_cut(self) -> Iterator[Image]:
        """Give what the disk may hold, within a bound: all, none, one kind, any one more or less, the last one torn."""
        pending = self._pending
        yield self._image(pending)
        yield self._image(())
        yield self._image([change for change in pending if change.names])
        yield self._image([change for change in pending if not change.names])
        for one in pending:
            yield self._image([one])
            yield self._image([change for change in pending if change is not one])
        if pending and pending[-1].content:
            last = pending[-1]
            torn = (last.content[:length] for length in TORN if length < len(last.content))
            for content in (*torn, bytes(len(last.content))):
                yield self._image([*pending[:-1], *([replace(last, content=content)] if content else [])])

    def _change(self, change: _Change) -> None:
        change.node.seen = change.upon(change.node.seen)
        self._pending.append(change)

    def _sync(self, node: _Node) -> None:
        node.sure = node.seen
        self._pending = [change for change in self._pending if change.node is not node]

    def _find(self, path: PurePosixPath) -> _Node:
        node = self._root
        for name in path.parts:
            node = node.seen[name]
        return node

    def _image(self, kept: Sequence[_Change]) -> Image:
        changes: dict[_Node, list[_Change]] = {}
        for change in kept:
            changes.setdefault(change.node, []).append(change)
        return dict(_held(self._root, "", changes))


def _held(node: _Node, path: str, changes: dict[_Node, list[_Change]]) -> Iterator[tuple[str, bytes | None]]:
    held = node.sure
    for change in changes.get(node, ()):
        held = change.upon(held)
    if path:
        yield path, None if isinstance(held, dict) else held
    if isinstance(held, dict):
        for name, inside in held.items():
            yield from _held(inside, f"{path}/{name}" if path else name, changes)


def image_of(root: Path) -> Image:
    """Read a folder."""
    found = ((path.relative_to(root).as_posix(), path) for path in root.rglob("*"))
    return {name: None if path.is_dir() else path.read_bytes() for name, path in found}


def lay_out(image: Image, root: Path) -> None:
    """Write a folder."""
    root.mkdir(parents=True)
    for path in sorted(image):
        content = image[path]
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)


def moments(start: Image, calls: Iterable[Call]) -> Iterator[tuple[int, int, Folder]]:
    """Go through all moments between two calls: how many were made, how much had been told by then, and the folder."""
    folder, told = Folder(start), 0
    yield 0, told, folder
    for made, call in enumerate(calls, 1):
        folder.make(call)
        told += call.kind == "told"
        yield made, told, folder
