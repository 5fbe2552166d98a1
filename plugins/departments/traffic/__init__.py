"""Traffic police: the restricted-zone vehicle pass, and the zones that it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES

from . import zones
from .zone_pass import TrafficSettings, ZonePass


@hookimpl
def banshi_settings() -> type:
    return TrafficSettings


@hookimpl
def banshi_handlers(settings: TrafficSettings) -> Mapping[str, Any]:
    return {"zone-pass": ZonePass(settings)}


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return zones.ROUTES


@hookimpl
def banshi_offers() -> Sequence[Offer[frozenset[str]]]:
    return [Offer(ROLES, frozenset({zones.APPROVER}))]


@hookimpl
def banshi_resources() -> Sequence[Resource[Any]]:
    return [Resource(zones.CLOSING, zones.open_closing)]
