"""A headline's way through the program. A noun is a file; a verb is a room.

    feeds.yaml                                                                readers
        │                                                                        ▲
      load ──▶ schedule ──▶ fetch ──▶ parse ──▶ dedupe ──▶ merge ──▶ publish ──▶ serve
                                                  │                    │
                                                store                monitor

    poll.py      one pass over one source, top to bottom: start reading there
    daemon.py    the clock, the signals and the wiring around many passes
    store/       state/: what survives a crash
    commands/    one module for each command of the command line

Nouns (source, entry, headline, story, topic, …) are frozen values without any I/O. Rooms never import one another.
"""

from typing import Final

VERSION: Final = "0.1.0"
