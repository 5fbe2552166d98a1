"""What is wrong with mobile_push's settings, beyond what each value says by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banshi import Finding
from mobile_push.settings import AlertSettings, PushSettings


def findings(plugin: str, settings: PushSettings, registry: Any) -> Iterator[Finding]:
    """What an operator has to mend, or should know."""
    yield from _providers(plugin, settings)
    departments = registry.departments
    there = ", ".join(sorted(departments)) or "none"
    for code in sorted(settings.second_person - set(departments)):
        advice = f"mend settings.second_person: there is no department {code!r}; there are: {there}"
        yield Finding(plugin, "unknown-department", advice)
    for name, sender in settings.alerts.senders.items():
        if sender.department not in departments:
            key = f"settings.alerts.senders.{name!r}.department"
            advice = f"mend {key}: there is no department {sender.department!r}; there are: {there}"
            yield Finding(plugin, "unknown-department", advice)
    yield from _keys(plugin, settings.alerts)


def _providers(plugin: str, settings: PushSettings) -> Iterator[Finding]:
    if settings.fcm is None and settings.webpush is None:
        advice = "add [plugins.mobile_push.settings.fcm] or .webpush, or only phones with an open stream are reached"
        yield Finding(plugin, "no-provider", advice, warning=True)
    if settings.fcm is not None:
        try:
            settings.fcm.service_account()
        except ValueError as error:
            yield Finding(plugin, "fcm-credentials", str(error))
        if settings.fcm.on_this_machine:
            advice = "take settings.fcm.base_url out where people are served: a sandbox here takes their pushes"
            yield Finding(plugin, "fcm-sandbox", advice, warning=True, development=True)
    if wrong := settings.sandbox.wrong():
        yield Finding(plugin, "sandbox-credentials", f"mend settings.sandbox.fcm: {wrong}")
    if settings.webpush is not None:
        from mobile_push.providers.webpush.vapid import read_key

        try:
            read_key(settings.webpush.private_key_file)
        except ValueError as error:
            yield Finding(plugin, "webpush-key", str(error))
        if settings.webpush.loopback:
            advice = "take settings.webpush.loopback out where people are served"
            yield Finding(plugin, "webpush-loopback", advice, warning=True, development=True)


def _keys(plugin: str, alerts: AlertSettings) -> Iterator[Finding]:
    """The key files are read here, so that a wrong one is found before an alert is due."""
    if alerts.senders:
        from mobile_push.broadcasts.alerts.signed_senders import key_of

        for name, sender in alerts.senders.items():
            try:
                key_of(sender)
            except ValueError as error:
                yield Finding(plugin, "sender-key", f"mend settings.alerts.senders.{name!r}.key_file: {error}")
    if alerts.key_file is not None:
        from mobile_push.broadcasts.sending import check_key

        try:
            check_key(alerts)
        except (OSError, ValueError) as error:
            yield Finding(plugin, "alert-key", f"mend settings.alerts.key_file or certificate_file: {error}")
