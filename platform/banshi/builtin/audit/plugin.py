"""Who did, read and ran what, in a chain of seals."""

from __future__ import annotations

from typing import Any

from banshi.builtin.audit import routes
from banshi.builtin.audit.keeping import AUDIT, open_audit
from banshi.builtin.audit.readings import READINGS, open_readings
from banshi.builtin.audit.refusals import REFUSALS, open_refusals
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Offer, Phase, Resource
from banshi.kernel.http.middleware import REFUSED


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(AUDIT, open_audit, Phase.BEFORE_PLUGINS),
        Resource(READINGS, open_readings, Phase.BEFORE_PLUGINS),
        Resource(REFUSALS, open_refusals, Phase.BEFORE_PLUGINS),
    ]


@hookimpl
def banshi_offers() -> list[Offer[Any]]:
    return [Offer(REFUSED, lambda platform, *refused: platform[REFUSALS].note(*refused))]
