"""`python -m aggregator`, and the `aggregator` command."""

import gc
import os


def main() -> None:
    """Run the command line. It is imported late, so that the importing is done under these thresholds too."""
    # Values by the 100,000 that stay are looked at again at every 700 new ones: 14 % of a pass with news.
    gc.set_threshold(20_000, 10, 50)
    # We have no plugins for pydantic; to look for some among all that is installed costs 3 % of a pass without news.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from aggregator.cli import app  # noqa: PLC0415  see above

    try:
        app()
    finally:
        gc.freeze()  # nothing is left to do: the interpreter's last collection costs 10 % of a pass without news


if __name__ == "__main__":
    main()
