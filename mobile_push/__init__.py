"""mobile_push: case results, and later notices and alerts, to the mobile app.

A message is first written to its person's inbox, with a sequence number; a push only wakes the phone. What is imported
here is light: a provider's libraries are loaded when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from banshi import Channel, Finding, Resource, Route, Tables, hookimpl
from mobile_push import devices, person, preferences, reading, receipts, tickets, unread, webpush_route
from mobile_push.commands import fcm_sandbox, webpush_key, webpush_sandbox
from mobile_push.service import PUSH, deliver, open_push
from mobile_push.settings import PushSettings

if TYPE_CHECKING:
    import click

NAME = "mobile_push"


@hookimpl
def banshi_settings() -> type:
    return PushSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="mobile_push.models", migrations="mobile_push.migrations")


@hookimpl
def banshi_resources(settings: PushSettings) -> Sequence[Resource[Any]]:
    return [Resource(PUSH, partial(open_push, settings)), Resource(tickets.TICKETS, tickets.open_tickets)]


@hookimpl
def banshi_channels() -> Sequence[Channel]:
    return [Channel(name=NAME, deliver=deliver)]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    faces = (devices, person, preferences, reading, receipts, tickets, unread, webpush_route)
    return [route for face in faces for route in face.ROUTES]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [fcm_sandbox, webpush_key, webpush_sandbox]


@hookimpl
def banshi_checks(settings: PushSettings) -> Iterable[Finding]:
    if settings.fcm is None and settings.webpush is None:
        advice = "add [plugins.mobile_push.settings.fcm] or .webpush, or only phones with an open stream are reached"
        yield Finding(NAME, "no-provider", advice, warning=True)
    if settings.fcm is not None:
        try:
            settings.fcm.service_account()
        except ValueError as error:
            yield Finding(NAME, "fcm-credentials", str(error))
    if settings.webpush is not None:
        from mobile_push.webpush.vapid import read_key

        try:
            read_key(settings.webpush.private_key_file)
        except ValueError as error:
            yield Finding(NAME, "webpush-key", str(error))
        if settings.webpush.loopback:
            yield Finding(NAME, "webpush-loopback", "take webpush.loopback out where people are served", warning=True)
