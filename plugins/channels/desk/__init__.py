"""The desk: people of a department who answer, by shifts, one at a time for each. Channels import what stands here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from banshi import Finding, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.operations import Phase
from banshi.sdk.personal_data import HOLDINGS
from desk.calling import DESK, TAKEN, Desks, Place
from desk.giving import GIVING, open_giving
from desk.holdings import HOLDING, TIDYING, open_tidying
from desk.metrics import METRICS, Metrics
from desk.officers import SEEN
from desk.party import PARTIES, Attached, Became, Known, Offered, Party, Reachable, Word
from desk.places import LEAD, OFFICER, Desk, Hours, findings
from desk.rounds import ANSWER_AIM, ROUNDS, open_rounds
from desk.routes import answering, blocking, figures, handling, keeping, offering, reading, room, stream
from desk.settings import HANDED_OVER, SETTINGS, DeskSettings, desks_in, settings_of
from desk.tables.models import Enquiry

__all__ = [
    "ANSWER_AIM", "DESK", "HANDED_OVER", "LEAD", "OFFICER", "PARTIES", "TAKEN", "Attached", "Became", "Desk",
    "DeskSettings", "Desks", "Enquiry", "Hours", "Known", "Offered", "Party", "Place", "Reachable", "Word",
    "desks_in",
]  # fmt: skip


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="desk.tables.models", migrations="desk.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return DeskSettings


@hookimpl
def banshi_resources(settings: DeskSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda platform: settings_of(settings, platform.registry)),
        Resource.made(DESK, Desks),
        Resource.made(METRICS, Metrics),
        Resource.made(SEEN, lambda _: {}),
        Resource.made(stream.ROOMS, lambda _: {}),
        Resource(TIDYING, open_tidying),
        Resource(stream.DESK_STREAMS, stream.open_streams),
        Resource(ROUNDS, open_rounds, Phase.AFTER_PLUGINS),
        Resource(GIVING, open_giving, Phase.AFTER_PLUGINS),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    rooms = (handling, answering, blocking, offering, reading, keeping, room, figures, stream)
    return [route for one in rooms for route in one.ROUTES]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(HOLDINGS, HOLDING), Offer(ROLES, frozenset({OFFICER, LEAD}))]


@hookimpl
def banshi_checks(settings: DeskSettings, registry: Any) -> Iterable[Finding]:
    if settings.desks and any(one.desks for _, one in registry.offered(HANDED_OVER)):
        yield Finding("desk", "desks-twice", "keep settings.desks here alone: another plugin's settings have desks too")
    yield from findings("desk", settings_of(settings, registry).desks, registry)
