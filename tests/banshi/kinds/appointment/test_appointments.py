"""Appointments: slots from opening hours, one place for one person, moved and given back in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment import scheduler
from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.appointment.slots.slots import bring_in_step
from tests.readers.pages import pages
from tests.readers.refusals import faults, understood
from tests.town.parts import PUSH, visits
from tests.town.town import CITY, ENGLISH, Town, open_town

# -- slots -----------------------------------------------------------------------------------------------------------


async def test_slots_are_those_of_the_opening_hours_on_working_days(tmp_path: Path) -> None:
    """From Tuesday 29 September 2026 on: 1 to 7 October is the national holiday, Saturday 10 October is worked."""
    now = datetime(2026, 9, 29, 9, 30, tzinfo=CITY)
    hours = 'workday = ["9:00-11:00"], wed = ["14:00-15:30"], thu = ["9:00-10:00"]'
    async with open_town(tmp_path, visits(hours=hours), now=now) as office:
        begins = [slot["begins"][:16] for slot in await office.slots()]
    # Today's first has begun; of the Wednesday only a whole slot; nothing in the holiday.
    assert begins == ["2026-09-29T10:00", "2026-09-30T14:00"]


async def test_a_saturday_that_is_worked_in_exchange_has_slots_and_another_one_only_by_name(tmp_path: Path) -> None:
    now = datetime(2026, 10, 8, 8, 0, tzinfo=CITY)
    async with open_town(tmp_path, visits(hours='workday = ["9:00-10:00"]'), now=now) as office:
        days = {slot["begins"][:10] for slot in await office.slots()}
        calendar = office.door.platform.calendar
        assert days == {str(day) for day in map(_day, range(8, 16)) if calendar.is_working_day(day)}
        assert calendar.is_working_day(_day(10)), "the year's order says so"
    (tmp_path / "second").mkdir()
    async with open_town(tmp_path / "second", visits(hours='sun = ["9:00-10:00"]'), now=now) as office:
        assert [slot["begins"][:10] for slot in await office.slots()] == ["2026-10-11"]


def _day(number: int) -> Any:
    return datetime(2026, 10, number).date()


#: Questions that nobody can ask; the last ones of days and times at the calendar's ends, some of which UTC has not.
WRONG = (
    *("from=tomorrow", "to=2026-08-01", "to=2027-08-01", "place=north", "cursor=AAAA", "day=1"),
    "from=9999-12-31&to=9999-12-31",
    "from=9999-12-01&to=9999-12-31",
    "from=0001-01-01&to=0001-01-02",
    "cursor=OTk5OS0xMi0zMVQyMzo1OTo1OS0xNDowMC8wMTg5MDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA",
    "cursor=MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMC8wMTg5MDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA",
)


async def test_slots_are_filtered_and_paged(tmp_path: Path) -> None:
    more = '[[items.appointment.places]]\ncode = "west"\nhours = { workday = ["9:00-12:00"] }\ncapacity = 3'
    async with open_town(tmp_path, visits(more=more)) as office:
        every = await office.slots()
        assert len(every) == 2 * 3 * 5  # tomorrow and the next working days, at two places
        assert {slot["place"]: slot["free"] for slot in every} == {"east": 1, "west": 3}
        west = await office.slots(place="west", **{"from": "2026-09-03", "to": "2026-09-03"})
        assert [slot["begins"] for slot in west] == [
            f"2026-09-03T{hour}:00:00.000+08:00" for hour in ("09", "10", "11")
        ]
        assert await pages(office.door.anyone, "/v1/items/visit/slots?limit=7") == every
        assert await understood(office.door.anyone, [f"/v1/items/visit/slots?{one}" for one in WRONG]) == {}
        (await office.door.anyone.get("/v1/items/no-such/slots")).problem(404, "not-found")


async def days_of(office: Town, **query: str) -> list[dict[str, Any]]:
    page = (await office.door.anyone.get("/v1/items/visit/slots/days", params=query)).ok()
    assert page["next"] is None
    return list(page["items"])


async def test_days_say_what_is_free_on_each_at_all_places_or_at_one(tmp_path: Path, database: str) -> None:
    more = '[[items.appointment.places]]\ncode = "west"\nhours = { workday = ["9:00-12:00"] }\ncapacity = 3'
    async with open_town(tmp_path, visits("waiting_list = true", more=more), database=database) as office:
        days = await days_of(office)
        assert days[0] == {"day": "2026-09-02", "slots": 6, "free": 12, "draws": 0}
        assert len(days) == 5
        east = await office.slots(place="east", **{"from": "2026-09-02", "to": "2026-09-02"})
        (await office.book(office.door.citizen("wang"), east[0])).created()
        (await office.book(office.door.citizen("li"), east[0], wait=True)).created()
        for query in ({}, {"place": "east"}, {"place": "west", "from": "2026-09-02", "to": "2026-09-03"}):
            shown = await office.slots(**query)
            told = [(one["day"], one["slots"], one["free"]) for one in await days_of(office, **query)]
            per_day = {
                slot["begins"][:10]: [one for one in shown if one["begins"][:10] == slot["begins"][:10]]
                for slot in shown
            }
            assert told == [(day, len(some), sum(one["free"] for one in some)) for day, some in per_day.items()]
        assert (await days_of(office, place="east"))[0]["free"] == 2


async def test_a_day_that_is_not_released_is_drawn_or_is_over_has_no_free_place(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits('release_at = "18:00"')) as office:
        assert (await days_of(office))[-1]["free"] == 0
        office.later(hours=6)
        assert (await days_of(office))[-1]["free"] == 3
        office.later(days=1)
        assert (await days_of(office))[0]["day"] == "2026-09-03"
    other = tmp_path / "other"
    other.mkdir()
    async with open_town(other, visits('draw = { days_before = 1, at = "18:00" }')) as office:
        assert {(one["free"], one["draws"] > 0) for one in (await days_of(office))[1:]} == {(0, True)}


async def test_days_that_nobody_can_ask_for_are_refused(office: Town) -> None:
    days = "/v1/items/visit/slots/days"
    assert await understood(office.door.anyone, [f"{days}?{one}" for one in (*WRONG, "limit=5")]) == {}
    (await office.door.anyone.get("/v1/items/no-such/slots/days")).problem(404, "not-found")


async def test_making_slots_again_makes_none_twice(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits(), database=database) as office:
        before = await office.slots()
        item = office.door.platform.registry.items["visit"]
        await asyncio.gather(*(bring_in_step(office.door.platform, item) for _ in range(4)))
        assert await office.slots() == before
        assert await Slot.all().count() == len(before)


async def test_new_opening_hours_strand_nobody(tmp_path: Path) -> None:
    """A booked slot that the hours no longer have stays, takes nobody new, and nothing new cuts across it."""
    database = f"sqlite://{tmp_path / 'kept.sqlite3'}"
    async with open_town(tmp_path, visits("capacity = 2"), database=database) as office:
        wang = office.door.citizen("wang")
        slot = await office.first()
        assert slot["begins"].startswith("2026-09-04T09:00")
        mine = (await office.book(wang, slot)).created()
    async with open_town(
        tmp_path, visits("capacity = 1", hours='workday = ["9:30-11:30"], mon = []'), database=database
    ) as office:
        begins = [one["begins"][:16] for one in await office.slots()]
        assert "2026-09-04T09:30" not in begins, "it would cut across the booked one"
        assert "2026-09-04T10:30" in begins
        assert "2026-09-03T09:30" in begins
        assert "2026-09-07T09:30" not in begins
        wang = office.door.citizen("wang")
        assert (await office.shown(wang, mine))["begins"].startswith("2026-09-04T09:00")
        (await office.book(office.door.citizen("li"), slot)).problem(409, "slot-closed")
        # It can still be moved to one that is there.
        to = (await office.slots())[-1]
        assert (await wang.call("PATCH", mine["links"]["self"], json={"slot": to["id"]})).ok()["begins"] == to["begins"]
        await office.counts_hold()


async def test_a_slot_whose_capacity_shrinks_keeps_everybody_who_is_in_it(tmp_path: Path) -> None:
    database = f"sqlite://{tmp_path / 'kept.sqlite3'}"
    async with open_town(tmp_path, visits("capacity = 2"), database=database) as office:
        slot = await office.first()
        both = [(await office.book(office.door.citizen(name), slot)).created() for name in ("wang", "li")]
    async with open_town(tmp_path, visits("capacity = 1"), database=database) as office:
        shown = next(one for one in await office.slots() if one["id"] == slot["id"])
        assert (shown["state"], shown["free"], shown["capacity"]) == ("full", 0, 1)
        for name, mine in zip(("wang", "li"), both, strict=True):
            assert (await office.shown(office.door.citizen(name), mine))["state"] == "booked"
        (await office.door.citizen("wang").delete(both[0]["links"]["self"])).ok()
        (await office.book(office.door.citizen("zhao"), slot)).problem(409, "slot-full")


async def test_slots_of_a_new_day_can_be_taken_from_their_release_on(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits('release_at = "18:00"')) as office:
        slots = await office.slots()
        last = slots[-1]
        assert (last["state"], last["free"], last["opens_at"][:16]) == ("not-released", 0, "2026-09-01T18:00")
        told = (await office.book(office.door.citizen("wang"), last)).problem(409, "not-released")
        assert "18:00 on 1 September 2026" in told["detail"]
        office.later(hours=6)
        (await office.book(office.door.citizen("wang"), last)).created()


# -- booking ---------------------------------------------------------------------------------------------------------


async def test_a_booked_slot_is_a_case_that_the_citizen_is_told_of(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(), PUSH) as office:
        wang = office.door.citizen("wang")
        slot = await office.first()
        reply = await office.book(wang, slot)
        made = reply.created()
        assert reply.headers["Location"] == made["links"]["self"]
        assert (made["state"], made["begins"], made["place"]["title"]) == ("booked", slot["begins"], "East hall")
        assert [one["action"] for one in made["permitted_actions"]] == ["reschedule", "cancel"]
        case = (await wang.get(made["links"]["case"])).ok()
        assert [one["action"] for one in case["timeline"]] == ["submit", "book"]
        assert case["answers"] == {"name": "王"}
        assert [one["id"] for one in (await wang.get("/v1/cases")).ok()["items"]] == [made["id"]]
        await office.door.settled()
        inbox = (await wang.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
        assert len(inbox) == 1
        assert "4 September 2026, 09:00–10:00" in inbox[0]["body"]
        assert "East hall, 1 Sample Road" in inbox[0]["body"]


async def test_the_last_place_is_one_person_s(tmp_path: Path, database: str) -> None:
    """Sixty at once for three places."""
    async with open_town(tmp_path, visits("capacity = 3"), database=database) as office:
        slot = await office.first()
        people = [office.door.citizen(f"p{number}") for number in range(60)]
        replies = await asyncio.gather(*(office.book(person, slot) for person in people))
        assert Counter(reply.status for reply in replies) == {201: 3, 409: 57}
        refused = next(reply for reply in replies if reply.status == 409).problem(409, "slot-full")
        assert len(refused["next_slots"]) == 5
        assert refused["next_slots"][0]["begins"] > slot["begins"]
        assert await Booking.filter(state="taken").count() == await Case.all().count() == 3
        await office.counts_hold()


async def test_one_person_gets_no_more_than_the_limit_however_many_requests_come_at_once(
    tmp_path: Path, database: str
) -> None:
    """Fifty requests of one person, over all slots."""
    async with open_town(tmp_path, visits("capacity = 30\nper_person = 2"), database=database) as office:
        slots = await office.slots()
        wang = office.door.citizen("wang")
        wishes = [office.book(wang, slots[number % len(slots)]) for number in range(50)]
        replies = await asyncio.gather(*wishes)
        assert Counter(reply.status for reply in replies) == {201: 2, 409: 48}
        codes = {reply.document["code"] for reply in replies if reply.status == 409}
        assert codes <= {"limit-reached", "already-there"}
        assert sorted(row.seat for row in await Booking.all()) == [1, 2]
        await office.counts_hold()


async def test_a_repeated_request_books_once(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits("capacity = 9\nper_person = 5"), database=database) as office:
        slot = await office.first()
        wang = office.door.citizen("wang")
        first = (await office.book(wang, slot, key="once")).created()
        again = await office.book(wang, slot, key="once")
        assert (again.created(), again.headers["Idempotency-Replayed"]) == (first, "true")
        (await office.book(wang, slot, key="other")).problem(409, "already-there")
        assert await Booking.all().count() == 1


async def test_what_cannot_be_booked_says_why_and_what_to_do(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(), now=datetime(2026, 9, 1, 8, 0, tzinfo=CITY)) as office:
        wang = office.door.citizen("wang")
        slots = await office.slots()
        office.later(hours=1, minutes=1)
        (await office.book(wang, slots[0])).problem(409, "slot-past")
        (await office.book(wang, "0192f0c1-0000-7000-8000-000000000000")).problem(404, "not-found")
        (await office.book(wang, "nothing")).problem(422, "invalid-fields")
        made = (await office.book(wang, slots[5])).created()
        (await office.book(wang, slots[5])).problem(409, "already-there")
        english = (await office.book(wang, slots[6])).problem(409, "limit-reached")["detail"]
        wish = {"slot": slots[6]["id"], "answers": {"name": "王"}}
        chinese = await wang.post("/v1/items/visit/appointments", wish)
        assert english.startswith("One person has 1 of these at once")
        assert chinese.problem(409, "limit-reached")["detail"].startswith("每人同时最多1个")
        assert chinese.headers["Content-Language"] == "zh-CN"
        (await office.book(office.door.citizen("li"), slots[5], wait=True)).problem(409, "no-waiting-list")
        # Everything that is wrong at once: around the answers, and in them.
        told = faults(await wang.post("/v1/items/visit/appointments", {"answers": {"name": 1, "x": 1}}))
        assert {pointer for pointer, _ in told} == {"/slot", "/answers/name", "/answers/x"}
        (await office.door.staff("clerk", "office:clerk").post("/v1/items/visit/appointments", wish)).problem(
            403, "forbidden"
        )
        (await wang.post(f"/v1/cases/{made['id']}/actions/reschedule")).problem(422, "invalid-fields")
        (await wang.post(f"/v1/cases/{made['id']}/actions/cancel", {"answers": {}})).problem(422, "invalid-fields")


async def test_another_person_s_appointment_is_not_there(office: Town) -> None:
    made = (await office.book(office.door.citizen("wang"), await office.first())).created()
    li, own = office.door.citizen("li"), made["links"]["self"]
    to = {"slot": (await office.slots())[-1]["id"]}
    for reply in (
        *[await li.get(f"{own}{part}") for part in ("", "/event.ics", "/qr.svg", "/qr.png")],
        await li.call("PATCH", own, json=to),
        await li.delete(own),
    ):
        reply.problem(404, "not-found")
    other = office.door.staff("zhou", "parks:clerk", "parks:reviewer")
    (await other.get(own)).problem(404, "not-found")
    (await other.get("/v1/items/visit/counter-appointments")).problem(403, "forbidden")


PICKY = """
import asyncio

from banshi import Appointment, FieldProblem, hookimpl


class Picky(Appointment):
    async def validate(self, submission):
        if submission.answers["name"] == "慢":
            await asyncio.sleep(60)
        if submission.answers["name"] == "坏":
            raise ValueError("the register is broken")
        return [FieldProblem("/name", "没有登记。 Not registered.", "unknown")] if submission.person == "li" else []


@hookimpl
def banshi_handlers():
    return {"visit": Picky()}
"""


async def test_a_department_s_own_check_comes_before_any_place_is_taken(tmp_path: Path) -> None:
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "__init__.py").write_text(PICKY, encoding="utf-8")
    async with open_town(tmp_path, visits(), handler_timeout=0.2) as office:
        slot = await office.first()
        assert faults(await office.book(office.door.citizen("li"), slot)) == [("/answers/name", "unknown")]
        wang = office.door.citizen("wang")
        for name, status, code in (("坏", 502, "department-failed"), ("慢", 504, "department-timed-out")):
            (await office.book(wang, slot, answers={"name": name})).problem(status, code)
        assert (await Slot.get(id=slot["id"])).taken == 0
        # While the department is slow with one person, another one is booked.
        slow = asyncio.create_task(office.book(office.door.citizen("sun"), slot, answers={"name": "慢"}))
        await asyncio.sleep(0)
        (await office.book(wang, slot)).created()
        (await slow).problem(504, "department-timed-out")


OPENINGS = """
from datetime import datetime, timedelta

from banshi import Appointment, Opening, hookimpl


class Own(Appointment):
    async def openings(self, item, first, last):
        begins = datetime(2026, 9, 2, 9)
        return {}


@hookimpl
def banshi_handlers():
    return {{"visit": Own()}}
"""


@pytest.mark.parametrize(
    "told",
    [
        '[Opening(place="east", begins=begins, ends=begins + timedelta(hours=1), capacity=1)]',
        '[{"place": "east", "begins": begins.astimezone()}]',
        '"closed"',
    ],
    ids=["no-zone", "no-opening", "no-list"],
)
async def test_a_department_s_calendar_that_can_t_be_read_is_its_own_failure_and_keeps_no_other_item_waiting(
    tmp_path: Path, told: str
) -> None:
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "__init__.py").write_text(OPENINGS.format(told), encoding="utf-8")
    async with open_town(tmp_path, visits()) as office:
        problem = (await office.door.anyone.get("/v1/items/visit/slots")).problem(502, "department-failed")
        assert problem["item"] == "visit"
        await scheduler.make_ahead(office.door.platform)


# -- changing --------------------------------------------------------------------------------------------------------


async def test_moving_takes_the_new_place_and_gives_the_old_one_back(office: Town, database: str) -> None:
    wang, li = office.door.citizen("wang"), office.door.citizen("li")
    slots = await office.slots()
    old, new = slots[6], slots[7]
    mine = (await office.book(wang, old)).created()
    moved = (await wang.call("PATCH", mine["links"]["self"], json={"slot": new["id"]})).ok()
    assert (moved["id"], moved["begins"], moved["state"]) == (mine["id"], new["begins"], "booked")
    (await office.book(li, new)).problem(409, "slot-full")
    (await office.book(li, old)).created()
    full = await wang.call("PATCH", mine["links"]["self"], json={"slot": old["id"]})
    full.problem(409, "slot-full")
    assert (await office.shown(wang, mine))["begins"] == new["begins"], "it keeps what it has"
    (await wang.call("PATCH", mine["links"]["self"], json={"slot": new["id"]})).problem(409, "already-there")
    await office.counts_hold()


async def test_of_many_who_move_to_one_place_one_gets_it_and_the_others_keep_theirs(
    tmp_path: Path, database: str
) -> None:
    async with open_town(tmp_path, visits("capacity = 1"), database=database) as office:
        slots = await office.slots()
        people = [office.door.citizen(f"p{number}") for number in range(6)]
        target = slots[-1]
        mine = [(await office.book(person, slots[6 + n])).created() for n, person in enumerate(people)]
        replies = await asyncio.gather(
            *(
                person.call("PATCH", one["links"]["self"], json={"slot": target["id"]})
                for person, one in zip(people, mine, strict=True)
            )
        )
        assert Counter(reply.status for reply in replies) == {200: 1, 409: 5}
        assert await Booking.filter(state="taken").count() == 6
        await office.counts_hold()


async def test_two_who_move_at_once_to_each_other_s_slot_leave_the_counts_right(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits("capacity = 20"), database=database) as office:
        slots = await office.slots()
        pair = slots[6:8]
        people = [office.door.citizen(f"p{number}") for number in range(20)]
        mine = [(await office.book(person, pair[n % 2])).created() for n, person in enumerate(people)]
        moves = [
            person.call("PATCH", one["links"]["self"], json={"slot": pair[1 - n % 2]["id"]})
            for n, (person, one) in enumerate(zip(people, mine, strict=True))
        ]
        assert {reply.status for reply in await asyncio.gather(*moves)} == {200}
        await office.counts_hold()


async def test_an_appointment_is_given_back_until_the_notice_ends(office: Town) -> None:
    wang = office.door.citizen("wang")
    slots = await office.slots()
    mine = (await office.book(wang, slots[3])).created()  # Thursday, nine o'clock
    assert mine["changeable_until"].startswith("2026-09-02T09:00")
    office.later(hours=21, seconds=1)
    to = {"slot": slots[-1]["id"]}
    told = (await wang.call("PATCH", mine["links"]["self"], json=to, headers=ENGLISH)).problem(
        409, "too-late-to-change"
    )
    assert "until 09:00 on 2 September 2026" in told["detail"]
    assert "000-0000000" in told["detail"]
    (await wang.delete(mine["links"]["self"])).problem(409, "too-late-to-change")
    office.later(seconds=-2)
    assert (await wang.delete(mine["links"]["self"])).ok()["state"] == "cancelled"
    (await wang.delete(mine["links"]["self"])).problem(409, "action-not-permitted")
    (await office.book(wang, slots[3])).created()
    await office.counts_hold()


async def test_staff_call_an_appointment_off_and_say_why(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(), PUSH) as office:
        wang = office.door.citizen("wang")
        slot = await office.first()
        mine = (await office.book(wang, slot)).created()
        path = f"/v1/cases/{mine['id']}/actions/call-off"
        (await office.clerk().post(path)).problem(422, "invalid-fields")
        (await office.clerk().post(path, {"reason": "停电"})).ok()
        await office.door.settled()
        newest = (await wang.get("/v1/inbox")).ok()["items"][-1]
        assert "停电" in newest["body"]
        (await office.book(wang, slot)).created()
        await office.counts_hold()


async def test_cancelling_and_booking_again_and_again_loses_no_place(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits("capacity = 4"), database=database) as office:
        slot = await office.first()

        async def again(name: str) -> None:
            person = office.door.citizen(name)
            for _ in range(4):
                reply = await office.book(person, slot)
                if reply.status == 201:
                    (await person.delete(reply.created()["links"]["self"])).ok()

        await asyncio.gather(*(again(f"p{number}") for number in range(8)))
        await office.counts_hold()
        assert (await Slot.get(id=slot["id"])).taken == 0


# -- several processes -----------------------------------------------------------------------------------------------


async def test_two_platforms_on_one_database_book_no_place_and_no_person_twice(tmp_path: Path, database: str) -> None:
    """What the queue in one process orders, the database alone settles between two."""
    rules = "capacity = 5\nwaiting_list = true"
    (tmp_path / "second").mkdir()
    async with (
        open_town(tmp_path, visits(rules), database=database) as one,
        open_town(tmp_path / "second", visits(rules), database=database) as two,
    ):
        # Each signs its development tokens with a key of its own.
        slot = await one.first()
        people = [f"p{number}" for number in range(20)]
        tries = [office.book(office.door.citizen(name), slot, wait=True) for name in people for office in (one, two)]
        replies = await asyncio.gather(*tries)
        assert Counter(reply.status for reply in replies) == {201: 20, 409: 20}
        states = Counter(reply.created()["state"] for reply in replies if reply.status == 201)
        assert states == {"booked": 5, "waiting": 15}
        codes = {reply.document["code"] for reply in replies if reply.status == 409}
        assert codes <= {"already-there", "limit-reached"}
        assert len({row.person for row in await Booking.all()}) == await Case.all().count() == 20
        await one.counts_hold()
        line = await Booking.filter(state="waiting").order_by("id").values_list("person", flat=True)
        for row in await Booking.filter(state="taken"):
            (await one.door.citizen(row.person).delete(f"/v1/items/visit/appointments/{row.case_id}")).ok()
        await asyncio.gather(one.look(), two.look())
        offered = await Booking.filter(state="offered").order_by("id").values_list("person", flat=True)
        assert list(offered) == list(line)[:5]
        await one.counts_hold()
