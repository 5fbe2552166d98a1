"""Conversations: every item by chat, from its own declaration. A channel's adapter imports what stands here alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.personal_data import HOLDINGS
from conversations.contents import (
    Abilities,
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
from conversations.engine.turns import CONVERSATIONS, Conversations
from conversations.holdings import HOLDING, TIDYING, open_tidying
from conversations.identity import routes, sign_in
from conversations.identity.offers import OFFERS, Offers
from conversations.settings import SETTINGS, ConversationSettings

__all__ = [
    "CONVERSATIONS",
    "Abilities",
    "Account",
    "Button",
    "Content",
    "Conversations",
    "File",
    "Joined",
    "Left",
    "Place",
    "Received",
    "Reply",
    "Scanned",
    "Text",
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
        Resource.made(CONVERSATIONS, Conversations),
        Resource(TIDYING, open_tidying),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*sign_in.ROUTES, *routes.ROUTES]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(HOLDINGS, HOLDING)]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from conversations.console import chat

    return [chat]
