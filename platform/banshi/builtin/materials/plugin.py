"""Materials: what a person has handed in once may serve again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banshi.builtin import materials
from banshi.builtin.materials import checks, routes
from banshi.foundation.findings import Finding
from banshi.kernel.cases.materials import MATERIALS
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Offer
from banshi.kernel.loading.registry import Registry


@hookimpl
def banshi_offers() -> list[Offer[Any]]:
    return [Offer(MATERIALS, materials)]


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from checks.materials_name_documents(registry)
    yield from checks.documents_last_a_number_of_days(registry)
