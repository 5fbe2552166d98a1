"""What is kept of a person: shown to them, forgotten when asked, gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banshi.checks.retention import retention_names_outcomes
from banshi.contract import Phase, Resource
from banshi.engine.upkeep import UPKEEP, open_upkeep
from banshi.errors import Finding
from banshi.hookspecs import hookimpl
from banshi.registry import Registry
from banshi.routes import Route
from banshi.web import me


@hookimpl
def banshi_routes() -> list[Route]:
    return [*me.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(me.BUSY, lambda _: set()),
        Resource(UPKEEP, open_upkeep, Phase.AFTER_PLUGINS),
    ]


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from retention_names_outcomes(registry)
