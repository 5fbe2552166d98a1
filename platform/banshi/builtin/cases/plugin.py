"""Cases: how they are handed in, shown and worked on."""

from __future__ import annotations

from banshi.builtin.cases import begin_routes, routes
from banshi.kernel.cases.beginning import BEGINNINGS, Beginnings
from banshi.kernel.cases.materials import MATERIALS, materials_of
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource
from banshi.kernel.loading.registry import Registry


@hookimpl
def banshi_routes(registry: Registry) -> list[Route]:
    return [*routes.ROUTES, *begin_routes.routes(registry)]


banshi_resources = hands_over(
    Resource.made(BEGINNINGS, lambda platform: Beginnings(platform.registry)),
    Resource.made(MATERIALS, lambda platform: materials_of(platform.registry)),
)
