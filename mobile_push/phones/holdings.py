"""What is held about a person here, for an export and for whoever wants all of it forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tortoise.models import Model

from banshi import Platform
from banshi.sdk.personal_data import DataSubject, Holdings, PersonalTable, Retained, by_person
from mobile_push.phones.person import forget_all
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

#: Keys in one statement.
MAX_KEYS_A_STATEMENT = 500


async def _among(model: type[Model], column: str, sought: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for begin in range(0, len(sought), MAX_KEYS_A_STATEMENT):
        of_step = model.filter(**{f"{column}__in": list(sought[begin : begin + MAX_KEYS_A_STATEMENT])})
        found += await of_step.values_list(model._meta.pk_attr, flat=True)
    return found


async def _deliveries(_: Platform, whom: DataSubject) -> Sequence[Any]:
    messages: Any = await InboxMessage.filter(person=whom.subject).order_by("seq").values_list("id", flat=True)
    return await _among(Delivery, "message_id", messages)


async def _addresses(_: Platform, whom: DataSubject) -> Sequence[Any]:
    phones: Any = await Device.filter(person=whom.subject).values_list("id", flat=True)
    return await _among(Address, "device_id", phones)


async def _changes(_: Platform, whom: DataSubject) -> Sequence[Any]:
    tokens: Any = await Device.filter(person=whom.subject).values_list("token_hash", flat=True)
    return await _among(TopicChange, "token_hash", tokens)


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """All of it goes at once; no law keeps any."""
    await forget_all(platform, whom.subject, counter=True)
    return ()


#: Tables whose rows name the person they are of.
ROWS = (Device, InboxMessage, MessageState, PhoneReceipt, Profile, Follow, Silence, InboxCounter)

HOLDING = Holdings(
    (
        *(PersonalTable(one, by_person(one, "person")) for one in ROWS),
        PersonalTable(Delivery, _deliveries),
        PersonalTable(Address, _addresses),
        PersonalTable(TopicChange, _changes),
    ),
    forget,
)
