"""`python -m aggregator`, and the `aggregator` command."""


def main() -> None:
    """Run the command line. Imported late: a parsing child imports this module too, and needs none of it."""
    from aggregator.cli import app  # noqa: PLC0415  see above

    app()


if __name__ == "__main__":
    main()
