"""Webhooks: what happens, sent to integrators' receivers as signed CloudEvents, in order and at least once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from banshi import Offer, Platform, Resource, Route, Tables, hookimpl
from banshi.sdk.events import EVENT_TYPES, LISTENERS, Event, Listener

from .commands import webhooks
from .delivery.dispatcher import DISABLED, OFFICE, open_office
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
    return [Resource(OFFICE, partial(open_office, settings))]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(LISTENERS, Listener(hear)), Offer(EVENT_TYPES, (DISABLED, TEST))]


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    await platform[OFFICE].hear(events)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*handlers.ROUTES, *actions.ROUTES]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [webhooks]
