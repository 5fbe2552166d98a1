"""Scarce places: kept while a form is filled, offered to who waits first, drawn fairly."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.database.writes import Stale, Write
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment import scheduler
from banshi.kinds.appointment.booking import draw
from banshi.kinds.appointment.models import Booking, Hold, Slot
from banshi.kinds.appointment.slots import places
from banshi.testing import Person
from tests.town.parts import PUSH, visits
from tests.town.town import Town, open_town

WAITING = "waiting_list = true\noffer_minutes = 30"


async def hold(person: Person, slot: dict[str, Any], **rest: Any) -> Any:
    return await person.post("/v1/items/visit/holds", {"slot": slot["id"]}, **rest)


async def titles(office: Town, person: Person) -> list[str]:
    await office.door.settled()
    page = (await person.get("/v1/inbox", headers={"Accept-Language": "en"})).ok()
    return [message["title"].partition(": ")[0].lower() for message in page["items"]]


# -- holds -----------------------------------------------------------------------------------------------------------


async def test_a_held_place_is_kept_for_its_person(office: Town, database: str) -> None:
    wang, li = office.door.citizen("wang"), office.door.citizen("li")
    slot = await office.first()
    held = (await hold(wang, slot, key="a")).created()
    assert held["expires_at"].startswith("2026-09-01T12:10")
    assert (await hold(wang, slot, key="a")).created() == held
    assert (await office.first())["free"] == 0
    (await office.book(li, slot)).problem(409, "slot-full")
    (await hold(li, slot)).problem(409, "slot-full")
    (await office.book(wang, slot)).created()
    assert (await Slot.get(id=slot["id"])).taken == 1
    assert await Hold.filter(live=1).count() == 0


async def test_a_hold_ends_on_time_although_nothing_in_the_background_has_looked(office: Town, database: str) -> None:
    wang, li = office.door.citizen("wang"), office.door.citizen("li")
    slot = await office.first()
    (await hold(wang, slot)).created()
    office.later(minutes=10)
    assert (await office.first())["free"] == 1
    (await office.book(li, slot)).created()
    (await office.book(wang, slot)).problem(409, "slot-full")
    assert (await Slot.get(id=slot["id"])).taken == 1
    await office.look()
    assert (await Slot.get(id=slot["id"])).taken == 1


async def test_one_person_holds_one_place_at_a_time(office: Town, database: str) -> None:
    """Twenty holds of one person over many slots, at once: one place is kept, and the others are free."""
    slots = await office.slots()
    wang = office.door.citizen("wang")
    replies = await asyncio.gather(*(hold(wang, slots[n % len(slots)]) for n in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert await Hold.filter(live=1).count() == 1
    assert sum(slot.taken for slot in await Slot.all()) == 1
    live = await Hold.get(live=1)
    assert (await wang.delete(f"/v1/items/visit/holds/{live.id}")).status == 204
    assert (await wang.delete(f"/v1/items/visit/holds/{live.id}")).status == 204
    (await office.door.citizen("li").delete(f"/v1/items/visit/holds/{live.id}")).problem(404, "not-found")
    assert sum(slot.taken for slot in await Slot.all()) == 0


async def test_who_has_as_many_as_one_may_have_keeps_no_place_from_others(office: Town) -> None:
    wang = office.door.citizen("wang")
    slots = await office.slots()
    (await office.book(wang, slots[6])).created()
    (await hold(wang, slots[7])).problem(409, "limit-reached")
    (await hold(wang, slots[6])).problem(409, "already-there")


async def test_an_appointment_moves_to_the_place_that_is_kept_for_it(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits("per_person = 2")) as office:
        wang = office.door.citizen("wang")
        slots = await office.slots()
        mine = (await office.book(wang, slots[6])).created()
        (await hold(wang, slots[7])).created()
        moved = (await wang.call("PATCH", mine["links"]["self"], json={"slot": slots[7]["id"]})).ok()
        assert moved["begins"] == slots[7]["begins"]
        await office.counts_hold()


# -- the waiting list ------------------------------------------------------------------------------------------------


async def queued(office: Town, slot: dict[str, Any], *names: str) -> dict[str, dict[str, Any]]:
    """The slot booked by the first, with the others on its waiting list in this order."""
    made = {}
    for name in names:
        made[name] = (await office.book(office.door.citizen(name), slot, wait=True)).created()
    return made


async def test_a_place_that_falls_free_is_offered_to_who_has_waited_longest(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits(WAITING), PUSH, database=database) as office:
        slot = await office.first()
        made = await queued(office, slot, "wang", "li", "zhao", "sun")
        assert [one["state"] for one in made.values()] == ["booked", "waiting", "waiting", "waiting"]
        li, zhao, sun = (office.door.citizen(name) for name in ("li", "zhao", "sun"))
        assert [(await office.shown(one, made[name]))["position"] for name, one in (("li", li), ("sun", sun))] == [1, 3]
        (await office.door.citizen("wang").delete(made["wang"]["links"]["self"])).ok()
        # Even before anything is offered, the free place is nobody else's.
        (await office.book(office.door.citizen("qian"), slot)).problem(409, "slot-full")
        await office.look()
        offered = await office.shown(li, made["li"])
        assert (offered["state"], offered["offer_until"][:16]) == ("offered", "2026-09-01T12:30")
        assert (await office.shown(zhao, made["zhao"]))["position"] == 1
        assert await titles(office, li) == ["on the waiting list", "a place is free, accept it soon"]
        (await office.book(office.door.citizen("qian"), slot)).problem(409, "slot-full")
        assert (await li.post(f"{made['li']['links']['case']}/actions/accept")).ok()["state"] == "booked"
        (await li.delete(made["li"]["links"]["self"])).ok()
        await office.look()
        assert (await office.shown(zhao, made["zhao"]))["state"] == "offered"
        assert (await office.shown(sun, made["sun"]))["state"] == "waiting"
        await office.counts_hold()


async def test_an_offer_that_nobody_takes_goes_to_the_next(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits(WAITING), PUSH, database=database) as office:
        slot = await office.first()
        made = await queued(office, slot, "wang", "li", "zhao")
        li, zhao = office.door.citizen("li"), office.door.citizen("zhao")
        (await office.door.citizen("wang").delete(made["wang"]["links"]["self"])).ok()
        await office.look()
        office.later(minutes=30)
        told = await li.post(f"{made['li']['links']['case']}/actions/accept", headers={"Accept-Language": "en"})
        assert "good until 12:30" in told.problem(409, "offer-over")["detail"]
        await office.look()
        assert (await office.shown(li, made["li"]))["state"] == "lapsed"
        assert (await office.shown(zhao, made["zhao"]))["state"] == "offered"
        assert (await titles(office, li))[-1] == "lapsed"
        (await zhao.post(f"{made['zhao']['links']['case']}/actions/cancel")).ok()
        await office.look()
        await office.counts_hold()
        assert (await Slot.get(id=slot["id"])).taken == 0
        (await office.book(office.door.citizen("qian"), slot)).created()


async def test_offers_of_a_department_that_is_gone_keep_nobody_else_s_from_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "ROWS_AT_ONCE", 1)
    async with open_town(tmp_path, visits(WAITING)) as office:
        slots = (await office.slots())[6:8]
        for name, one in zip(("gone", "there"), slots, strict=True):
            (await office.book(office.door.citizen(name), one)).created()
        await Booking.all().update(state="offered", until=office.door.platform.now())
        await Case.all().update(state="offered")
        await Case.filter(person="gone").update(item="of-a-plugin-that-is-not-loaded")
        await office.look()
        assert (await Booking.get(person="there")).state == "over"


async def test_a_place_that_falls_free_in_the_midst_of_a_booking_stays_with_who_waits(
    tmp_path: Path, database: str
) -> None:
    """Whoever read the slot before anybody waited still can't take the place: the database is asked again."""
    async with open_town(tmp_path, visits(WAITING), database=database) as office:
        slot = await office.first()
        await queued(office, slot, "wang", "li")
        await Slot.filter(id=slot["id"]).update(taken=0)  # as in the moment between a cancellation and its offer
        with pytest.raises(Stale):
            await office.door.platform.store.commit(Write(updates=[places.take(slot["id"])]))


async def test_the_waiting_list_is_left_and_joined_once(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, visits(WAITING), database=database) as office:
        slot = await office.first()
        made = await queued(office, slot, "wang", "li")
        li = office.door.citizen("li")
        (await office.book(li, slot, wait=True)).problem(409, "already-there")
        (await office.book(office.door.citizen("wang"), slot, wait=True)).problem(409, "already-there")
        replies = await asyncio.gather(*(office.book(office.door.citizen("sun"), slot, wait=True) for _ in range(8)))
        assert Counter(reply.status for reply in replies) == {201: 1, 409: 7}
        assert (await li.delete(made["li"]["links"]["self"])).ok()["state"] == "cancelled"
        await office.counts_hold()


async def test_a_slot_that_was_closed_is_offered_to_nobody(tmp_path: Path) -> None:
    database = f"sqlite://{tmp_path / 'kept.sqlite3'}"
    async with open_town(tmp_path, visits(WAITING), database=database) as office:
        slot = await office.first()
        made = await queued(office, slot, "wang", "li")
    async with open_town(tmp_path, visits(WAITING, hours='mon = ["9:00-12:00"]'), database=database) as office:
        await office.slots()
        (await office.door.citizen("wang").delete(made["wang"]["links"]["self"])).ok()
        await office.look()
        assert (await office.shown(office.door.citizen("li"), made["li"]))["state"] == "waiting"
        await office.counts_hold()


async def test_who_still_waits_when_the_time_comes_is_told(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(WAITING), PUSH) as office:
        slot = await office.first()
        made = await queued(office, slot, "wang", "li")
        office.later(days=4)
        await office.look()
        li = office.door.citizen("li")
        assert (await office.shown(li, made["li"]))["state"] == "lapsed"
        assert (await titles(office, li))[-1] == "lapsed"
        await office.counts_hold()


# -- the draw --------------------------------------------------------------------------------------------------------

DRAWN = 'waiting_list = true\ncapacity = 3\ndraw = { days_before = 1, at = "18:00" }'


async def test_a_drawn_slot_gives_everybody_the_same_chance_and_anybody_can_check_it(
    tmp_path: Path, database: str
) -> None:
    async with open_town(tmp_path, visits(DRAWN), PUSH, database=database) as office:
        slot = await office.first()
        assert (slot["state"], slot["free"], slot["draw_at"][:16]) == ("draw", 0, "2026-09-03T18:00")
        before = (await office.door.anyone.get(slot["links"]["draw"])).ok()
        assert (before["state"], before["seed"], before["tickets"]) == ("open", None, [])
        people = {f"p{number}": office.door.citizen(f"p{number}") for number in range(12)}
        made = {name: (await office.book(one, slot)).created() for name, one in people.items()}
        assert {one["state"] for one in made.values()} == {"entered"}
        (await hold(people["p0"], slot)).problem(409, "already-there")
        (await hold(office.door.citizen("late"), slot)).problem(409, "slot-drawn")
        (await people["p11"].delete(made["p11"]["links"]["self"])).ok()
        await office.look()
        assert (await office.shown(people["p0"], made["p0"]))["state"] == "entered", "it is not time yet"
        office.later(days=2, hours=6)
        (await office.book(office.door.citizen("late"), slot)).problem(409, "draw-pending")
        # Two processes draw at the same moment.
        await asyncio.gather(office.look(), office.look())
        after = (await office.door.anyone.get(slot["links"]["draw"])).ok()
        seed = bytes.fromhex(after["seed"])
        assert hashlib.sha256(seed).hexdigest() == before["commitment"] == after["commitment"]
        tickets = {one["ticket"] for name, one in made.items() if name != "p11"}
        checked = sorted(tickets, key=lambda ticket: hmac.new(seed, ticket.encode(), "sha256").digest())
        assert after["tickets"] == checked
        shown = {name: await office.shown(people[name], one) for name, one in made.items() if name != "p11"}
        for one in shown.values():
            rank = checked.index(one["ticket"])
            assert one["state"] == ("booked" if rank < 3 else "waiting")
            assert one["position"] == (None if rank < 3 else rank - 2)
        loser = next(name for name, one in shown.items() if one["position"] == 1)
        assert await titles(office, people[loser]) == ["in the draw", "not drawn"]
        # A winner gives the place back: the first of the others gets it.
        winner = next(name for name, one in shown.items() if one["state"] == "booked")
        booking = await Booking.get(case_id=made[winner]["id"])
        assert booking.drawn < 3
        await office.counts_hold()


async def test_a_draw_that_is_interrupted_ends_in_the_same_order(tmp_path: Path, monkeypatch: Any) -> None:
    async with open_town(tmp_path, visits(DRAWN)) as office:
        slot = await office.first()
        people = [office.door.citizen(f"p{number}") for number in range(9)]
        for person in people:
            (await office.book(person, slot)).created()
        row = await Slot.get(id=slot["id"])
        tickets = [booking.ticket for booking in await Booking.filter(slot_id=slot["id"])]
        expected = draw.order(row.seed, tickets)
        office.later(days=2, hours=7)
        real, count = draw._settle, 0

        async def dies(*arguments: Any) -> None:
            nonlocal count
            count += 1
            if count >= 5:
                raise RuntimeError("the power went out")
            await real(*arguments)

        monkeypatch.setattr(draw, "_settle", dies)
        await office.look()
        assert (await Slot.get(id=slot["id"])).draw == "running"
        monkeypatch.setattr(draw, "_settle", real)
        await office.look()
        assert (await office.door.anyone.get(slot["links"]["draw"])).ok()["tickets"] == expected
        states = Counter(booking.state for booking in await Booking.all())
        assert states == {"taken": 3, "waiting": 6}
        await office.counts_hold()


async def test_a_draw_of_a_department_that_is_gone_holds_up_nobody_else_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "SLOTS_AT_ONCE", 1)
    async with open_town(tmp_path, visits(DRAWN)) as office:
        slots = [slot for slot in await office.slots() if slot["begins"].startswith("2026-09-04")]
        gone, there = (office.door.citizen(name) for name in ("gone", "there"))
        for person, slot in ((gone, slots[0]), (there, slots[1])):
            (await office.book(person, slot)).created()
        case = (await Booking.get(person="gone")).case_id
        await Case.filter(id=case).update(item="of-a-plugin-that-is-not-loaded")
        office.later(days=2, hours=7)
        # One slot after the other is taken up, those before them first.
        for _ in range(9):
            await office.look()
        assert (await Booking.get(person="there")).state == "taken"
        assert (await Slot.get(id=slots[0]["id"])).draw == "running", "it is drawn once its department is back"
        await Case.filter(id=case).update(item="visit")
        await office.look()
        assert (await Booking.get(person="gone")).state == "taken"


async def test_who_entered_several_draws_wins_no_more_than_the_limit(tmp_path: Path) -> None:
    rules = DRAWN.replace("capacity = 3", "capacity = 9") + "\nper_person = 1"
    async with open_town(tmp_path, visits(rules)) as office:
        slots = [slot for slot in await office.slots() if slot["begins"].startswith("2026-09-04")]
        wang = office.door.citizen("wang")
        (await office.book(wang, slots[0])).created()
        (await office.book(wang, slots[1])).problem(409, "limit-reached")
        office.later(days=2, hours=7)
        await office.look()
        assert (await Booking.get(person="wang")).state == "taken"


async def test_a_slot_too_near_to_be_drawn_is_for_whoever_comes_first(tmp_path: Path) -> None:
    async with open_town(tmp_path, visits(DRAWN.replace("days_before = 1", "days_before = 3"))) as office:
        assert [slot["state"] for slot in (await office.slots())[:7]] == ["free"] * 6 + ["draw"]
