"""A headline's way through the program. A noun is a file; a verb is a room.

    feeds.yaml                                                                readers
        │                                                                        ▲
      load ──▶ schedule ──▶ fetch ──▶ parse ──▶ dedupe ──▶ merge ──▶ publish ──▶ serve
                                                  │                    │
                                                store                monitor

    poll.py      one pass over one source, top to bottom: start reading there
    desk.py      where new headlines become stories and find their topics, for all passes
    edition.py   touched topics → documents in state/public/ and on the shelf; archive.py keeps what leaves a feed
    house.py     one feeds.yaml, one state/, and every room between them
    daemon.py    the clock, the signals and the wiring around many passes
    tally.py     what the passes came to, for the status; troubles.py is our health
    store/       state/: what survives a crash
    commands/    one module for each command of the command line

Nouns (source, entry, headline, story, topic, …) are frozen values without any I/O. Rooms never import one another.
"""

from typing import Final

VERSION: Final = "0.1.0"
