"""What clients are refused for: a body that is too long, one that stops coming."""

from __future__ import annotations

from functions_framework.exceptions import BodyTooLarge, BodyTooSlow


def too_large(limit: int) -> BodyTooLarge:
    """The refusal of a body that is longer than the server takes."""
    return BodyTooLarge(f"The request body is longer than {limit} bytes.")


def too_slow(seconds: float) -> BodyTooSlow:
    """The refusal of a body whose sender has stopped sending."""
    return BodyTooSlow(f"Nothing more of the request body came for {seconds:g} seconds.")


def too_slow_for_others() -> BodyTooSlow:
    """The refusal of one of the slowest bodies, where too many are waited for."""
    return BodyTooSlow("The request body came too slowly, and too many others are waited for.")
