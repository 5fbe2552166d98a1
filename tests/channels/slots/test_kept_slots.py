"""A slot that somebody has chosen in a chat is theirs until they confirm, or until the hold ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banshi.kinds.appointment.models import Booking, Hold, Slot
from tests.channels.chatting import Chatter
from tests.town.parts import visits
from tests.town.town import Town, open_town

TITLE, KEPT, FULL = "Visit", "It is kept for you until 12:10.", "This time is full."
#: One place in each slot, and a question that is asked after the slot was chosen.
RULES = "capacity = 1"
ASKS: dict[str, Any] = {"asks": {"note": {"type": "string", "maxLength": 40}}}


@asynccontextmanager
async def opened(folder: Path, rules: str = RULES) -> AsyncIterator[Town]:
    async with open_town(folder, visits(rules, **ASKS), "conversations") as town:
        yield town


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Town]:
    async with opened(tmp_path) as one:
        yield one


async def at_the_slots(office: Town, contact: str) -> Chatter:
    """Somebody who reads the times of the next day."""
    chatter = Chatter(office.door, "en", contact)
    await chatter.is_linked(contact, name=contact.title(), resident_id="", phone="")
    await chatter.begin(TITLE)
    days = await chatter.send(contact)
    assert [one.label for one in days.buttons][:2] == ["Wed 2/9", "Thu 3/9"], days.text
    times = await chatter.send("1")
    assert [one.label for one in times.buttons][3:] == ["Other days"], times.text
    return chatter


async def taken() -> list[int]:
    return list(await Slot.filter(taken__gt=0).order_by("begins").values_list("taken", flat=True))


async def test_of_two_who_want_the_last_place_one_keeps_it_while_confirming(office: Town) -> None:
    wang, li = await at_the_slots(office, "wang"), await at_the_slots(office, "li")
    replies = await asyncio.gather(wang.send("1"), li.send("1"))
    (first, kept), (second, refused) = sorted(
        zip((wang, li), replies, strict=True), key=lambda one: KEPT not in one[1].text
    )
    assert KEPT in kept.text
    assert KEPT not in refused.text
    assert FULL in refused.text
    slot = (await Hold.get(live=1)).slot_id
    # The next free ones are offered at once, and the full one is none of them.
    assert len(refused.buttons) == 3
    assert KEPT in (await second.send("1")).text
    assert await taken() == [1, 1]
    for chatter in (second, first):
        await chatter.send("0")
        assert "Handed in." in (await chatter.send("1")).text
    assert await taken() == [1, 1]
    assert (await Booking.get(person=first.contact)).slot_id == slot
    assert not await Hold.exists(live=1)


async def test_another_choice_gives_the_first_one_back(office: Town) -> None:
    wang = await at_the_slots(office, "wang")
    await wang.send("1")
    await wang.send("back")
    # It is theirs, and no more among those that are free; what they choose instead is.
    assert KEPT in (await wang.send("2")).text
    assert await taken() == [1]
    assert await Hold.filter(live=1).count() == 1
    await wang.send("cancel")
    office.later(minutes=11)
    await office.look()
    assert await taken() == []


async def test_whoever_waits_too_long_is_told_and_chooses_anew(office: Town) -> None:
    wang, li = await at_the_slots(office, "wang"), await at_the_slots(office, "li")
    assert KEPT in (await wang.send("1")).text
    office.later(minutes=11)
    # Nobody has tidied up: a hold ends by its time alone.
    assert "kept for you until 12:21" in (await li.send("1")).text
    await wang.send("0")
    late = await wang.send("1")
    assert FULL in late.text
    assert len(late.buttons) == 3
    assert not await Booking.exists(person="wang")
    await li.send("0")
    assert "Handed in." in (await li.send("1")).text


async def test_a_repeat_and_a_second_look_keep_one_place(office: Town) -> None:
    wang = await at_the_slots(office, "wang")
    first = await wang.send("1", key="twice")
    assert await wang.send("1", key="twice") == first
    hold = await Hold.get(live=1)
    office.later(minutes=2)
    await wang.send("menu")
    await wang.send("continue")
    await wang.send("0")
    assert (await Hold.get(live=1)).id == hold.id
    assert "Handed in." in (await wang.send("1")).text
    assert await taken() == [1]


async def test_whoever_has_one_already_reads_it_at_the_choice(office: Town) -> None:
    wang = await at_the_slots(office, "wang")
    for said in ("1", "0", "1"):
        await wang.send(said)
    await wang.begin(TITLE)
    await wang.send("wang")
    await wang.send("1")
    assert "One person has 1 of these at once" in (await wang.send("1")).text
    assert await taken() == [1]


async def test_a_slot_that_is_drawn_is_entered_and_kept_for_nobody(tmp_path: Path) -> None:
    rules = "capacity = 1\n[items.appointment.draw]\ndays_before = 0\nat = '8:00'"
    async with opened(tmp_path, rules) as office:
        wang = await at_the_slots(office, "wang")
        assert "kept" not in (await wang.send("3")).text
        await wang.send("0")
        assert "Handed in." in (await wang.send("1")).text
        assert not await Hold.exists()
        assert (await Booking.get(person="wang")).state == "entered"
