"""Conversations: every item by chat, from its own declaration. A channel's adapter imports what stands here alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from banshi import Finding, Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES
from banshi.sdk.http import CHANNEL_FIGURES
from banshi.sdk.operations import JOBS, Phase
from banshi.sdk.personal_data import HOLDINGS
from banshi.sdk.sign_in import END_WITH_SESSIONS
from conversations.contacts.bound import BoundContact
from conversations.contacts.offers import OFFERS, Offers
from conversations.contents import (
    Account,
    Asked,
    Button,
    Content,
    Entrance,
    File,
    FileOver,
    FileTooLarge,
    Joined,
    Left,
    Place,
    Received,
    Reply,
    Scanned,
    Text,
    Unread,
    Video,
    Voice,
    fetched,
)
from conversations.engine.party import Contacts
from conversations.engine.turns import CONVERSATIONS, Conversations
from conversations.figures import routes as figures
from conversations.figures.channels import ChatFigures
from conversations.figures.counting import FIGURES, TYPES, Figures
from conversations.holdings import HOLDING, TIDYING, open_tidying
from conversations.identity import confirmations, routes, sign_in
from conversations.identity.links import ending_of
from conversations.inbound.answering import ANSWERING, Answering, open_answering
from conversations.outbound.alerts import ALERTS, open_alerts
from conversations.outbound.courier import COURIERS, open_couriers
from conversations.outbound.outcomes import not_ready, outcome_of
from conversations.outbound.saying import HELD, promise
from conversations.outbound.sender import (
    NUMBERS,
    OUTLETS,
    Accepted,
    Later,
    Notice,
    Notifier,
    Opened,
    Opener,
    Outbound,
    Outcome,
    Outlet,
    Refused,
    Sender,
    Shut,
    Unknown,
    same_channels,
)
from conversations.outbound.telling import deliver_on, kept_notice
from conversations.settings import RECORD_DAYS, SETTINGS, ConversationSettings
from conversations.tables.models import Said
from desk import HANDED_OVER, LEAD, PARTIES
from questions.pages import routes as pages

__all__ = [
    "ANSWERING", "CONVERSATIONS", "NUMBERS", "OUTLETS", "Accepted", "Account", "Answering", "Asked", "BoundContact",
    "Button", "Content", "Conversations", "Entrance", "File", "FileOver", "FileTooLarge", "Joined", "Later", "Left",
    "Notice", "Notifier", "Opened", "Opener", "Outbound", "Outcome", "Outlet", "Place", "Received", "Refused", "Reply",
    "Said", "Scanned", "Sender", "Shut", "Text", "Unknown", "Unread", "Video", "Voice", "deliver_on", "fetched",
    "kept_notice", "not_ready", "outcome_of", "promise",
]  # fmt: skip


@hookimpl
def banshi_needs() -> Sequence[str]:
    return ["desk"]


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
        Resource.made(pages.GOING_ON, lambda _: sign_in.going_on),
        Resource.made(CONVERSATIONS, Conversations),
        Resource(TIDYING, open_tidying),
        Resource.made(FIGURES, Figures),
        # Once there are the channels; and they end before these do.
        Resource(ANSWERING, open_answering, Phase.AFTER_PLUGINS),
        Resource(ALERTS, open_alerts, Phase.AFTER_PLUGINS),
        Resource(COURIERS, open_couriers, Phase.AFTER_PLUGINS),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*sign_in.ROUTES, *routes.ROUTES, *confirmations.ROUTES, *pages.ROUTES, *pages.UNNAMED, *figures.ROUTES]


@hookimpl
def banshi_offers(settings: ConversationSettings) -> Sequence[Offer[Any]]:
    return [
        Offer(HOLDINGS, HOLDING),
        Offer(JOBS, HELD),
        Offer(PARTIES, Contacts),
        Offer(CHANNEL_FIGURES, ChatFigures()),
        Offer(ROLES, frozenset({LEAD})),
        Offer(HANDED_OVER, settings.of_desk()),
        Offer(EVENT_TYPES, TYPES),
        Offer(END_WITH_SESSIONS, ending_of),
    ]


@hookimpl
def banshi_checks(settings: ConversationSettings, registry: Any) -> Iterable[Finding]:
    if settings.turn_days < RECORD_DAYS:
        advice = f"set settings.turn_days to {RECORD_DAYS} at least: records of half a year may be asked for"
        yield Finding("conversations", "short-records", advice, warning=True)
    if not settings.division:
        advice = "set settings.division to the city's code: without, a contact with no home gets every district's alert"
        yield Finding("conversations", "no-division", advice, warning=True)
    yield from same_channels(registry)


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from conversations.console import chat
    from sandboxes.command import channel_sandbox

    return [chat, channel_sandbox]
