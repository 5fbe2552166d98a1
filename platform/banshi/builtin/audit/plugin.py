"""Who did and who read what, in a chain of seals."""

from __future__ import annotations

from typing import Any

from banshi.audit.keeping import AUDIT, open_audit
from banshi.audit.readings import READINGS, open_readings
from banshi.audit.refusals import REFUSALS, open_refusals
from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.routes import Route
from banshi.web import readings


@hookimpl
def banshi_routes() -> list[Route]:
    return [*readings.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(AUDIT, open_audit, Phase.BEFORE_PLUGINS),
        Resource(READINGS, open_readings, Phase.BEFORE_PLUGINS),
        Resource(REFUSALS, open_refusals, Phase.BEFORE_PLUGINS),
    ]
