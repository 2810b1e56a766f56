"""`python -m functions_framework`: the same command as the console scripts."""

from __future__ import annotations

from .commands.launch import main

if __name__ == "__main__":  # worker processes import this module under another name
    main("python -m functions_framework")
