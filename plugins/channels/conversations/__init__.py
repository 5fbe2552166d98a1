"""Conversations: every item by chat, from its own declaration. A channel's adapter imports what stands here alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from banshi import Resource, Tables, hookimpl
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
    Text,
    Voice,
)
from conversations.engine.turns import CONVERSATIONS, Conversations

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
    "Text",
    "Voice",
]


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="conversations.tables.models", migrations="conversations.tables.migrations")


@hookimpl
def banshi_resources() -> Sequence[Resource[Any]]:
    return [Resource.made(CONVERSATIONS, Conversations)]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from conversations.console import chat

    return [chat]
