"""The trace that a request belongs to, as its header names it."""

from __future__ import annotations

from contextvars import ContextVar

#: Characters of a `traceparent`.
TRACEPARENT_CHARS = 55

#: The `traceparent` of what is being done; "" where nothing is traced.
TRACE: ContextVar[str] = ContextVar("banshi_trace", default="")


def present_trace() -> str:
    """The `traceparent` of what is being done; "" where nothing is traced."""
    return TRACE.get()
