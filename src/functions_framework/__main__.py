"""`python -m functions_framework`: the same command as the console scripts."""

from __future__ import annotations

from .cli import program

if __name__ == "__main__":  # worker processes import this module under another name
    program(prog_name="python -m functions_framework")
