"""What is held about a person here: for an export, and to be forgotten, by itself or with all that the city holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from tortoise.expressions import Subquery
from tortoise.models import Model

from banshi import Answer, Audience, Call, Platform
from banshi.sdk.http import Routes
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from mobile_push.delivery.service import PUSH
from mobile_push.inbox.standings import FORGOTTEN
from mobile_push.phones.erasure import erase_person
from mobile_push.tables.models import (
    Address,
    Delivery,
    Device,
    Follow,
    InboxCounter,
    InboxMessage,
    MessageState,
    PhoneReceipt,
    Profile,
    Silence,
    TopicChange,
)

ROUTES = Routes("push")


@ROUTES.delete("/v1/me/push", Audience.CITIZEN, {204: Answer("It is all forgotten.")})
async def forget_me(call: Call) -> web.StreamResponse:
    """Forget the caller's phones, messages, receipts and preferences.

    Open streams end. Cases stay as they are.
    """
    await forget_all(call.platform, call.principal.subject)
    return web.Response(status=204)


async def forget_all(platform: Platform, person: str, *, counter: bool = False) -> None:
    """Forget a person's phones, messages, receipts and preferences, with `counter` their inbox's too; streams end."""
    push = platform.get(PUSH)
    if push is None:  # a command beside the servers
        await erase_person(platform, person, counter=counter)
    else:
        # Not while one of their phones is being registered, or it would be there again.
        async with push.registering.setdefault(person, asyncio.Lock()):
            await erase_person(platform, person, counter=counter)
        push.forget(person)
    # Processes that hear no signals find by it that streams are to end.
    await platform.store.take_number(FORGOTTEN)


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """All of it goes at once; no law keeps any."""
    await forget_all(platform, whom.subject, counter=True)
    return ()


def by_their(key: str, of: type[Model], model: type[Model], column: str) -> PersonalTable:
    """A table whose `column` names a person's row of another one, which has that in `key`."""

    async def found(_: Platform, whom: DataSubject) -> Sequence[Any]:
        theirs = Subquery(of.filter(person=whom.subject).values(key))
        return await model.filter(**{f"{column}__in": theirs}).order_by("id").values_list("id", flat=True)

    return PersonalTable(model, found)


#: Tables whose rows name the person they are of.
ROWS = (Device, InboxMessage, MessageState, PhoneReceipt, Profile, Follow, Silence, InboxCounter)

HOLDING = Holdings(
    (
        *(PersonalTable(one, by_person(one, "person")) for one in ROWS),
        by_their("id", InboxMessage, Delivery, "message_id"),
        by_their("id", Device, Address, "device_id"),
        by_their("token_hash", Device, TopicChange, "token_hash"),
    ),
    forget,
)
