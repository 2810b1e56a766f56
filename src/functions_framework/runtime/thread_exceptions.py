"""Raising an exception in another thread, wherever that thread is: the interpreter's own means.

CPython delivers it at that thread's next bytecode that looks for it (C API,
`PyThreadState_SetAsyncExc`). Where it may be raised is `interruption`'s to know.
"""

from __future__ import annotations

import threading

# ctypes takes 4 ms to import, and most servers never end a call: it is imported where it is used.


def raise_in(thread: int, kind: type[BaseException]) -> None:
    """Have `kind` raised in the thread of that identifier."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


class _Nothing(BaseException):
    """Raised in the place of what is taken back."""


def take_back() -> None:
    """Drop an exception that was not yet raised in this thread.

    Another one is raised in its place, and ends here. The interpreter notes that one is on its way,
    and forgets it only when it raises one: with nothing in its place all threads would look for it
    from then on, at each call; where a debugger traces them, CPython 3.11 would look for ever.
    """
    try:
        raise_in(threading.get_ident(), _Nothing)
        while True:
            pass
    except _Nothing:
        pass
