"""One pass of PyPI `reader`, run by the interpreter that has it: `reader_pass.py DATABASE WORKERS [URLS.json]`.

With URLS.json the feeds are only added, and nothing is asked.
"""

import json
import sys
from pathlib import Path

from reader import make_reader


def main() -> None:
    database, workers, *urls = sys.argv[1:]
    with make_reader(database) as reader:
        if urls:
            for url in json.loads(Path(urls[0]).read_bytes()):
                reader.add_feed(url)
        else:
            reader.update_feeds(workers=int(workers), scheduled=False)  # all of them, as `once --all` asks


if __name__ == "__main__":
    main()
