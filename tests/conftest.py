"""What all tests share."""

from typing import Final

import pytest
from hypothesis import HealthCheck, settings

# The machine is shared: a slow example is no failure. CI plays the same examples each time.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

WORKERS: Final = 2  # on any machine: half of the time a test waits, for a program that starts or a clock that ticks


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Share the whole suite among some processes. Tests named on the command line run in this one: one can debug them.

    `-n` says otherwise in both cases; `-n 0`, `-p no:xdist` and `--pdb` run the whole suite in this process.
    """
    if hasattr(config, "workerinput") or not config.pluginmanager.hasplugin("xdist"):
        return  # a worker was given the same command line; it must not have workers of its own, and they theirs
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if is_whole and config.option.numprocesses is None and not config.option.usepdb:
        config.option.numprocesses, config.option.dist = WORKERS, "worksteal"
