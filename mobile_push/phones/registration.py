"""How a phone becomes a person's, changes, and moves to somebody else."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi import Call, Conflict, FieldProblem, InvalidFields, NotFound, Platform, Stale, Update, Write
from mobile_push.audience import areas
from mobile_push.audience.topic_names import in_use
from mobile_push.delivery.service import PUSH, Push
from mobile_push.delivery.topics.changes import kept
from mobile_push.phones.anonymous.subjects import is_anonymous
from mobile_push.phones.erasure import end_deliveries
from mobile_push.providers.webpush import subscription
from mobile_push.sentences import say
from mobile_push.tables.models import Device

#: How often a change is prepared anew when another one of the same phone comes between.
MAX_TRIES = 5

#: What is written in the transaction of a change.
Along = Callable[[BaseDBAsyncClient], Awaitable[None]]

#: Only somebody who has signed in ends what somebody has registered who had.
TAKEN = {
    "zh-CN": "这部手机已由登录的用户登记，会照常收到预警；要不登录而接收，请先在应用中退出登录。",
    "en": "This phone is registered by somebody who has signed in, and gets alerts so; have them sign out first.",
}


def address_in(push: Push, offered: Sequence[str], body: Mapping[str, Any]) -> str:
    """What one of the providers that are offered calls this phone, in a registration. Raises InvalidFields."""
    if (provider := body["provider"]) not in offered:
        told = say("This way to reach a phone is not set up here; there are: {there}.", there=", ".join(offered) or "–")
        raise InvalidFields([FieldProblem("/provider", told, "unavailable")])
    return address_of(push, provider, body)


def address_of(push: Push, provider: str, body: Mapping[str, Any]) -> str:
    """What the provider calls this phone: its token, or the subscription as one text. Raises InvalidFields."""
    settings = push.settings.webpush if provider == "webpush" else None
    field, other = ("subscription", "token") if settings else ("token", "subscription")
    problems = []
    if field not in body:
        told = (
            say("Send the browser's subscription, whole.") if settings else say("Send the phone's registration token.")
        )
        problems.append(FieldProblem(f"/{field}", told, "required"))
    if other in body:
        problems.append(
            FieldProblem(f"/{other}", say("Leave it out: this way to reach a phone takes none."), "not-taken")
        )
    if problems:
        raise InvalidFields(problems)
    if settings is None:
        return str(body["token"])
    try:
        return subscription(body["subscription"], settings)
    except ValueError as error:
        told = error.args[0]
        told = told if isinstance(told, Mapping) else say("{told}.", told=told)
        raise InvalidFields([FieldProblem("/subscription", told, "unusable")]) from None


async def register(call: Call, address: str, receipt: Callable[[Device], Sequence[Model]]) -> Device | None:
    """Make the phone at `address` the caller's, with the rows that `receipt` makes of it.

    None where something came between that is to be looked at first. Raises Conflict at the limit of phones.
    """
    push, person, body = call.platform[PUSH], call.principal.subject, call.body
    digest = digest_of(body["provider"], address)
    present = await Device.get_or_none(token_hash=digest)
    renewed = present is not None and present.person == person
    if not renewed and await Device.filter(person=person).count() >= push.settings.devices:
        raise Conflict(say("You have {devices} devices already; forget one first.", devices=push.settings.devices))
    values = {"platform": body["platform"], "language": body.get("language", call.language), "seen_at": call.now}
    if "area" in body:
        values |= areas.columns(body["area"])
    try:
        if present is not None and renewed:
            device = present.update_from_dict(values)
            guard = Update(Device, {"id": device.id, "person": person}, values)
            await _commit(call, Write(updates=[guard], rows=list(receipt(device))))
            return device
        device = Device(
            id=uuid7(),
            person=person,
            provider=body["provider"],
            token=address,
            token_hash=digest,
            created_at=call.now,
            **values,
        )
        rows = [device, *receipt(device)]
        if present is None:
            await _commit(call, Write(rows=rows))
        else:
            await _take_over(call, present, rows)
    except (IntegrityError, Stale):
        return None
    return device


async def _commit(call: Call, write: Write) -> None:
    """Write it with those of other requests; in a transaction of its own where topics have to follow."""
    platform = call.platform
    if not await in_use():
        await platform.store.commit(write)
        return
    async with in_transaction() as connection, kept(platform, connection, [call.principal.subject]):
        for one in write.updates:
            if not await one.model.filter(**one.where).using_db(connection).update(**one.values):
                raise Stale(f"{one.model.__name__} {dict(one.where)}")
        for row in write.rows:
            await row.save(using_db=connection, force_create=True)


async def _take_over(call: Call, former: Device, rows: Sequence[Model]) -> None:
    """The phone gets a new id in its new hands: what was planned for the old one, or said of it, stays with that."""
    persons = {former.person, call.principal.subject}
    async with in_transaction() as connection, kept(call.platform, connection, persons):
        await end_former(call.platform, connection, former)
        for row in rows:
            await row.save(using_db=connection, force_create=True)


async def end_former(platform: Platform, connection: BaseDBAsyncClient, former: Device) -> None:
    """End the registration that a phone had so far. Raises Stale where it has another one by now."""
    still = Device.filter(id=former.id, person=former.person, token_hash=former.token_hash)
    if not await still.using_db(connection).delete():
        raise Stale("the phone has changed hands again")
    await end_deliveries(platform, connection, former.id, former.person)


async def change(call: Call, identity: UUID, person: str, along: Along | None = None) -> Device:
    """Give a person's phone its new address, language or area, and write what goes `along` with that.

    Raises NotFound, InvalidFields, Conflict.
    """
    push, body = call.platform[PUSH], call.body
    for _ in range(MAX_TRIES):
        device = await Device.get_or_none(id=identity, person=person)
        if device is None:
            raise NotFound(say("You have no such device."))
        values: dict[str, Any] = {"seen_at": call.now}
        if "language" in body:
            values["language"] = body["language"]
        if "area" in body:
            values |= areas.columns(body["area"])
        persons = {person}
        if "token" in body or "subscription" in body:
            address = address_of(push, device.provider, body)
            values |= {"token": address, "token_hash": digest_of(device.provider, address)}
            persons |= {other.person for other in await Device.filter(token_hash=values["token_hash"]).only("person")}
            refuse_taken(person, persons)
        try:
            async with in_transaction() as connection, kept(call.platform, connection, persons):
                if "token_hash" in values:
                    await _make_room(call, device, values["token_hash"], persons, connection)
                if not await Device.filter(id=device.id, person=person).using_db(connection).update(**values):
                    raise Stale("the phone was forgotten")
                if along is not None:
                    await along(connection)
        except (IntegrityError, Stale):
            # Somebody registered that address, or forgot this phone, in this very moment: look again.
            continue
        return device.update_from_dict(values)
    raise Conflict(say("Others are registering this phone at the same time; send the request again."))


async def _make_room(
    call: Call, device: Device, digest: str, persons: Collection[str], connection: BaseDBAsyncClient
) -> None:
    """Whoever has an address is the phone: another registration of it, the caller's or not, ends."""
    # Both are locked in the order of their ids: two people who swap addresses would each wait for the other's phone.
    both = Device.filter(Q(id=device.id) | Q(token_hash=digest)).order_by("id").select_for_update()
    for other in await both.using_db(connection):
        if other.person not in persons:
            raise Stale("the address has changed hands meanwhile")
        if other.id != device.id:
            await Device.filter(id=other.id).using_db(connection).delete()
            await end_deliveries(call.platform, connection, other.id, other.person)


def refuse_taken(person: str, owners: Collection[str]) -> None:
    """Raises Conflict where a phone on which nobody signs in would end the registration of somebody who has."""
    if is_anonymous(person) and not all(map(is_anonymous, owners)):
        raise Conflict(TAKEN)


def digest_of(provider: str, address: str) -> str:
    """What a phone is found by: the hash of its provider's address."""
    return hashlib.sha256(f"{provider}\0{address}".encode()).hexdigest()
