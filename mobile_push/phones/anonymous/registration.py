"""A phone on which nobody has signed in: it registers, and proves itself by what it was given then."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi import Call, NotFound, Stale, TooManyRequests
from mobile_push.audience import areas
from mobile_push.delivery.service import PUSH
from mobile_push.delivery.topics.changes import kept
from mobile_push.phones import preferences
from mobile_push.phones.addresses.given import Given
from mobile_push.phones.anonymous.flood import FULL, FULL_RETRY_S
from mobile_push.phones.anonymous.subjects import subject_of
from mobile_push.phones.registration import holders, new_device, refuse_taken, take
from mobile_push.sentences import say
from mobile_push.settings import PushSettings
from mobile_push.tables.models import AnonymousDevice, Device

#: Bytes of chance in a secret.
SECRET_BYTES = 32

GONE = say("There is no such phone, or the secret is another one's, or it has ended; register it again.")


async def register(call: Call, given: Sequence[Given]) -> tuple[Device, str] | None:
    """Register the phone at these addresses, and the secret that it proves itself with from now on.

    None where something came between that is to be looked at first. Raises Conflict for the phone of somebody who has
    signed in, TooManyRequests where there are as many as may be.
    """
    platform, body = call.platform, call.body
    present = await holders(given)
    identity = uuid7()
    person = subject_of(identity)
    persons = {person, *(one.person for one in present)}
    refuse_taken(person, persons)
    if not present and await AnonymousDevice.all().count() >= platform[PUSH].settings.anonymous.devices:
        raise TooManyRequests(FULL, headers={"Retry-After": str(FULL_RETRY_S)})
    values = {"platform": body["platform"], "language": body.get("language", call.language), "seen_at": call.now}
    device = new_device(call, person, given[0], values | areas.columns(body.get("area")), identity)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    try:
        async with in_transaction() as connection, kept(platform, connection, persons):
            await take(call, connection, device, given, present, {}, whole=True)
            await AnonymousDevice.create(id=identity, secret_hash=_hash_of(secret), using_db=connection)
            if body.keys() & preferences.FIELDS.keys():
                await preferences.write(connection, person, body)
    except (IntegrityError, Stale):
        return None
    return device, secret


async def proven(call: Call, secret: str) -> UUID:
    """The phone that the path names and the secret is of. Raises NotFound, whatever of it is wrong."""
    identity = UUID(call.path["id"])
    known = await AnonymousDevice.get_or_none(id=identity)
    # Without a pause: nobody guesses 256 bits.
    if known is None or not hmac.compare_digest(known.secret_hash, _hash_of(secret)):
        raise NotFound(GONE)
    device = await Device.get_or_none(id=identity).only("id", "seen_at")
    if device is None or end_of(call.platform[PUSH].settings, device) <= call.now:
        raise NotFound(GONE)
    return identity


def end_of(settings: PushSettings, device: Device) -> datetime:
    """When a phone's registration ends, if nothing is heard of it until then."""
    return device.seen_at + timedelta(days=settings.anonymous.days)


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
