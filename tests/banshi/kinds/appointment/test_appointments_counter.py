"""At the counter and around the day: reminder, calendar entry, check-in, confirmation by staff, no-shows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from banshi.kinds.appointment.models import Booking, Slot
from banshi.testing import Person
from tests.readers.pages import pages
from tests.readers.refusals import refused, understood
from tests.town.parts import PUSH, visits
from tests.town.town import CITY, ENGLISH, Town, open_town

DESK = "/v1/items/visit/counter-appointments"


async def booked(office: Town, name: str = "wang", place: int = 6) -> tuple[Person, dict[str, Any]]:
    person = office.door.citizen(name)
    slot = (await office.slots())[place]
    return person, (await office.book(person, slot)).created()


async def scanned(person: Person, appointment: dict[str, Any]) -> str:
    """What a scanner reads from the picture on the phone."""
    picture = await person.get(appointment["links"]["qr"].replace("svg", "png"))
    assert picture.headers["Content-Type"] == "image/png"
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.body)))
    return str(code.text)


async def check_in(office: Town, text: str, place: str = "east", who: Person | None = None) -> Any:
    body = {"text": text, "place": place}
    return await (who or office.clerk()).post("/v1/items/visit/check-ins", body, headers=ENGLISH)


# -- check-in --------------------------------------------------------------------------------------------------------


async def test_the_code_on_the_phone_checks_its_person_in(office: Town) -> None:
    wang, mine = await booked(office)
    text = await scanned(wang, mine)
    assert text.startswith("BSA1:")
    office.later(days=2, hours=20, minutes=45)  # 8:45 on the fourth
    assert (await check_in(office, text)).ok()["state"] == "checked-in"
    (await check_in(office, text)).problem(409, "action-not-permitted")
    (await wang.get(mine["links"]["qr"])).problem(404, "not-found")
    office.later(hours=2)
    await office.look()
    assert (await office.shown(wang, mine))["state"] == "done"
    (await office.book(wang, (await office.slots())[-1])).created()


async def test_a_check_in_at_the_wrong_place_or_time_says_where_and_when(office: Town) -> None:
    wang, mine = await booked(office)
    text = await scanned(wang, mine)
    told = (await check_in(office, text)).problem(409, "wrong-day")
    assert "09:00 on 4 September 2026" in told["detail"]
    office.later(days=2, hours=20)
    told = (await check_in(office, text)).problem(409, "too-early")
    assert "08:30 on 4 September 2026" in told["detail"]
    office.later(minutes=30)
    told = (await check_in(office, text, "west")).problem(409, "wrong-place")
    assert (told["place"], "East hall" in told["detail"]) == ("east", True)
    office.later(hours=1, minutes=31)
    (await check_in(office, text)).problem(409, "too-late")


async def test_only_a_clerk_of_the_department_checks_in_and_only_what_is_a_code(office: Town) -> None:
    wang, mine = await booked(office)
    text = await scanned(wang, mine)
    office.later(days=2, hours=21)
    (await check_in(office, text, who=wang)).problem(403, "forbidden")
    (await check_in(office, text, who=office.door.staff("z", "parks:clerk"))).problem(404, "not-found")
    (await check_in(office, text, who=office.door.staff("r", "office:reviewer"))).problem(409, "action-not-permitted")
    for wrong in ("", "BSA1:", text[:-1], text.lower(), mine["number"], "BS1:ABC", "x" * 200):
        (await check_in(office, wrong)).problem(409, "not-an-appointment")
    # Whoever works at the counter has no say in an appointment of their own.
    own = office.door.staff("wang", "office:clerk")
    (await check_in(office, text, who=own)).problem(409, "action-not-permitted")
    (await wang.delete(mine["links"]["self"])).problem(409, "too-late-to-change")
    assert (await check_in(office, text)).ok()["state"] == "checked-in"


async def test_many_scans_of_one_code_check_in_once(office: Town, database: str) -> None:
    wang, mine = await booked(office)
    text = await scanned(wang, mine)
    office.later(days=2, hours=21)
    replies = await asyncio.gather(*(check_in(office, text) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 9


# -- no-shows --------------------------------------------------------------------------------------------------------


async def test_who_misses_too_often_is_told_until_when_booking_pauses(tmp_path: Path) -> None:
    rules = "capacity = 2\nno_shows = { count = 2, within_days = 90, blocked_days = 30 }"
    async with open_town(tmp_path, visits(rules)) as office:
        wang = office.door.citizen("wang")
        for _ in range(2):
            slot = (await office.slots())[6]
            mine = (await office.book(wang, slot)).created()
            li, other = office.door.citizen("li"), (await office.book(office.door.citizen("li"), slot)).created()
            text = await scanned(li, other)
            office.now = datetime.fromisoformat(slot["begins"])
            (await check_in(office, text)).ok()
            office.later(hours=2)
            await office.look()
            assert (await office.shown(wang, mine))["state"] == "no-show"
            assert (await office.shown(li, other))["state"] == "done"
        slot = (await office.slots())[6]
        told = (await office.book(wang, slot)).problem(409, "no-show-pause")
        last = datetime.fromisoformat(mine["ends"]) + timedelta(days=30)
        assert f"10:00 on {last.day} October 2026" in told["detail"]
        (await wang.post("/v1/items/visit/holds", {"slot": slot["id"]})).problem(409, "no-show-pause")
        # A mistake is corrected by staff, with a reason, and then it is as if it had not been.
        path = f"{mine['links']['case']}/actions/excuse"
        (await office.clerk().post(path)).problem(422, "invalid-fields")
        (await office.clerk().post(path, {"reason": "当天停电"})).ok()
        mine = (await office.book(wang, slot)).created()
        (await wang.delete(mine["links"]["self"])).ok()


async def test_the_pause_ends_by_itself(tmp_path: Path) -> None:
    rules = "no_shows = { count = 1, within_days = 90, blocked_days = 3 }\ncapacity = 2"
    async with open_town(tmp_path, visits(rules)) as office:
        wang, mine = await booked(office)
        li, other = await booked(office, "li")
        text = await scanned(li, other)
        office.now = datetime.fromisoformat(mine["begins"])
        (await check_in(office, text)).ok()
        office.later(hours=2)
        await office.look()
        (await office.book(wang, (await office.slots())[6])).problem(409, "no-show-pause")
        office.later(days=3)
        (await office.book(wang, (await office.slots())[6])).created()


async def test_an_office_that_scans_nobody_calls_nobody_absent(office: Town) -> None:
    wang, mine = await booked(office)
    office.now = datetime.fromisoformat(mine["ends"])
    await office.look()
    assert (await office.shown(wang, mine))["state"] == "booked", "there is a quarter of an hour of grace"
    office.later(minutes=16)
    await office.look()
    assert (await office.shown(wang, mine))["state"] == "done"
    assert (await Booking.get(person="wang")).missed_at is None


# -- reminders -------------------------------------------------------------------------------------------------------


async def test_everybody_is_reminded_the_day_before_once(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits(), PUSH, database=database) as office:
        wang, mine = await booked(office)
        for _ in range(3):  # noon of the first, the second, the third
            await asyncio.gather(office.look(), office.look())
            office.later(hours=24)
        await office.look()
        await office.door.settled()
        inbox = (await wang.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
        assert [message["title"] for message in inbox] == [
            "Booked: Visit",
            "Your appointment tomorrow: Visit",
        ]
        assert inbox[1]["created_at"].startswith("2026-09-03")
        events = (await wang.get(mine["links"]["case"])).ok()["timeline"]
        assert [event["action"] for event in events].count("remind") == 1


async def test_who_moves_to_another_day_is_reminded_of_that_one(office: Town) -> None:
    wang, mine = await booked(office, place=9)  # Monday the seventh
    office.later(days=5)  # Sunday noon
    await office.look()
    assert (await Booking.get(person="wang")).reminded_at is not None
    office.later(hours=-4)
    last = (await office.slots())[-1]
    (await wang.call("PATCH", mine["links"]["self"], json={"slot": last["id"]})).ok()
    assert (await Booking.get(person="wang")).reminded_at is None
    office.now = datetime.fromisoformat(last["begins"]) - timedelta(hours=20)
    await office.look()
    assert (await Booking.get(person="wang")).reminded_at is not None


# -- the calendar entry ----------------------------------------------------------------------------------------------


async def entry(person: Person, appointment: dict[str, Any]) -> tuple[Any, bytes]:
    reply = await person.get(appointment["links"]["calendar"], headers=ENGLISH)
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    from ical.calendar_stream import IcsCalendarStream

    calendar = IcsCalendarStream.calendar_from_ics(reply.body.decode())
    (event,) = calendar.events
    return event, reply.body


async def test_the_calendar_entry_is_read_by_another_library_with_its_time_zone(office: Town) -> None:
    wang, mine = await booked(office)
    event, raw = await entry(wang, mine)
    assert event.dtstart == datetime(2026, 9, 4, 9, 0, tzinfo=CITY)
    assert event.dtend == datetime(2026, 9, 4, 10, 0, tzinfo=CITY)
    assert (event.summary, event.location) == ("Visit", "East hall, 1 Sample Road")
    assert (event.status, event.sequence) == ("CONFIRMED", 0)
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai" in raw
    assert b"DTSTART;TZID=Asia/Shanghai:20260904T090000" in raw
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


async def test_a_moved_appointment_is_the_same_entry_with_a_higher_sequence(office: Town) -> None:
    wang, mine = await booked(office)
    first, _ = await entry(wang, mine)
    to = (await office.slots())[-1]
    (await wang.call("PATCH", mine["links"]["self"], json={"slot": to["id"]})).ok()
    moved, _ = await entry(wang, mine)
    (await wang.delete(mine["links"]["self"])).ok()
    cancelled, raw = await entry(wang, mine)
    assert first.uid == moved.uid == cancelled.uid
    assert [one.sequence for one in (first, moved, cancelled)] == [0, 1, 2]
    assert moved.dtstart == datetime.fromisoformat(to["begins"])
    assert (cancelled.status, b"METHOD:CANCEL" in raw) == ("CANCELLED", True)


# -- confirmed by staff ----------------------------------------------------------------------------------------------

CONFIRM = "confirm = true\nwaiting_list = true"


async def test_staff_confirm_or_refuse_with_a_reason_and_the_place_is_kept_meanwhile(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(CONFIRM), PUSH) as office:
        wang, mine = await booked(office)
        li = office.door.citizen("li")
        slot = await office.first()
        assert (mine["state"], mine["deadline"]["due_on"]) == ("requested", "2026-09-03")
        (await office.book(li, slot)).problem(409, "slot-full")
        (await wang.get(mine["links"]["qr"])).problem(404, "not-found")
        event, _ = await entry(wang, mine)
        assert event.status == "TENTATIVE"
        work = (await office.clerk().get("/v1/worklist")).ok()["items"]
        assert [case["id"] for case in work] == [mine["id"]]
        path = f"{mine['links']['case']}/actions"
        (await office.clerk().post(f"{path}/refuse")).problem(422, "invalid-fields")
        (await office.clerk().post(f"{path}/refuse", {"reason": "缺少委托书"})).ok()
        await office.door.settled()
        assert "缺少委托书" in (await wang.get("/v1/inbox")).ok()["items"][-1]["body"]
        other = (await office.book(li, slot)).created()
        (await office.clerk().post(f"{other['links']['case']}/actions/confirm")).ok()
        shown = await office.shown(li, other)
        assert (shown["state"], shown["deadline"]["running"]) == ("booked", False)
        assert (await scanned(li, other)).startswith("BSA1:")
        assert (await office.clerk().get("/v1/worklist")).ok()["items"] == []
        # Another time has to be confirmed again.
        to = (await office.slots())[-1]
        moved = (await li.call("PATCH", other["links"]["self"], json={"slot": to["id"]})).ok()
        assert moved["state"] == "requested"
        await office.counts_hold()


async def test_what_nobody_has_confirmed_in_time_lapses_and_is_told(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(CONFIRM)) as office:
        wang, mine = await booked(office)
        office.now = datetime.fromisoformat(mine["begins"])
        confirm = f"{mine['links']['case']}/actions/confirm"
        (await office.clerk().post(confirm)).problem(409, "slot-past")
        office.later(hours=2)
        await office.look()
        assert (await office.shown(wang, mine))["state"] == "lapsed"
        await office.counts_hold()


async def test_who_takes_an_offer_is_confirmed_like_everybody(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(CONFIRM)) as office:
        wang, mine = await booked(office)
        li = office.door.citizen("li")
        waits = (await office.book(li, await office.first(), wait=True)).created()
        (await wang.delete(mine["links"]["self"])).ok()
        await office.look()
        (await li.post(f"{waits['links']['case']}/actions/accept")).ok()
        assert (await office.shown(li, waits))["state"] == "requested"
        await office.counts_hold()


# -- places that are staff's to give ---------------------------------------------------------------------------------


async def test_staff_give_their_own_places_and_nobody_else_does(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits("internal = 2"), database=database) as office:
        slot = await office.first()
        (await office.book(office.door.citizen("wang"), slot)).created()
        (await office.book(office.door.citizen("li"), slot)).problem(409, "slot-full")

        async def put(name: str, who: Person | None = None, **more: Any) -> Any:
            body = {"person": name, "slot": slot["id"], "answers": {"name": "李"}, **more}
            return await (who or office.clerk()).post(DESK, body)

        (await put("x", office.door.citizen("li"))).problem(403, "forbidden")
        (await put("x", office.door.staff("r", "office:reviewer"))).problem(403, "forbidden")
        (await put("x", office.door.staff("r", "parks:clerk"))).problem(403, "forbidden")
        (await put("x", answers={"name": 1})).problem(422, "invalid-fields")
        replies = await asyncio.gather(*(put(f"caller-{number}") for number in range(6)))
        assert sorted(reply.status for reply in replies) == [201, 201] + [409] * 4
        row = await Slot.get(id=slot["id"])
        assert (row.taken, row.taken_internal) == (1, 2)
        given = next(reply.created() for reply in replies if reply.status == 201)
        booking = await Booking.get(case_id=given["id"])
        caller = office.door.citizen(booking.person)
        case = (await caller.get(given["links"]["case"])).ok()
        assert case["timeline"][0]["by"] == "staff"
        (await caller.delete(given["links"]["self"])).ok()
        assert (await Slot.get(id=slot["id"])).taken_internal == 1


async def test_whoever_booked_for_somebody_at_the_counter_checks_them_in(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits("internal = 2")) as office:
        body = {"person": "caller-1", "slot": (await office.slots())[6]["id"], "answers": {"name": "李"}}
        given = (await office.clerk().post(DESK, body)).created()
        text = await scanned(office.door.citizen("caller-1"), given)
        office.later(days=2, hours=20, minutes=45)
        assert (await check_in(office, text)).ok()["state"] == "checked-in"


async def test_the_counter_sees_its_day(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits("capacity = 2")) as office:
        made = [(await booked(office, f"p{number}", 6 + number // 2))[1] for number in range(5)]
        listed = await pages(office.clerk(), f"{DESK}?day=2026-09-04&limit=3")
        assert [one["id"] for one in listed] == [one["id"] for one in made]
        assert (await office.clerk().get(DESK)).ok()["items"] == []
        (await office.door.staff("r", "parks:clerk").get(DESK)).problem(403, "forbidden")
        edges = ("day=9999-12-31", "day=0001-01-01", "cursor=OTk5OS0xMi0zMVQyMzo1OTo1OS0xNDowMC83")
        wrong = ("day=4", "cursor=AAAA", "cursor=MjAyNg", "to=2026-09-04", *edges)
        assert await understood(office.clerk(), [f"{DESK}?{one}" for one in wrong]) == {}


@pytest.mark.parametrize(
    ("rules", "more", "told"),
    [
        ("hold_minutes = 0", "", "hold_minutes has to be at least 1"),
        ("capacity = -1", "", "capacity has to be at least 0"),
        ('release_at = "25:00"', "", "'25:00' is no time of day"),
        ('draw = { days_before = 2, at = "noon" }', "", "'noon' is no time of day"),
        ("", '[[items.appointment.places]]\ncode = "north"\nhours = {}', "unknown-place"),
        ("", '[[items.appointment.places]]\ncode = "east"\nhours = {}', "duplicate-place"),
        ("", '[[items.appointment.places]]\ncode = "west"\nhours = { someday = [] }', "hours.someday is no day"),
        ("", '[[items.appointment.places]]\ncode = "west"\nhours = { mon = ["9-12"] }', "'9' is no time of day"),
        ("", '[[items.appointment.places]]\ncode = "west"\nhours = { mon = ["12:00-9:00"] }', "ends before it begins"),
        (
            "",
            '[[items.appointment.places]]\ncode = "west"\nhours = { mon = ["9:00-12:00", "11:00-13:00"] }',
            "overlap",
        ),
        (
            "",
            '[[items.appointment.places]]\ncode = "west"\nhours = { mon = ["9:99-12:00"] }',
            "'9:99' is no time of day",
        ),
        ("", '[[items.appointment.places]]\ncode = "west"\nhours = { mon = ["9:00"] }', "are no opening hours"),
    ],
)
async def test_wrong_opening_hours_stop_the_start_and_say_what_to_mend(
    tmp_path: Path, rules: str, more: str, told: str
) -> None:

    await refused(open_town(tmp_path, visits(rules, more=more)), told)
