"""Traces for OpenTelemetry, where an exporter is set."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from banshi.foundation.extras import lacking
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.tracing import ADDRESSES, TRACES, Traces

log = structlog.get_logger("banshi.tracing")

#: The other standard variables of OpenTelemetry that decide whether there are traces at all; the SDK reads the rest.
EXPORTER, DISABLED = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

#: The one that is spoken here.
PROTOCOL = "http/protobuf"


def is_wanted() -> bool:
    """Whether the environment names somewhere for traces to go, and it is possible to go there."""
    told = os.environ.get
    if told(DISABLED, "").lower() == "true" or (told(EXPORTER) or "otlp") != "otlp" or not any(map(told, ADDRESSES)):
        return False
    protocol = next(filter(None, map(told, PROTOCOLS)), PROTOCOL)
    if protocol != PROTOCOL:
        log.warning(f"no traces: {PROTOCOL} is spoken alone; set {PROTOCOLS[1]}={PROTOCOL}")
        return False
    if lack := lacking("opentelemetry.exporter.otlp.proto.http"):
        log.warning(f"no traces: {lack}")
        return False
    return True


@asynccontextmanager
async def open_traces(_: Platform) -> AsyncIterator[Traces | None]:
    """Have what happens traced where the environment says where to; the exporter works beside everything else."""
    if not is_wanted():
        yield None
        return
    from banshi.builtin.tracing.spans import opened

    async with opened() as traces:
        yield traces


banshi_resources = hands_over(Resource(TRACES, open_traces, Phase.BEFORE_PLUGINS))
