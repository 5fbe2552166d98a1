"""How a phone becomes a person's, changes, and moves to somebody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi import Call, Conflict, NotFound, Platform, Stale, Update, Write
from mobile_push.audience import areas
from mobile_push.audience.topic_names import in_use
from mobile_push.delivery.service import PUSH
from mobile_push.delivery.topics.changes import kept
from mobile_push.inbox.messages import STREAM
from mobile_push.inbox.standings import EVERYBODY
from mobile_push.phones.addresses.given import Given, address_of, others_in, refuse_twice
from mobile_push.phones.anonymous.subjects import is_anonymous
from mobile_push.phones.erasure import end_deliveries
from mobile_push.sentences import say
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Address, Device, FanOut, InboxCounter
from mobile_push.ways import DEAD, FORGET_ORPHANS, GONE, WAYS

#: How often a change is prepared anew when another one of the same phone comes between.
MAX_TRIES = 5

#: What is written in the transaction of a change.
Along = Callable[[BaseDBAsyncClient], Awaitable[None]]

#: Only somebody who has signed in ends what somebody has registered who had.
TAKEN = say("This phone is registered by somebody who has signed in, and gets alerts so; have them sign out first.")


async def holders(
    given: Sequence[Given], connection: BaseDBAsyncClient | None = None, also: Sequence[UUID] = ()
) -> list[Device]:
    """The phones that have any of these addresses, by their ids. With `also` they are locked in a transaction."""
    digests = [one.digest for one in given]
    beside: Any = Address.filter(token_hash__in=digests).using_db(connection).values_list("device_id", flat=True)
    which = Q(token_hash__in=digests) | Q(id__in=[*await beside, *also])
    found = Device.filter(which).order_by("id").using_db(connection)
    # Locked in the order of their ids: two people who swap addresses would each wait for the other's phone.
    return list(await (found.select_for_update() if connection else found))


async def register(
    call: Call, given: Sequence[Given], receipt: Callable[[Device, Sequence[str]], Sequence[Model]]
) -> Device | None:
    """Make the phone at these addresses the caller's, with the rows that `receipt` makes of it and of its providers.

    None where something came between that is to be looked at first. Raises Conflict at the limit of phones.
    """
    push, person, body = call.platform[PUSH], call.principal.subject, call.body
    present = await holders(given)
    mine = [device for device in present if device.person == person]
    if not mine and await Device.filter(person=person).count() >= push.settings.devices:
        raise Conflict(say("You have {devices} devices already; forget one first.", devices=push.settings.devices))
    values = {"platform": body["platform"], "language": body.get("language", call.language), "seen_at": call.now}
    if "area" in body:
        values |= areas.columns(body["area"])
    try:
        if present and present == mine[:1] and "addresses" not in body and mine[0].token_hash == given[0].digest:
            (device,) = present
            values |= {"given_at": now_of(call), "away_until": 0}
            guard = Update(Device, {"id": device.id, "person": person, "token_hash": device.token_hash}, values)
            device.update_from_dict(values)
            await _commit(call, Write(updates=[guard], rows=list(receipt(device, await providers_of(device)))))
            return device
        mine.sort(key=lambda one: (one.provider == STREAM, one.token_hash not in {it.digest for it in given}))
        device = mine[0] if mine else new_device(call, person, given[0], values)
        if not (present or given[1:] or call.platform[WAYS].several(given[0].provider)):
            await _commit(call, Write(rows=[device, *receipt(device, [given[0].provider])]))
            return device
        persons = {person, *(one.person for one in present)}
        async with in_transaction() as connection, kept(call.platform, connection, persons):
            await take(call, connection, device, given, present, values, whole="addresses" in body)
            for row in receipt(device, await providers_of(device, connection)):
                await row.save(using_db=connection, force_create=True)
    except (IntegrityError, Stale):
        return None
    return device


def new_device(
    call: Call, person: str, given: Given, values: Mapping[str, Any], identity: UUID | None = None
) -> Device:
    """A phone that isn't stored yet."""
    return Device(
        id=identity or uuid7(),
        person=person,
        provider=given.provider,
        token=given.token,
        token_hash=given.digest,
        created_at=call.now,
        given_at=now_of(call),
        **values,
    )


def now_of(call: Call) -> int:
    """Milliseconds of the database's clock."""
    return int(call.now.timestamp() * 1000)


async def providers_of(device: Device, connection: BaseDBAsyncClient | None = None) -> list[str]:
    """The providers of a phone's addresses, its row's own first where that is still one."""
    others: Any = ()
    if device.ways:
        rows = Address.filter(device_id=device.id).order_by("provider").using_db(connection)
        others = await rows.values_list("provider", flat=True)
    return [*([device.provider] if device.token or not others else []), *others]


async def take(
    call: Call,
    connection: BaseDBAsyncClient,
    device: Device,
    given: Sequence[Given],
    present: Sequence[Device],
    values: Mapping[str, Any],
    *,
    whole: bool,
) -> None:
    """Write down that these are a phone's addresses, `whole` all of them. Raises Stale where others came between.

    Whoever has an address is the phone: another registration of it, the caller's or not, ends. In new hands it gets a
    new id: what was planned for the old one, or said of it, stays with that.
    """
    await _hold(call, connection, device, given, present)
    names, now = [one.provider for one in given], now_of(call)
    if device.provider == STREAM not in names and not whole:
        given = [*given, Given(STREAM, device.token)]
    home, values = await _home(connection, device, given, whole=whole), dict(values)
    if home is not None:
        values |= {"provider": home.provider, "token": home.token, "token_hash": home.digest}
        values |= {"given_at": now, "away_until": 0}
    elif whole:
        values |= {"token": "", "token_hash": f"{GONE}{device.id}", "away_until": DEAD}  # nosec B105 - none
    rest = [one for one in given if one is not home]
    beside = Address.filter(device_id=device.id).using_db(connection)
    await (beside if whole else beside.filter(provider__in=names)).delete()
    for one in rest:
        which = {"device_id": device.id, "provider": one.provider, "token_hash": one.digest}
        await Address(**which, token=one.token, given_at=now).save(using_db=connection, force_create=True)
    values["ways"] = await beside.count()
    device.update_from_dict(values)
    if device._saved_in_db:
        if not await Device.filter(id=device.id, person=device.person).using_db(connection).update(**values):
            raise Stale("the phone was forgotten")
    else:
        await device.save(using_db=connection, force_create=True)


async def _hold(
    call: Call, connection: BaseDBAsyncClient, device: Device, given: Sequence[Given], present: Sequence[Device]
) -> None:
    """Lock the addresses with who has them, and end other phones' registrations. Raises Stale."""
    digests, mark = sorted(one.digest for one in given), Marks(call.platform.store)
    if call.platform.store.dialect != "sqlite":
        # Two who give one address at the same moment: it stands in two tables, and no key is over both.
        for one in digests:
            await connection.execute_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [one])
    if digests:
        await mark.change(f"{FORGET_ORPHANS} token_hash IN ({mark.each(digests)})", connection)
    locked = [one for one in await holders(given, connection, [device.id]) if one.id != device.id]
    if {(one.id, one.person) for one in locked} != {(one.id, one.person) for one in present if one.id != device.id}:
        raise Stale("an address has changed hands meanwhile")
    for other in locked:
        await end_former(call.platform, connection, other)


async def _home(connection: BaseDBAsyncClient, device: Device, given: Sequence[Given], *, whole: bool) -> Given | None:
    """The address for a phone's own row, by which walks find it; None where that stays with the provider that it has.

    The stream's is there where it is the only one: nobody walks over those. A walk that is under way may have passed
    the phone, or not; another provider's would pass it twice then, or never. So it moves between two walks.
    """
    old = device.provider
    moves = old == STREAM or (whole and old not in [one.provider for one in given])
    best = sorted(given, key=lambda one: one.provider == STREAM)
    home = next((one for one in best if moves or one.provider == old), None)
    if home is not None and old not in (STREAM, home.provider):
        # Whoever publishes waits for this counter.
        await InboxCounter.filter(person=EVERYBODY).select_for_update().using_db(connection).first()
        walks = FanOut.filter(provider__in=[old, home.provider], state="due")
        home = None if await walks.using_db(connection).exists() else home
    return home


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


async def end_former(platform: Platform, connection: BaseDBAsyncClient, former: Device) -> None:
    """End the registration that a phone had so far. Raises Stale where it has another one by now."""
    still = Device.filter(id=former.id, person=former.person, token_hash=former.token_hash)
    if not await still.using_db(connection).delete():
        raise Stale("the phone has changed hands again")
    await end_deliveries(platform, connection, former.id, former.person)


async def change(call: Call, identity: UUID, person: str, offered: Sequence[str], along: Along | None = None) -> Device:
    """Give a person's phone its new addresses, language or area, and write what goes `along` with that.

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
        given = others_in(push, offered, body)
        if "token" in body or "subscription" in body:
            given.insert(0, Given(device.provider, address_of(push, device.provider, body)))
        elif "addresses" in body and device.token:
            given.insert(0, Given(device.provider, device.token))
        refuse_twice(given)
        present = await holders(given)
        persons = {person, *(other.person for other in present)}
        refuse_taken(person, persons)
        try:
            async with in_transaction() as connection, kept(call.platform, connection, persons):
                await take(call, connection, device, given, present, values, whole="addresses" in body)
                if along is not None:
                    await along(connection)
        except (IntegrityError, Stale):
            # Somebody registered that address, or forgot this phone, in this very moment: look again.
            continue
        return device
    raise Conflict(say("Others are registering this phone at the same time; send the request again."))


def refuse_taken(person: str, owners: Collection[str]) -> None:
    """Raises Conflict where a phone on which nobody signs in would end the registration of somebody who has."""
    if is_anonymous(person) and not all(map(is_anonymous, owners)):
        raise Conflict(TAKEN)
