"""The moment of an alert's sending: it gets its time, and the XML that is served from then on, signed where we can."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from banshi import Platform
from mobile_push.broadcasts.alerts.checks import wrong_with
from mobile_push.cap.errors import CapError
from mobile_push.cap.representations import GIVEN, alert_of, document_of
from mobile_push.cap.values import Alert, Reference
from mobile_push.delivery.service import PUSH
from mobile_push.settings import AlertSettings
from mobile_push.tables.models import Broadcast, CapMessage


async def prepared(platform: Platform, broadcast: Broadcast, now: datetime) -> tuple[dict[str, Any], CapMessage]:
    """The document of a sent alert, and its XML. Raises InvalidFields where some of its texts are over by now."""
    settings = platform[PUSH].settings.alerts
    sent = now.astimezone(platform.settings.timezone).replace(microsecond=0)
    try:
        alert = stored(broadcast.cap, sent=sent)
    except CapError as error:
        raise wrong_with(error) from None
    xml = await asyncio.to_thread(written, alert, settings)
    return document_of(alert), CapMessage(id=broadcast.id, name=name_of(alert.reference), xml=xml)


def stored(document: Mapping[str, Any], *, sent: datetime | None = None) -> Alert:
    """The alert of a stored document. Raises CapError where it is over by the time `sent`."""
    own = {key: value for key, value in document.items() if key not in GIVEN}
    at = sent or datetime.fromisoformat(document["sent"])
    return alert_of(own, sender=document["sender"], identifier=document["identifier"], sent=at)


def written(alert: Alert, settings: AlertSettings) -> bytes:
    """The alert as XML. Reads key files and signs, which takes a while."""
    if settings.key_file is None:
        from mobile_push.cap.writing import write

        return write(alert)
    from mobile_push.cap.signature import sign

    certificate = settings.certificate_file.read_bytes() if settings.certificate_file else None
    return sign(alert, settings.key_file.read_bytes(), certificate)


def check_key(settings: AlertSettings) -> None:
    """Raise OSError or ValueError if own alerts can't be signed with the configured key."""
    written(stored(SAMPLE), settings)


#: An alert that says nothing, to try a key with.
SAMPLE: Mapping[str, Any] = {
    "identifier": "key",
    "sender": "banshi",
    "sent": "2026-01-01T00:00:00+08:00",
    "status": "Test",
    "msg_type": "Cancel",
    "scope": "Public",
    "references": [{"sender": "banshi", "identifier": "earlier", "sent": "2026-01-01T00:00:00+08:00"}],
}


def name_of(reference: Reference) -> str:
    """What a message of CAP is found by: its sender, identifier and time, as one hash."""
    sent = reference.sent
    with suppress(OverflowError):  # its offset leads out of the calendar
        sent = sent.astimezone(UTC)
    named = f"{reference.sender},{reference.identifier},{sent.isoformat()}"
    return hashlib.blake2b(named.encode(), digest_size=32).hexdigest()
