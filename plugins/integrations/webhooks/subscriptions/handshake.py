"""Asking a receiver whether it wants our events, before any is sent (CloudEvents HTTP 1.1 Web Hooks, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from banshi.sdk.outgoing import CallFailed, Outgoing

from ..delivery.sending import MAX_ANSWER_BYTES
from ..settings import WebhookSettings

ORIGIN, RATE = "WebHook-Request-Origin", "WebHook-Request-Rate"
ALLOWED_ORIGIN, ALLOWED_RATE = "WebHook-Allowed-Origin", "WebHook-Allowed-Rate"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a receiver said."""

    #: Why nothing may be sent, as its owner reads it; "" where it may.
    refusal: str = ""
    #: Requests a minute; None for any number.
    pace: int | None = None


async def ask(outgoing: Outgoing, settings: WebhookSettings, url: str, here: str) -> Permission:
    """Ask the receiver; `here` is the platform's own address, of which it is told the host. Never raises."""
    own = urlsplit(here).hostname or "localhost"
    try:
        address = outgoing.checked(url)
    except ValueError as error:  # it was right under the rules when it was given
        return Permission(f"Give another address: it {error}")
    headers = {ORIGIN: own, RATE: str(settings.rate)}
    try:
        answer = await outgoing.call(
            address, body=b"", headers=headers, seconds=settings.timeout, limit=MAX_ANSWER_BYTES, method="OPTIONS"
        )
    except CallFailed as failed:
        return Permission(f"OPTIONS was not answered: {failed}")
    if not answer.ok:
        return Permission(f"OPTIONS was answered with {answer.status}, not with 2xx")
    origin = answer.headers.get(ALLOWED_ORIGIN, "").strip()
    if origin != "*" and origin.lower() != own:
        return Permission(f"{ALLOWED_ORIGIN} has to be {own} or *")
    return Permission(pace=_pace(answer.headers.get(ALLOWED_RATE, "").strip(), settings.rate))


def _pace(text: str, asked: int) -> int | None:
    """Requests a minute: what it says, and as many as were asked for where it says nothing that can be read."""
    if text == "*":
        return None
    return max(1, int(text[:9])) if text.isascii() and text.isdigit() else asked
