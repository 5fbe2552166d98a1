"""Open311 GeoReport v2: appeals about a place, for the programs that speak that standard already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from banshi import Finding, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ENCLOSURES, Enclosure
from banshi.sdk.personal_data import ANONYMISE_CASE, HOLDINGS, Holdings, PersonalTable, by_case

from .models import ServiceRequest
from .requests import listing, submitting, updates
from .requests.enclosing import emptied, enclosed
from .services import describing
from .services.checks import findings
from .services.service import ENDPOINT, Endpoint
from .settings import Open311Settings

#: A request is its client's case, so this is nobody's who asks for themselves; an operator's export of a client has it.
HELD = Holdings((PersonalTable(ServiceRequest, by_case(ServiceRequest)),))


@hookimpl
def banshi_settings() -> type:
    return Open311Settings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")


@hookimpl
def banshi_resources(settings: Open311Settings) -> Sequence[Resource[Any]]:
    return [Resource.made(ENDPOINT, partial(Endpoint, settings))]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(ENCLOSURES, Enclosure(enclosed)), Offer(ANONYMISE_CASE, emptied), Offer(HOLDINGS, HELD)]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*describing.ROUTES, *submitting.ROUTES, *listing.ROUTES, *updates.ROUTES]


@hookimpl
def banshi_checks(settings: Open311Settings, registry: Any) -> Iterable[Finding]:
    return findings(settings, registry)
