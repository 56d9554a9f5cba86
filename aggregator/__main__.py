"""`python -m aggregator`, and the `aggregator` command."""

import gc


def main() -> None:
    """Run the command line. Imported late: a parsing child imports this module too, and needs none of it."""
    # Values by the 100,000 that stay are looked at again at every 700 new ones: 14 % of a pass with news.
    gc.set_threshold(20_000, 10, 50)
    from aggregator.cli import app  # noqa: PLC0415  see above

    try:
        app()
    finally:
        gc.freeze()  # nothing is left to do: the interpreter's last collection costs 10 % of a pass without news


if __name__ == "__main__":
    main()
