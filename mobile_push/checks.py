"""What is wrong with mobile_push's settings, beyond what each value says by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from banshi import Finding
from banshi.sdk.following import NOTICE_KINDS
from mobile_push.providers.addresses import is_here
from mobile_push.providers.provider import PROVIDERS
from mobile_push.settings import KINDS, AlertSettings, PushSettings


def findings(plugin: str, settings: PushSettings, registry: Any) -> Iterator[Finding]:
    """What an operator has to mend, or should know."""
    yield from _providers(plugin, settings)
    offered = [way.name for _, way in registry.offered(PROVIDERS)]
    for kind in KINDS:
        yield from _unusable(plugin, "unknown-provider", "mend settings.", partial(settings.ways.order, kind, offered))
    channels = settings.jpush.channels if settings.jpush else {}
    own = {one.code for _, one in registry.offered(NOTICE_KINDS)}
    for key, codes in (("presentation.kinds", settings.presentation.kinds), ("jpush.channels", {*channels} - {*KINDS})):
        for code in sorted({*codes} - own):
            there = ", ".join(sorted(own)) or "none"
            advice = f"mend settings.{key}: there is no kind {code!r}; kinds of notices: {there}"
            yield Finding(plugin, "unknown-notice-kind", advice)
    named = {name: sorted(getattr(settings, name)) for name in ("second_person", "one_person")}
    for name, sender in settings.alerts.senders.items():
        named[f"alerts.senders.{name!r}.department"] = [sender.department]
    there = ", ".join(sorted(registry.departments)) or "none"
    for key, departments in named.items():
        for code in departments:
            if code not in registry.departments:
                advice = f"mend settings.{key}: there is no department {code!r}; there are: {there}"
                yield Finding(plugin, "unknown-department", advice)
    yield from _keys(plugin, settings.alerts)


def _providers(plugin: str, settings: PushSettings) -> Iterator[Finding]:
    if not settings.providers:
        advice = "add [plugins.mobile_push.settings.fcm], .apns, .jpush or .webpush: now only open streams are reached"
        yield Finding(plugin, "no-provider", advice, warning=True, note=True)
    if settings.fcm is not None:
        yield from _unusable(plugin, "fcm-credentials", "", settings.fcm.service_account)
    if settings.apns is not None:
        from mobile_push.providers.apns.signature import read_key as read_apns_key

        yield from _unusable(plugin, "apns-key", "", partial(read_apns_key, settings.apns))
    for name, one in (("fcm", settings.fcm), ("apns", settings.apns), ("jpush", settings.jpush)):
        if one is not None and is_here(one.base_url):
            advice = f"take settings.{name}.base_url out where people are served: a sandbox here takes their pushes"
            yield Finding(plugin, f"{name}-sandbox", advice, warning=True, development=True)
    if wrong := settings.sandbox.wrong():
        yield Finding(plugin, "sandbox-credentials", f"mend settings.sandbox.fcm: {wrong}")
    if settings.webpush is not None:
        from mobile_push.providers.webpush.vapid import read_key

        yield from _unusable(plugin, "webpush-key", "", partial(read_key, settings.webpush.private_key_file))
        if settings.webpush.loopback:
            advice = "take settings.webpush.loopback out where people are served"
            yield Finding(plugin, "webpush-loopback", advice, warning=True, development=True)


def _keys(plugin: str, alerts: AlertSettings) -> Iterator[Finding]:
    """The key files are read here, so that a wrong one is found before an alert is due."""
    if alerts.senders:
        from mobile_push.broadcasts.alerts.signed_senders import key_of

        for name, sender in alerts.senders.items():
            advice = f"mend settings.alerts.senders.{name!r}.key_file: "
            yield from _unusable(plugin, "sender-key", advice, partial(key_of, sender))
    if alerts.key_file is not None:
        from mobile_push.broadcasts.sending import check_key

        advice = "mend settings.alerts.key_file or certificate_file: "
        yield from _unusable(plugin, "alert-key", advice, partial(check_key, alerts))


def _unusable(plugin: str, code: str, advice: str, use: Callable[[], object]) -> Iterator[Finding]:
    """The finding for a file that can't be used, behind the advice."""
    try:
        use()
    except (OSError, ValueError) as error:
        yield Finding(plugin, code, f"{advice}{error}")
