"""Roads as they are: events that staff publish or confirm, for maps, streams, the item, chats and other cities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from banshi import Finding, Key, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES, LISTENERS, Listener
from banshi.sdk.operations import hourly, rounds
from banshi.sdk.registers import SOURCES
from road import following
from road.board import BOARD, Board
from road.changing import EVENT
from road.ending import LOOK_S, look, tidy
from road.register import RoadRegister
from road.routes import public, staff
from road.settings import REGISTER, SETTINGS, RoadSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="road.tables.models", migrations="road.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return RoadSettings


@hookimpl
def banshi_resources(settings: RoadSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(BOARD, Board),
        Resource(public.STREAMS, public.open_streams),
        Resource(Key[None]("roads' rounds"), partial(rounds, LOOK_S, "road-rounds", look, "events are not looked at")),
        Resource(Key[None]("roads' tidying"), partial(hourly, "road-tidying", tidy, "old events on roads stay")),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*following.ROUTES, *public.ROUTES, *staff.ROUTES]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [
        Offer(ROLES, frozenset({staff.REVIEWER})),
        Offer(SOURCES, {REGISTER: RoadRegister}),
        Offer(EVENT_TYPES, (EVENT,)),
        Offer(LISTENERS, Listener(following.hear, lambda _, event: event.type == EVENT)),
        *following.FOLLOWING.offers,
    ]


@hookimpl
def banshi_checks(settings: RoadSettings, registry: Any) -> Iterable[Finding]:
    if settings.report not in registry.items:
        advice = f"settings.report names the item {settings.report!r}, which there isn't: nobody publishes events"
        yield Finding("road", "unknown-item", advice, warning=True)
