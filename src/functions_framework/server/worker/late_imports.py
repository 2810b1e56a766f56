"""Under --reload: modules that calls import are told to the parent as well as the source's own."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from functions_framework.loading.files import local_modules
from functions_framework.runtime.native_threads import start_thread

from .. import messages

if TYPE_CHECKING:
    from .orders import Parent

_LOOK_SECONDS = 0.25


def tell_of_them(parent: Parent) -> None:
    """Have the parent watch them from now on."""
    start_thread(partial(_look, parent), "late-imports")


def _look(parent: Parent) -> None:
    count = 0
    while True:
        time.sleep(_LOOK_SECONDS)
        if count != len(sys.modules):
            count = len(sys.modules)
            parent.tell(messages.Local(local_modules()))
