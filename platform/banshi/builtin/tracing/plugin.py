"""Traces for OpenTelemetry, where an exporter is set."""

from __future__ import annotations

from typing import Any

from banshi.builtin.tracing.opening import open_traces
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.runtime.tracing import TRACES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource(TRACES, open_traces, Phase.BEFORE_PLUGINS)]
