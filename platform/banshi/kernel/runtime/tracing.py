"""Traces: what one request led to, across tables and processes, as W3C Trace Context and OpenTelemetry have it.

What is being done has a `traceparent`; rows that promise something bear it, and whoever keeps the promise goes on from
there. Where no exporter is set there are none of these, nothing of OpenTelemetry is imported, and asking costs a look
into a dictionary. A span says which item, kind, plugin, state and lane; never who, and nothing that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol, Self

from aiohttp import web

from banshi.foundation.keys import Key
from banshi.foundation.trace_context import TRACE
from banshi.kernel.contract.routes import Route
from banshi.kernel.runtime.running import Platform

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]
Value = str | int | bool


class Span:
    """A piece of work, from entering to leaving; this one where nothing is traced.

    What it raises is told by its type alone.
    """

    __slots__ = ()

    #: Its `traceparent`.
    trace: str = ""

    def set(self, **about: Value) -> None:
        """Add what is known of it by now."""

    def close(self) -> None:
        """Leave a span that nobody has entered: what is done by many tasks in turn."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        pass


NOTHING = Span()


class Traces(Protocol):
    """Where there is an exporter."""

    def span(self, name: str, parent: str, about: dict[str, Value]) -> Span:
        """A span below `parent`, a `traceparent`."""
        ...

    def around(self, route: Route, handle: Handler) -> Handler:
        """A route's handler in a span that a trace begins with, but for people who don't say who they are."""
        ...


#: The standard variables that name where traces go.
ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

#: None where there is no exporter.
TRACES: Key[Traces | None] = Key("traces")


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
    """The handler as it is, or in a span. Nothing is traced of probes."""
    traces = platform.get(TRACES)
    return handle if traces is None or route.tag == "operations" else traces.around(route, handle)
