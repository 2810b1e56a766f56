"""A worker whose orders cannot be carried out any more ends; its parent need not be there."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import socket, sys, threading
from functions_framework.server.worker.orders import Parent

def carry_out(order):
    print("ordered", order, file=sys.stderr)
    raise ValueError("broken on purpose")

ours, theirs = socket.socketpair()
Parent(theirs).on_order(carry_out)
ours.close()
threading.Event().wait(30)
sys.exit(0)
"""


def test_order_that_fails_ends_the_worker_and_says_why() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "ordered b'drain\\n'" in done.stderr
    assert "An order could not be carried out; the worker ends." in done.stderr
    assert "ValueError: broken on purpose" in done.stderr
