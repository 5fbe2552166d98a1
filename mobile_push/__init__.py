"""mobile_push: case results, and later notices and alerts, to the mobile app.

A message is first written to its person's inbox, with a sequence number; a push only wakes the phone. What is imported
here is light: a provider's libraries are loaded when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import click

from banshi import Channel, Finding, Offer, Platform, Resource, Route, Tables, hookimpl
from banshi.sdk.cases import ROLES
from banshi.sdk.events import EVENT_TYPES
from banshi.sdk.following import WISHES
from banshi.sdk.operations import AFTER_RESTORE, EXAMINATIONS, JOBS, Jobs
from banshi.sdk.outgoing import SharedTokens
from banshi.sdk.personal_data import AFTER_LOOK_UPS, ANONYMISE_CASE, FORGET_CASE, HOLDINGS
from mobile_push.broadcasts.alerts import public as public_alerts
from mobile_push.broadcasts.alerts import routes as alert_routes
from mobile_push.broadcasts.alerts.signed_senders import SENDERS, key_of
from mobile_push.broadcasts.lifecycle import PUBLISHER
from mobile_push.broadcasts.notices import public as public_notices
from mobile_push.broadcasts.notices import routes as notice_routes
from mobile_push.checks import findings
from mobile_push.commands import fcm_sandbox, push_sandbox, webpush_key, webpush_sandbox
from mobile_push.delivery import jobs
from mobile_push.delivery.service import PUSH, deliver, open_push
from mobile_push.doctor import examination, trust
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox.common_log import CommonLog
from mobile_push.inbox.undelivered import UNDELIVERED
from mobile_push.inbox.unread import COMMON_LOG
from mobile_push.phones import devices, holdings, preferences, receipts, silence, told
from mobile_push.phones.anonymous import routes as anonymous_routes
from mobile_push.phones.anonymous.flood import REGISTRATIONS, Registrations
from mobile_push.phones.erasure import erase_case
from mobile_push.phones.reading import inbox as inbox_routes
from mobile_push.phones.reading import messages, stream, stream_tickets
from mobile_push.providers.provider import PROVIDERS, Outcome, Provider, Push, Receipt, Way
from mobile_push.providers.told import Forged, Heard, Told
from mobile_push.providers.words import TextRules
from mobile_push.reports import routes as report_routes
from mobile_push.reports import scheduler as reports_scheduler
from mobile_push.reports.commands import push
from mobile_push.screen.presentation import Presentation
from mobile_push.screen.threads import THREADS, open_threads
from mobile_push.settings import PushSettings
from mobile_push.ways import WAYS, Ways
from mobile_push.work import WORK, open_work

#: What a plugin with a provider of its own needs; the rest is mobile_push's.
__all__ = [
    "PROVIDERS",
    "Forged",
    "Heard",
    "Outcome",
    "Presentation",
    "Provider",
    "Push",
    "Receipt",
    "TextRules",
    "Told",
    "Way",
]

NAME = "mobile_push"

#: Our own providers; each is loaded when it is opened.
CLASSES = {"fcm": "FcmProvider", "webpush": "WebPushProvider", "apns": "ApnsProvider", "jpush": "JPushProvider"}


@hookimpl
def banshi_settings() -> type:
    return PushSettings


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="mobile_push.tables.models", migrations="mobile_push.tables.migrations")


@hookimpl
def banshi_resources(settings: PushSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(THREADS, open_threads),
        Resource.made(COMMON_LOG, CommonLog),
        Resource.made(WAYS, lambda platform: Ways(platform, settings)),
        Resource.made(REGISTRATIONS, lambda _: Registrations()),
        Resource(PUSH, partial(open_push, settings)),
        Resource.made(stream_tickets.TICKETS, stream_tickets.open_tickets),
        Resource(reports_scheduler.WATCHES, reports_scheduler.open_reports),
        Resource.made(SENDERS, lambda _: {name: key_of(one) for name, one in settings.alerts.senders.items()}),
        Resource(WORK, partial(open_work, settings)),
    ]


@hookimpl
def banshi_channels() -> Sequence[Channel]:
    return [Channel(name=NAME, deliver=deliver)]


@hookimpl
def banshi_offers(settings: PushSettings) -> Iterable[Offer[Any]]:
    yield Offer(EVENT_TYPES, (UNDELIVERED,))
    yield Offer(FORGET_CASE, erase_case)
    yield Offer(AFTER_RESTORE, inbox_messages.AFTER_RESTORE)
    yield Offer(AFTER_LOOK_UPS, jobs.AFTER_LOOK_UPS)
    yield Offer(EXAMINATIONS, examination(settings))
    yield Offer(EXAMINATIONS, trust)
    yield Offer(JOBS, Jobs(jobs.waiting, jobs.drop))
    yield Offer(ANONYMISE_CASE, erase_case)
    yield Offer(HOLDINGS, holdings.HOLDING)
    yield Offer(WISHES, silence.wishes)
    yield Offer(ROLES, frozenset({PUBLISHER, report_routes.OPERATOR}))
    for name, own in settings.providers.items():
        made = partial(_made, name, own)
        yield Offer(PROVIDERS, Way(name, made, of=made if name in {"apns", "jpush"} else None))


def _made(name: str, settings: Any, platform: Platform | None = None) -> Provider:
    """Our own provider of that name."""
    provider: Callable[..., Provider] = getattr(import_module(f"mobile_push.providers.{name}.provider"), CLASSES[name])
    if platform is None:
        return provider(settings)
    return provider(settings, SharedTokens(platform) if name == "apns" else platform)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    phone = (devices, holdings, preferences, anonymous_routes, receipts, silence)
    reading = (inbox_routes, stream, stream_tickets, messages)
    # The order counts: the ids of one message, and of what is public, would take the other paths.
    public = (public_notices, notice_routes, alert_routes, public_alerts, told)
    return [route for face in (*phone, *reading, report_routes, *public) for route in face.ROUTES]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [fcm_sandbox, push, push_sandbox, webpush_key, webpush_sandbox]


@hookimpl
def banshi_checks(settings: PushSettings, registry: Any) -> Iterable[Finding]:
    return findings(NAME, settings, registry)
