"""The push providers, for `banshi doctor`: credentials that can be read, are private and taken, and who is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from banshi.sdk.database import existing
from banshi.sdk.operations import Deployment, Examination, Verdict, are_private
from banshi.sdk.outgoing import Refused
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.settings import PushSettings
from mobile_push.tables.models import DOUBTED, Spent


def examination(settings: PushSettings) -> Examination:
    """What looks at these settings' credentials."""
    return partial(_examine, settings)


async def _examine(settings: PushSettings, deployment: Deployment) -> Sequence[Verdict]:
    found: list[Verdict] = []
    secrets: list[Path] = []
    if settings.fcm is not None:
        secrets.append(settings.fcm.service_account_file)
        found.append(await asyncio.to_thread(_fcm, settings.fcm, deployment.online))
    if settings.webpush is not None:
        from mobile_push.providers.webpush.vapid import read_key as read_vapid_key

        secrets.append(settings.webpush.private_key_file)
        found.append(_readable("webpush", partial(read_vapid_key, secrets[-1]), "the key can be read"))
    if settings.apns is not None:
        from mobile_push.providers.apns.signature import read_key

        secrets.append(settings.apns.key_file)
        # Apple counts signatures, so none is made to try: whether it knows this one the first message tells.
        told = f"the key {settings.apns.key_id} can be read; messages go to {settings.apns.base_url}"
        found.append(_readable("apns", partial(read_key, settings.apns), told))
    if settings.jpush is not None and deployment.online:
        found.append(await _jpush(settings.jpush))
    if settings.alerts.key_file is not None:
        secrets.append(settings.alerts.key_file)
    return [*found, *are_private("push-secrets", secrets)]


async def trust(deployment: Deployment) -> Sequence[Verdict]:
    """The providers that aren't believed where they call addresses dead, as servers have written it down."""
    settings = deployment.registry.configuration.settings
    try:
        async with existing(settings.database_url, deployment.registry.tables, personal=settings.personal_keys):
            doubted = await Spent.filter(key__endswith=f"/{DOUBTED}", until__gt=0)
    except Exception:  # what is wrong with the database another examination says
        return ()
    return [Verdict("push-trust", "warning", _told(one)) for one in doubted]


def _told(one: Spent) -> str:
    provider, since = one.key.removesuffix(f"/{DOUBTED}"), datetime.fromtimestamp(one.until / 1000, UTC)
    return (
        f"{provider} calls so many addresses dead since {since:%Y-%m-%d %H:%M} UTC that none is believed to be: nobody "
        f"is forgotten, messages wait or go by other ways. Look at [plugins.mobile_push.settings.{provider}]: is it "
        "the app's own project, key and host? It is asked again by itself"
    )


def _fcm(settings: FcmSettings, online: bool) -> Verdict:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        account = settings.service_account()
    except ValueError as error:
        return Verdict("fcm", "error", str(error))
    try:
        load_pem_private_key(account["private_key"].encode(), None)
    except (ValueError, TypeError):
        told = f"{settings.service_account_file} holds a private key that is none: download the file again"
        return Verdict("fcm", "error", told)
    if not online:
        return Verdict("fcm", "ok", f"the key of {account['client_email']} can be read; --online asks for a token")

    from mobile_push.providers.fcm.provider import open_project

    try:
        _, fetch = open_project(settings)
        fetch()
    except Exception as error:  # whatever keeps a token from being had is what is looked for
        told = f"no access token for {account['client_email']} ({type(error).__name__}: {str(error)[:200]})"
        return Verdict("fcm", "error", f"{told}: is the key withdrawn, the clock wrong, or the way out closed?")
    return Verdict("fcm", "ok", f"{account['client_email']} gets access tokens")


def _readable(provider: str, read: Callable[[], object], told: str) -> Verdict:
    try:
        read()
    except ValueError as error:
        return Verdict(provider, "error", str(error))
    return Verdict(provider, "ok", told)


async def _jpush(settings: JPushSettings) -> Verdict:
    from mobile_push.providers.jpush.provider import JPushProvider

    try:
        async with JPushProvider(settings) as jpush:
            await jpush.fetch_cids()
    except (Refused, ValueError) as error:
        advice = "are app_key and master_secret the console's, is our address on its white list, the way out open?"
        return Verdict("jpush", "error", f"{error}: {advice}")
    return Verdict("jpush", "ok", f"JPush knows the app {settings.app_key}")
