"""A time is chosen by its day: any day that has places can be said, and one without any is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.testing import open_door
from tests.channels.chatting import Chatter
from tests.town.parts import visits
from tests.town.town import CITY, NOON, Town, written

TITLE = "预约"
#: Twice an hour from nine to noon and from two to five, on each working day of the next fortnight; now is Tuesday noon.
HOURS = 'workday = ["9:00-12:00", "14:00-17:00"]'


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Town]:
    folder = written(tmp_path, visits("capacity = 1", hours=HOURS, minutes=20))["office"]
    items = folder / "items.toml"
    items.write_text(items.read_text("utf-8").replace("days_ahead = 7", "days_ahead = 14"), encoding="utf-8")
    async with open_door(tmp_path, {"office": folder, "conversations": "conversations"}) as door:
        yield Town(door, NOON)


async def at_the_days(office: Town, contact: str = "wang") -> Chatter:
    chatter = Chatter(office.door, "zh-CN", contact)
    await chatter.is_linked(contact, name="王小明", resident_id="", phone="")
    await chatter.begin(TITLE)
    await chatter.send("王小明")
    return chatter


#: What somebody says, and the time that is theirs then.
SAID = [
    (["最早的"], "2026-09-01 14:00"),
    (["1", "最早的"], "2026-09-01 14:00"),
    (["明天", "上午", "1"], "2026-09-02 09:00"),
    (["9月9日下午", "最早的"], "2026-09-09 14:00"),
    (["9月9日14:20"], "2026-09-09 14:20"),
    (["9月9日", "14:20"], "2026-09-09 14:20"),
    (["9月9日", "下午两点四十"], "2026-09-09 14:40"),
    (["下周三下午三点"], "2026-09-09 15:00"),
    (["下周三", "三点"], "2026-09-09 15:00"),
    (["更多", "1", "上午", "2"], "2026-09-08 09:20"),
    (["周末", "1", "1", "1"], "2026-09-07 09:00"),
    (["9月5日", "周一", "上午", "1"], "2026-09-07 09:00"),
    (["下个月", "后天", "2", "3"], "2026-09-03 14:40"),
    (["明天", "换一天", "后天", "1", "1"], "2026-09-03 09:00"),
    (["明天上午", "更多", "其他日期", "后天上午", "1"], "2026-09-03 09:00"),
    (["9月9日12:15", "上午", "9"], "2026-09-09 11:40"),
    (["2", "2", "1"], "2026-09-02 14:00"),
]


async def test_any_day_that_has_places_can_be_said(office: Town) -> None:
    booked, talks = list[tuple[list[str], str]](), list[str]()
    for number, (says, _) in enumerate(SAID):
        chatter = await at_the_days(office, f"wang-{number}")
        for line in (*says, "1"):
            reply = await chatter.send(line)
        booking = await Booking.get_or_none(person=chatter.contact) if "已提交" in reply.text else None
        booked.append((says, f"{booking.begins.astimezone(CITY):%Y-%m-%d %H:%M}" if booking else "none"))
        talks.append("\n".join(chatter.said))
        # The next one finds all of them free.
        await Booking.all().delete()
        await Slot.all().update(taken=0)
    assert booked == SAID, "\n\n".join(
        talk for talk, *pair in zip(talks, booked, SAID, strict=True) if pair[0] != pair[1]
    )


async def test_a_day_without_places_is_said_and_the_next_ones_are_offered(office: Town) -> None:
    chatter = await at_the_days(office)
    day = [slot for slot in await Slot.all() if f"{slot.begins.astimezone(CITY):%d}" == "03"]
    assert await Slot.filter(id__in=[one.id for one in day]).update(taken=1)
    reply = await chatter.send("9月3日")
    assert "9月3日 周四没有空余名额" in reply.text
    assert reply.buttons[0].label == "9月4日 周五"
    # One that is over, one beyond the calendar, and what is no day at all: none of them books anything.
    for line in ("8月1日", "2027年9月3日", "随便说说", "99", "😀", "9月" * 2_000):
        assert (await chatter.send(line)).buttons, line
    assert not await Hold.exists()


async def test_moving_a_booking_keeps_the_new_place_until_it_is_confirmed(office: Town) -> None:
    wang = await at_the_days(office)
    for line in ("9月8日9点", "1", "进度", "1", "改期"):
        reply = await wang.send(line)
    assert "9月1日" in reply.buttons[0].label, "\n".join(wang.said)
    assert "已为您保留" in (await wang.send("9月9日14:00")).text
    li = await at_the_days(office, "li")
    assert "没有空余名额" in (await li.send("9月9日14:00")).text
    await wang.send("0")
    assert "已办理" in (await wang.send("1")).text, "\n".join(wang.said)
    booking = await Booking.get(person="wang")
    assert f"{booking.begins.astimezone(CITY):%Y-%m-%d %H:%M}" == "2026-09-09 14:00"
    # The old place is free again, and nothing is kept any more.
    assert [slot.id for slot in await Slot.filter(taken=1)] == [booking.slot_id]
    assert not await Hold.exists(live=1)
