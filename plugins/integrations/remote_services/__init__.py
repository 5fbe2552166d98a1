"""Remote services: a department's system in any language offers items here, while the platform runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES

from .answers import answering, reading_cases
from .calls.sync import SERVICES, open_services
from .registration import approving, lifecycle, registering
from .settings import ServiceSettings


@hookimpl
def banshi_settings() -> type:
    return ServiceSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")


@hookimpl
def banshi_resources(settings: ServiceSettings) -> Sequence[Resource[Any]]:
    return [Resource(SERVICES, partial(open_services, settings))]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(EVENT_TYPES, lifecycle.EVENT_TYPES), Offer(ROLES, frozenset({approving.ROLE}))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*registering.ROUTES, *reading_cases.ROUTES, *answering.ROUTES, *approving.ROUTES]
