"""Runs a small script in a process set up for logging as the command does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import Any, NamedTuple

from functions_framework.settings import options

LABELS = "logging.googleapis.com/labels"
SPAN = "logging.googleapis.com/spanId"
TRACE = "logging.googleapis.com/trace"
SAMPLED = "logging.googleapis.com/trace_sampled"
SOURCE = "logging.googleapis.com/sourceLocation"

_PREAMBLE = """
import contextlib, logging, os, sys, threading
from functions_framework import logs
from functions_framework.model.execution import Execution, execution
from functions_framework.settings import Settings

@contextlib.contextmanager
def call(execution_id, **headers):
    running = Execution(execution_id, **headers)
    token = execution.set(running)
    try:
        yield running
    finally:
        if running.unfinished:
            logs.flush_call(running)
        execution.reset(token)

logs.configure(Settings.load(names=("log_level", "log_format", "log_execution_id", "access_log")))
"""
_PLATFORM = frozenset({
    "K_SERVICE", "CLOUD_RUN_JOB", "GOOGLE_CLOUD_PROJECT", "GCP_PROJECT", "GCLOUD_PROJECT",
})  # fmt: skip


class Output(NamedTuple):
    """What a script wrote."""

    out: str
    err: str

    @property
    def out_records(self) -> list[dict[str, Any]]:
        """Standard output as JSON records."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    @property
    def err_records(self) -> list[dict[str, Any]]:
        """Standard error as JSON records."""
        return [json.loads(line) for line in self.err.split("\n")[:-1]]


def clean_environ(**variables: str) -> dict[str, str]:
    """This process's environment with no variable that changes anything but the given ones."""
    ours = {option.variable for option in options().values()}
    ours |= {option.older_variable or "" for option in options().values()}
    kept = {name: value for name, value in os.environ.items() if name not in ours | _PLATFORM}
    return kept | {"PYTHONUTF8": "1"} | variables


def run(script: str, **variables: str) -> Output:
    """Run a script after logging was configured from the given environment variables."""
    done = subprocess.run(
        [sys.executable, "-c", _PREAMBLE + textwrap.dedent(script)],
        env=clean_environ(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Output(done.stdout, done.stderr)
