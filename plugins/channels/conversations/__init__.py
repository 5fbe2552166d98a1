"""Conversations: every item by chat, from its own declaration. A channel's adapter imports what stands here alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import click

from banshi import Finding, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES
from banshi.sdk.http import ApiReader
from banshi.sdk.operations import JOBS, Phase
from banshi.sdk.personal_data import HOLDINGS
from conversations.contents import (
    Account,
    Button,
    Content,
    File,
    Joined,
    Left,
    Place,
    Received,
    Reply,
    Scanned,
    Text,
    Voice,
)
from conversations.desk import keeping, stream
from conversations.desk import routes as desk_routes
from conversations.desk.metrics import METRICS, Metrics
from conversations.desk.places import LEAD, OFFICER, findings
from conversations.desk.rounds import ROUNDS, open_rounds
from conversations.engine.turns import CONVERSATIONS, Conversations
from conversations.figures import routes as figures
from conversations.figures.counting import FIGURES, Figures
from conversations.figures.events import TYPES
from conversations.holdings import HOLDING, TIDYING, open_tidying
from conversations.identity import routes, sign_in
from conversations.identity.bound import BoundContact
from conversations.identity.offers import OFFERS, Offers
from conversations.identity.rest import going_on
from conversations.outbound.courier import COURIERS, HELD, open_couriers
from conversations.outbound.sender import (
    OUTLETS,
    Accepted,
    Later,
    Opened,
    Opener,
    Outbound,
    Outcome,
    Outlet,
    Refused,
    Sender,
    Shut,
    Unknown,
)
from conversations.settings import SETTINGS, ConversationSettings
from questions.pages import routes as pages
from questions.pages.going_on import GOING_ON, READER

__all__ = [
    "CONVERSATIONS",
    "OUTLETS",
    "Accepted",
    "Account",
    "BoundContact",
    "Button",
    "Content",
    "Conversations",
    "File",
    "Joined",
    "Later",
    "Left",
    "Opened",
    "Opener",
    "Outbound",
    "Outcome",
    "Outlet",
    "Place",
    "Received",
    "Refused",
    "Reply",
    "Scanned",
    "Sender",
    "Shut",
    "Text",
    "Unknown",
    "Voice",
]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="conversations.tables.models", migrations="conversations.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return ConversationSettings


@hookimpl
def banshi_resources(settings: ConversationSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(OFFERS, Offers),
        Resource.made(READER, ApiReader),
        Resource.made(GOING_ON, lambda platform: partial(going_on, platform)),
        Resource.made(CONVERSATIONS, Conversations),
        Resource(TIDYING, open_tidying),
        Resource.made(METRICS, Metrics),
        Resource.made(FIGURES, Figures),
        Resource(stream.DESK_STREAMS, stream.open_streams),
        # Once there are the channels; and they end before these do.
        Resource(COURIERS, open_couriers, Phase.AFTER_PLUGINS),
        Resource(ROUNDS, open_rounds, Phase.AFTER_PLUGINS),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [
        *sign_in.ROUTES,
        *routes.ROUTES,
        *desk_routes.ROUTES,
        *keeping.ROUTES,
        *stream.ROUTES,
        *pages.ROUTES,
        *figures.ROUTES,
    ]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [
        Offer(HOLDINGS, HOLDING),
        Offer(JOBS, HELD),
        Offer(ROLES, frozenset({OFFICER, LEAD})),
        Offer(EVENT_TYPES, TYPES),
    ]


@hookimpl
def banshi_checks(settings: ConversationSettings, registry: Any) -> Iterable[Finding]:
    return findings("conversations", settings.desks, registry)


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from conversations.console import chat

    return [chat]
