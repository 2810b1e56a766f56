"""What a function did wrong, apart from what the same exception stands for elsewhere."""

from __future__ import annotations


class _FunctionError(Exception):
    """The fault, with the exception that says what it was."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause


class InvalidResultError(_FunctionError):
    """It returned what cannot be sent: for the handler of 500 only."""


class RefusedByFunctionError(_FunctionError):
    """It raised what the framework raises to refuse a request: a crash when user code does."""
