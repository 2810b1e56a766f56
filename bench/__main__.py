"""Start `python -m bench`, and `python bench` too; the command itself is in `command`."""

import sys
from pathlib import Path

if not __package__:
    # `python bench` puts this directory first on the path: its parent is meant.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.command import main

if __name__ == "__main__":
    raise SystemExit(main())
