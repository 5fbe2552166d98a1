"""Webhooks: what happens, sent to integrators' receivers as signed CloudEvents, in order and at least once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from banshi import Offer, Resource, Route, Tables, hookimpl
from banshi.sdk.events import EVENT_TYPES, LISTENERS, Listener

from .commands import webhooks
from .delivery.dispatcher import DISABLED, DISPATCHER, open_dispatcher
from .settings import WebhookSettings
from .subscriptions import actions, handlers
from .subscriptions.actions import TEST


@hookimpl
def banshi_settings() -> type:
    return WebhookSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models=f"{__name__}.models", migrations=f"{__name__}.migrations")


@hookimpl
def banshi_resources(settings: WebhookSettings) -> Sequence[Resource[Any]]:
    return [Resource(DISPATCHER, partial(open_dispatcher, settings))]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    listener = Listener(lambda platform, events: platform[DISPATCHER].hear(events))
    return [Offer(LISTENERS, listener), Offer(EVENT_TYPES, (DISABLED, TEST))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*handlers.ROUTES, *actions.ROUTES]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [webhooks]
