"""Forgetting: a phone with what hangs on it, or all that is kept of a person. Each in one transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F, Subquery
from tortoise.transactions import in_transaction

from banshi import Case, Platform
from banshi.sdk.database import as_stored
from mobile_push.delivery.topics.changes import kept
from mobile_push.inbox.messages import CASE
from mobile_push.phones.anonymous.subjects import is_anonymous
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import (
    Address,
    AnonymousDevice,
    Delivery,
    Device,
    Follow,
    InboxCounter,
    InboxMessage,
    MessageState,
    PhoneReceipt,
    Profile,
    Silence,
)


async def erase_device(platform: Platform, device: UUID, person: str, *, before: datetime | None = None) -> bool:
    """Forget a person's phone, its receipts and what is due for it; whether there was one.

    With `before`, only one that was last seen before that.
    """
    phone = Device.filter(id=device, person=person)
    async with in_transaction() as connection, kept(platform, connection, [person]):
        found = await (phone.filter(seen_at__lt=before) if before else phone).using_db(connection).delete()
        if found:
            await end_deliveries(platform, connection, device, person)
            await PhoneReceipt.filter(device_id=device, person=person).using_db(connection).delete()
    return bool(found)


async def end_deliveries(platform: Platform, connection: BaseDBAsyncClient, device: UUID, person: str) -> None:
    """What is due for a phone that is gone ends here; it would else wait for its turn to find that out. So do its other
    addresses.

    Of a phone on which nobody has signed in that is nothing, and what it wished goes with it.
    """
    await Address.filter(device_id=device).using_db(connection).delete()
    if is_anonymous(person):
        await AnonymousDevice.filter(id=device).using_db(connection).delete()
        for model in (Profile, Follow):
            await model.filter(person=person).using_db(connection).delete()
        return
    store, mark = platform.store, Marks(platform.store)
    whose = mark(as_stored(InboxMessage, "person", person))
    # By the person's messages, which an index knows; none knows the phones' deliveries. One that is being settled in
    # this moment is not waited for: if it stays due, whoever claims it finds no phone.
    await mark.change(
        f"UPDATE push_delivery SET state = 'failed', code = 'forgotten', lease_until = 0, settled_at = {store.clock} "  # noqa: S608 - marks, not values
        f"WHERE id IN (SELECT id FROM push_delivery WHERE device_id = {mark(device)} AND state = 'due' "
        f"AND message_id IN (SELECT id FROM push_inbox_message WHERE person = {whose}) {store.skip_locked})",
        connection,
    )


async def erase_case(platform: Platform, case: Case) -> None:
    """Forget the messages about a case, with their deliveries and receipts. Their numbers are given to no other."""
    del platform
    async with in_transaction() as connection:
        about = InboxMessage.filter(person=case.person, case_id=case.id).using_db(connection)
        ids = list(await about.values_list("id", flat=True))
        await Delivery.filter(message_id__in=ids).using_db(connection).delete()
        await PhoneReceipt.filter(message_id__in=ids).using_db(connection).delete()
        await MessageState.filter(person=case.person, message_id__in=ids).using_db(connection).delete()
        await Silence.filter(person=case.person, about=f"{CASE}{case.id}").using_db(connection).delete()
        await about.delete()


async def erase_person(platform: Platform, person: str, *, counter: bool = False) -> None:
    """Forget phones, receipts, messages and their deliveries, preferences: everything but the inbox's counter.

    The counter stays, so that a phone which was off never takes a new message for one that it has read. Deliveries go
    with the messages that they need. What a department has promised and is still on its way arrives afterwards. With
    `counter` it goes too: whoever comes back is somebody new, and their app begins anew.
    """
    # Phones first, as receipts do, so that the two never wait for each other.
    async with in_transaction() as connection, kept(platform, connection, [person]):
        # In the order of their ids, as everybody who locks several phones.
        await Device.filter(person=person).order_by("id").select_for_update().using_db(connection).only("id")
        phones = Subquery(Device.filter(person=person).values("id"))
        await Address.filter(device_id__in=phones).using_db(connection).delete()
        await Device.filter(person=person).using_db(connection).delete()
        await PhoneReceipt.filter(person=person).using_db(connection).delete()
        # Whoever stores a message takes its number from this row: it waits here, or we wait for it.
        await InboxCounter.filter(person=person).using_db(connection).update(top=F("top"))
        theirs = Subquery(InboxMessage.filter(person=person).values("id"))
        await Delivery.filter(message_id__in=theirs).using_db(connection).delete()
        for model in (InboxMessage, MessageState, Silence, Profile, Follow, *([InboxCounter] if counter else [])):
            await model.filter(person=person).using_db(connection).delete()
