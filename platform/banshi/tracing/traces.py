"""Traces: what one request led to, across tables and processes, as W3C Trace Context and OpenTelemetry have it.

What is being done has a `traceparent`; rows that promise something bear it, and whoever keeps the promise goes on from
there. Where no exporter is set there are none of these, nothing of OpenTelemetry is imported, and asking costs a look
into a dictionary. A span says which item, kind, plugin, state and lane; never who, and nothing that somebody wrote.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import structlog

from banshi.contract import Key

if TYPE_CHECKING:
    from aiohttp import web

    from banshi.routes import Route
    from banshi.runtime import Platform

log = structlog.get_logger("banshi.tracing")

#: The standard variables of OpenTelemetry that decide whether there are traces at all; the SDK reads all others.
ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXPORTER, DISABLED = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

#: The one that is spoken here.
PROTOCOL = "http/protobuf"

#: Characters of a `traceparent`.
LENGTH = 55

#: The `traceparent` of what is being done; "" where nothing is traced.
TRACE: ContextVar[str] = ContextVar("banshi_trace", default="")

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]
Value = str | int | bool


class Span(Protocol):
    """A piece of work, from entering to leaving. What it raises is told by its type alone."""

    @property
    def trace(self) -> str:
        """Its `traceparent`."""
        ...

    def set(self, **about: Value) -> None:
        """Add what is known of it by now."""
        ...

    def close(self) -> None:
        """Leave a span that nobody has entered: what is done by many tasks in turn."""
        ...

    def __enter__(self) -> Span: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None: ...


class Nothing:
    """In place of a span where nothing is traced."""

    trace = ""

    def set(self, **about: Value) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        pass


NOTHING = Nothing()


class Traces(Protocol):
    """Where there is an exporter."""

    def span(self, name: str, parent: str, about: dict[str, Value]) -> Span:
        """A span below `parent`, a `traceparent`."""
        ...

    def around(self, route: Route, handle: Handler) -> Handler:
        """A route's handler in a span that a trace begins with."""
        ...


#: None where there is no exporter.
TRACES: Key[Traces | None] = Key("traces")


def present_trace() -> str:
    """The `traceparent` of what is being done; "" where nothing is traced."""
    return TRACE.get()


def traced(platform: Platform, name: str, parent: str | None = None, **about: Value) -> Span:
    """A span around a piece of work: `with traced(platform, "parks draw", item="sluice") as span: …`.

    It is below what is being done, or below `parent`, the `traceparent` of a row. Where neither is there nothing is
    traced: a trace begins with a request. Say nothing of a person in `about`, and nothing that somebody wrote.
    """
    traces = platform.get(TRACES)
    if traces is None:
        return NOTHING
    above = TRACE.get() if parent is None else parent
    return traces.span(name, above, about) if above else NOTHING


@contextmanager
def traced_together(platform: Platform, name: str, parents: Sequence[str], **about: Value) -> Iterator[list[Span]]:
    """A span for each of several rows that are worked off together; what the work raises all of them tell."""
    if platform.get(TRACES) is None:
        yield [NOTHING] * len(parents)
        return
    with ExitStack() as stack:
        spans = [stack.enter_context(traced(platform, name, parent, **about)) for parent in parents]
        # What is done for all of them belongs to none.
        TRACE.set("")
        yield spans


def traced_route(platform: Platform, route: Route, handle: Handler) -> Handler:
    """The handler as it is, or in a span. Nothing is traced of people who don't say who they are, nor of probes."""
    traces = platform.get(TRACES)
    return handle if traces is None or route.unnamed or route.tag == "operations" else traces.around(route, handle)


def is_wanted() -> bool:
    """Whether the environment names somewhere for traces to go, and it is possible to go there."""
    told = os.environ.get
    if told(DISABLED, "").lower() == "true" or (told(EXPORTER) or "otlp") != "otlp" or not any(map(told, ADDRESSES)):
        return False
    protocol = next(filter(None, map(told, PROTOCOLS)), PROTOCOL)
    if protocol != PROTOCOL:
        log.warning(f"no traces: {PROTOCOL} is spoken alone; set {PROTOCOLS[1]}={PROTOCOL}")
        return False
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        log.warning("no traces: OpenTelemetry is not installed; install banshi with the extra `tracing`")
        return False
    return True


@asynccontextmanager
async def open_traces(_: Platform) -> AsyncIterator[Traces | None]:
    """Have what happens traced where the environment says where to; the exporter works beside everything else."""
    if not is_wanted():
        yield None
        return
    from banshi.tracing.spans import opened

    async with opened() as traces:
        yield traces
