"""What `add` and `import` share: the feeds.yaml that may be edited, and how what is new gets into it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aggregator.commands.options import check_cron, read_feeds_at

if TYPE_CHECKING:
    from aggregator.load.feeds_yaml import FeedsFile
    from aggregator.load.subscriptions import Judges, Plan
    from aggregator.site import Network
    from aggregator.subscription import Folder, Subscription


def own_feeds(named: Path | None) -> "tuple[Path, FeedsFile | None]":
    """Read the operator's own configuration: the one named, else ./feeds.yaml; never the shipped one.

    Returns:
        Its path, and what it says; None where there is none yet.

    Raises:
        FeedsFileError: It cannot be used.
    """
    path = named or Path("feeds.yaml")
    return path, read_feeds_at(path) if path.exists() else None


def plan_for(
    subscriptions: "Iterable[Subscription]", feeds: "FeedsFile | None", folders: "Iterable[Folder]" = ()
) -> "Plan":
    """Choose what is new to feeds.yaml."""
    from aggregator.load.subscriptions import plan

    return plan(subscriptions, feeds, judges=_judges(feeds), folders=folders)


def write(path: Path, plan: "Plan") -> None:
    """Add to feeds.yaml what is new, or begin it, and say what follows from that.

    Raises:
        FeedsFileError: It cannot be written, or says something else meanwhile.
    """
    from aggregator.load.rewrite import add_to_file

    begun = not path.exists()
    add_to_file(path, plan, read=read_feeds_at)
    if begun:
        typer.echo(f"{path} is begun; from here, it is used instead of the shipped one", err=True)
    else:
        typer.echo("a running daemon reads it after `kill -HUP`", err=True)


def _judges(feeds: "FeedsFile | None") -> "Judges":
    from functools import partial

    from aggregator.dedupe.canonical import canonical_url
    from aggregator.load.keys import Outside
    from aggregator.load.subscriptions import Judges
    from aggregator.merge.match import parse_match

    allowed = feeds.polling.allow_private if feeds else ()
    outside = Outside(read_match=parse_match, check_cron=check_cron, find_file=Path)
    return Judges(canonical=canonical_url, may_ask=partial(_may_ask, allowed), outside=outside)


def _may_ask(allowed: "tuple[Network, ...]", url: str) -> bool:
    """Refuse at once what would be refused at each poll: names are judged when connecting, and only then."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    from aggregator.fetch.guard import may_connect

    try:
        address = ip_address(urlsplit(url).hostname or "")
    except ValueError:  # a name
        return True
    return may_connect(address, allowed)
