"""What somebody suggests, and feeds.yaml as a command hands it to load/."""

from pathlib import Path

from aggregator.dedupe.canonical import canonical_url
from aggregator.load.feeds_yaml import FeedsFile, read_feeds_file
from aggregator.load.keys import Outside
from aggregator.load.subscriptions import Judges, Plan, plan
from aggregator.subscription import Folder, Subscription
from tests.load.conftest import check_cron, read_match

JUDGES = Judges(
    canonical=canonical_url,
    may_ask=lambda url: "10.0.0." not in url,
    outside=Outside(read_match=read_match, check_cron=check_cron, find_file=Path),
)


def read(path: Path) -> FeedsFile:
    return read_feeds_file(path, read_match=read_match, check_cron=check_cron)


def planned(*suggested: Subscription, feeds: FeedsFile | None = None, folders: tuple[Folder, ...] = ()) -> Plan:
    return plan(suggested, feeds, judges=JUDGES, folders=folders)
