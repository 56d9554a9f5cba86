"""`aggregator export`: what we read, for another reader."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import FeedsOption, read_feeds

if TYPE_CHECKING:
    from aggregator.load.feeds_yaml import FeedsFile


def export(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Left out: standard output.")] = None,
    feeds: FeedsOption = None,
) -> None:
    """Write the sources of feeds.yaml as OPML 2.0, each topic a folder; `aggregator import` reads it back.

    Secrets stay here: headers, proxies and auth files, and what looks like a token in an address (its owner is told).
    A token in the path of an address cannot be told from a name: look before you hand the file on.

    **Examples**

    - `aggregator export > sources.opml`
    - `aggregator export sources.opml --feeds planet.yaml`
    """
    from aggregator.publish.opml import sources_opml

    configuration = read_feeds(feeds)
    body = sources_opml(configuration.site, configuration.site.url, configuration.sources, configuration.topics)
    _tell_what_is_left_out(configuration)
    if file is None:
        typer.get_binary_stream("stdout").write(body)
        return
    try:
        file.write_bytes(body)
    except OSError as error:
        typer.echo(f"{file}: cannot be written: {error.strerror}; name another file", err=True)
        raise typer.Exit(1) from None


def _tell_what_is_left_out(configuration: "FeedsFile") -> None:
    from aggregator.publish.outgoing import without_secrets

    for source in configuration.sources:
        if any(without_secrets(url) != url for url in source.urls):
            typer.echo(f"{source.name}: its address is written without what looks like a secret", err=True)
