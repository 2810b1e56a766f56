"""Where a call stands in its caller's trace, read from the headers of requests.

W3C's `traceparent` and `tracestate`, and `X-Cloud-Trace-Context`, are read here and nowhere else.
"""

from __future__ import annotations

import re
from functools import cache

from functions_framework.runtime.values import NamedTuple

_TRACEPARENT = r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
_CLOUD_TRACE = r"([A-Za-z0-9_]+)(?:/([0-9]{1,20}))?(?:;o=([0-9]{1,9}))?"
# Keys as of level 2, which has those of level 1; no value ends with a space.
_STATE_MEMBER = r"[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_MOST_MEMBERS = 32
_W3C_TRACE_ID = r"[0-9a-f]{32}"
# Compiled with the first trace: compiling is a fiftieth of the time to the first response.
_compiled = cache(re.compile)
_ZERO_TRACE = "0" * 32
_ZERO_SPAN = "0" * 16


class Trace(NamedTuple):
    """Where a call stands in its caller's trace; every part is None when the caller sent none.

    Attributes:
        trace_id: the trace's id.
        span_id: the caller's span as received: hex from W3C, decimal from
            `X-Cloud-Trace-Context`.
        is_sampled: whether the caller records the trace.
    """

    trace_id: str | None = None
    span_id: str | None = None
    is_sampled: bool | None = None


NO_TRACE = Trace()


def read_traceparent(header: str) -> Trace:
    """Read a `traceparent` header (W3C Trace Context, section 3.2); `NO_TRACE` if it is invalid.

    Later versions may go on after the flags; version ff and ids of zeros only are invalid.
    """
    found = _compiled(_TRACEPARENT).fullmatch(header.strip())
    if found is None:
        return NO_TRACE
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest):
        return NO_TRACE
    if trace_id == _ZERO_TRACE or span_id == _ZERO_SPAN:
        return NO_TRACE
    return Trace(trace_id, span_id, bool(int(flags, 16) & 1))


def read_tracestate(header: str) -> str | None:
    """A `tracestate` header (W3C Trace Context, section 3.3); None if invalid or empty.

    Members may be empty. One key twice is let through: the specification lets both be kept.
    """
    members = [found for member in header.split(",") if (found := member.strip(" \t"))]
    if not 0 < len(members) <= _MOST_MEMBERS:
        return None
    is_member = _compiled(_STATE_MEMBER).fullmatch
    return header.strip(" \t") if all(map(is_member, members)) else None


def read_cloud_trace(header: str) -> Trace:
    """Read an `X-Cloud-Trace-Context` header, `TRACE[/SPAN][;o=OPTIONS]`; else `NO_TRACE`."""
    found = _compiled(_CLOUD_TRACE).fullmatch(header.strip())
    if found is None:
        return NO_TRACE
    trace_id, span_id, options = found.groups()
    return Trace(trace_id, span_id, None if options is None else bool(int(options) & 1))


def traceparent_of(trace: Trace) -> str | None:
    """The W3C form of a trace from `X-Cloud-Trace-Context`, None when it has none."""
    trace_id = (trace.trace_id or "").lower()
    if not _compiled(_W3C_TRACE_ID).fullmatch(trace_id) or trace_id == _ZERO_TRACE:
        return None
    span = int(trace.span_id or 0)
    if not 0 < span < 1 << 64:
        return None
    return f"00-{trace_id}-{span:016x}-{int(bool(trace.is_sampled)):02x}"
