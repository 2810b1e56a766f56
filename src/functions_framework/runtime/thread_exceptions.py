"""Raising an exception in another thread, wherever that thread is: the interpreter's own means.

CPython delivers it at that thread's next bytecode that looks for it (C API,
`PyThreadState_SetAsyncExc`). Where it may be raised is `interruption`'s to know.
"""

from __future__ import annotations

# ctypes takes 4 ms to import, and most servers never end a call: it is imported where it is used.


def raise_in(thread: int, kind: type[BaseException]) -> None:
    """Have `kind` raised in the thread of that identifier."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def take_back(thread: int) -> None:
    """Drop an exception that was not yet raised there."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)
