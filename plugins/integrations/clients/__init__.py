"""Integrators' clients: programs that call the API for themselves, with OAuth 2.0 client credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.http import BEARERS, CLIENTS, Bearer, Directory

from . import keys, oauth, tokens
from .commands import client


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")


@hookimpl
def banshi_resources() -> Sequence[Resource[Any]]:
    return [Resource(tokens.TOKENS, tokens.open_tokens)]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [
        Offer(BEARERS, Bearer(tokens.PREFIX, oauth.TOKEN_URL, tokens.holder)),
        Offer(BEARERS, Bearer(keys.PREFIX, oauth.TOKEN_URL, keys.holder)),
        Offer(CLIENTS, Directory(tokens.client_of)),
    ]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return oauth.ROUTES


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [client]
