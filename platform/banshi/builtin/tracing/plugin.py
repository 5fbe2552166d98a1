"""Traces for OpenTelemetry, where an exporter is set."""

from __future__ import annotations

from banshi.builtin.tracing.opening import open_traces
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.runtime.tracing import TRACES

banshi_resources = hands_over(Resource(TRACES, open_traces, Phase.BEFORE_PLUGINS))
