"""Traces for OpenTelemetry, where an exporter is set."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.tracing.traces import TRACES, open_traces


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(TRACES, open_traces, Phase.BEFORE_PLUGINS),
    ]
