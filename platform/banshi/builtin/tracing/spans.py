"""Spans of OpenTelemetry's SDK, sent in batches by a thread of its own. Imported only where an exporter is set.

A span that is over goes into a queue of bounded length. Where the collector is away, slow or refuses, the queue runs
full and spans are left out: nobody waits for it, and nothing else fails.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Token
from importlib.metadata import version
from typing import Any, Self

from aiohttp import web
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace import Span as Recorded

from banshi.foundation.background import woken
from banshi.foundation.errors import Problem
from banshi.foundation.trace_context import TRACE
from banshi.kernel.contract.routes import Route
from banshi.kernel.runtime.tracing import Handler, Span, Value

#: W3C Trace Context, version 00.
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")

#: Seconds that sending the last spans may take when the process ends.
LAST_SPANS_S = 2.0

#: What the spans of promises and of pushes are to OpenTelemetry; all others are the process's own doing.
KINDS = {"outbox": SpanKind.CONSUMER, "push": SpanKind.CLIENT}


class Recording(Span):
    """One span on its way."""

    __slots__ = ("_span", "_token", "trace")

    def __init__(self, span: Recorded) -> None:
        self._span = span
        self._token: Token[str] | None = None
        own = span.get_span_context()
        self.trace = f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def set(self, **about: Value) -> None:
        for name, value in about.items():
            self._span.set_attribute(f"banshi.{name}", value)

    def answered(self, status: int) -> None:
        """What a request was answered with; only what is our own fault is an error."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= web.HTTPInternalServerError.status_code:
            self._span.set_status(Status(StatusCode.ERROR))

    def close(self) -> None:
        self._span.end()

    def __enter__(self) -> Self:
        self._token = TRACE.set(self.trace)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._token is not None:
            TRACE.reset(self._token)
        if kind is not None and not (isinstance(error, Problem) and error.status < 500):
            # The type alone: an exception's text may quote what somebody wrote.
            self._span.set_attribute("error.type", kind.__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class Exported:
    """The traces of a process that has an exporter."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def span(self, name: str, parent: str, about: dict[str, Value]) -> Recording:
        above = context_of(parent)
        # A promise that somebody has written by hand may bear anything.
        context = None if above is None else set_span_in_context(NonRecordingSpan(above))
        kind = KINDS.get(name.partition(" ")[0], SpanKind.INTERNAL)
        attributes: dict[str, Any] = {f"banshi.{key}": value for key, value in about.items()}
        return Recording(self._tracer.start_span(name, context, kind, attributes))

    def around(self, route: Route, handle: Handler) -> Handler:
        name = f"{route.method} {route.path}"
        about = {"http.request.method": route.method, "http.route": route.path, "banshi.operation": route.operation}

        async def handled(request: web.Request) -> web.StreamResponse:
            if route.is_unnamed(request):
                return await handle(request)
            # A caller's own trace is named and not gone on with: anybody can send one, and would decide what we keep.
            theirs = context_of(request.headers.get("traceparent", ""))
            links = [Link(theirs)] if theirs is not None else None
            with Recording(self._tracer.start_span(name, None, SpanKind.SERVER, about, links)) as span:
                try:
                    response = await handle(request)
                except Problem as problem:
                    span.answered(problem.status)
                    raise
                span.answered(response.status)
                return response

        return handled


def context_of(traceparent: str) -> SpanContext | None:
    """What a `traceparent` says; None where it is none (W3C Trace Context, section 3.2)."""
    found = TRACEPARENT.match(traceparent)
    if found is None:
        return None
    trace, span, flags = int(found[1], 16), int(found[2], 16), TraceFlags(int(found[3], 16))
    return SpanContext(trace, span, is_remote=True, trace_flags=flags) if trace and span else None


@asynccontextmanager
async def opened() -> AsyncIterator[Exported]:
    """The exporter that the environment describes; at the end what is still to be sent has two seconds."""
    # By its instance a process of several is told from the others.
    ours = {SERVICE_VERSION: version("banshi"), SERVICE_INSTANCE_ID: os.urandom(8).hex()}
    named = os.environ.get("OTEL_SERVICE_NAME") or f"{SERVICE_NAME}=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create(ours if named else {**ours, SERVICE_NAME: "banshi"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Exported(provider.get_tracer("banshi"))
    finally:
        await _ended(provider)


async def _ended(provider: TracerProvider) -> None:
    """Shut it down in a thread that nobody waits for in the end: a collector may be there and say nothing."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        provider.shutdown()
        # Whoever waited has left, if that took too long.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=end, name="banshi-last-spans", daemon=True).start()
    await woken(over, LAST_SPANS_S)
