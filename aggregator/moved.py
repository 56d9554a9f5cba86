"""Pages of stories that no list has any more → where their readers are sent."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from aggregator.document import story_at, story_path

_MOST: Final = 500  # two years of stories would be a hundred thousand files on every static host


class Moved:
    """The stories whose pages went last.

    Args:
        kept: What `plain` gave.
    """

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._where = dict(kept)

    @property
    def plain(self) -> dict[str, str]:
        """Give story → the path that its readers are sent to, below the site's root; the first to go first."""
        return self._where

    @property
    def paths(self) -> list[str]:
        """Give the paths of the pages."""
        return list(map(story_path, self._where))

    def follow(self, gone: Collection[str], published: Collection[str], find: Callable[[str], str | None]) -> list[str]:
        """Take in the stories whose pages are gone, and let go of those that have one again.

        Args:
            gone: Paths, of stories and others.
            published: Paths, too.
            find: Tells where a story is now; None where nobody knows.

        Returns:
            The paths of those that are too many.
        """
        for id_ in sorted(filter(None, map(story_at, gone))):
            where = find(id_)
            if where is not None:
                self._where[id_] = where
        left = [(id_, where) for id_, where in self._where.items() if story_path(id_) not in published]
        self._where = dict(left[-_MOST:])
        return [story_path(id_) for id_, _ in left[:-_MOST]]

    def forget(self, targets: Collection[str]) -> list[str]:
        """Let go of those that were sent to one of these; give their paths."""
        lost = [id_ for id_, where in self._where.items() if where in targets]
        for id_ in lost:
            del self._where[id_]
        return list(map(story_path, lost))
