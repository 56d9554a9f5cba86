import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aggregator.descriptors import for_publishers, for_readers


@contextmanager
def allowed(files: int) -> Iterator[None]:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


@pytest.mark.parametrize("files", [64, 256, 1_024])
def test_readers_and_publishers_leave_us_what_we_need(files: int) -> None:
    with allowed(files):
        assert for_readers() + for_publishers() <= files - 32
        assert for_readers() >= 2 * for_publishers() > 0


def test_where_hardly_any_file_is_allowed_one_of_each_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (20, 20))

    assert (for_readers(), for_publishers()) == (1, 1)
