"""Networks that fail at once, against the real daemon. The slow ones: `python -m tests.long.networks`."""

from pathlib import Path

from tests.e2e.networks import QUICK, Networks
from tests.e2e.running import daemon, eventually, write_feeds


def test_whatever_a_network_does_has_its_name_and_no_chain_of_redirects_leads_inwards(tmp_path: Path) -> None:
    with (
        Networks(QUICK) as networks,
        daemon(tmp_path, write_feeds(tmp_path, networks.sources), env=networks.env) as running,
    ):
        eventually(lambda: not any(answer == "" for answer, _ in networks.untold(running).values()))

        assert networks.untold(running) == {}
        assert networks.connections["middle"] == 1  # TLS, with a certificate of an authority of our own
        assert networks.connections["private"] == 0
        assert running.read("/healthz") == "ok\n"
