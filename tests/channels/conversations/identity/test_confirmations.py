"""In a chat that was bound lately, what tells of somebody or binds them waits for their yes in the app."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking
from banshi.kinds.query.models import LookUp
from banshi.testing import Door, Person
from conversations.identity.confirmations import CONFIRMATION_LIFE, MAX_ASKED
from conversations.settings import SETTINGS
from conversations.tables.models import Confirmation, ContactLink
from tests.channels.chatting import Chatter
from tests.channels.conversations.identity.test_links import NUMBER, city, code_of, told_of
from tests.channels.slots import test_kept_slots as kept_slots
from tests.channels.slots.test_kept_slots import TITLE, opened

ASKED = "/v1/conversations/confirmations"
NUMBERS = ("20261124-7K3M-9QXC", "20261124-9QXC-7K3M")
PHONE = {"provider": "stream", "token": "installation-0001", "platform": "android"}


async def bound(door: Door, *, has_app: bool = True) -> tuple[Chatter, Person]:
    """Somebody whose chat was bound just now, by the digits of their app."""
    wang, chatter = door.citizen("wang", "王小明", NUMBER), Chatter(door, "en")
    if has_app:
        (await wang.post("/v1/devices", PHONE)).created()
    await chatter.is_theirs((await code_of(wang))["digits"])
    return chatter, wang


async def looks_up(chatter: Chatter, number: str = NUMBERS[0]) -> str:
    """Ask how a case stands; what is said to the last word, which hands the question in."""
    for line in ("cancel", "0", "Progress of a case", number, "to see how it stands"):
        await chatter.send(line)
    return (await chatter.send("1")).text


async def waiting(wang: Person) -> Any:
    (one,) = (await wang.get(ASKED)).ok()["items"]
    return one


async def answers(wang: Person, answer: str) -> Any:
    one = await waiting(wang)
    return (await wang.post(f"{ASKED}/{one['id']}/answer", {"answer": answer})).ok()


async def linked_since(before: timedelta) -> None:
    for link in await ContactLink.all():
        await ContactLink.filter(id=link.id).update(since=link.linked_at - before)


async def test_a_personal_look_up_waits_for_a_yes_in_the_app_which_is_good_for_that_once(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        assert "city's app first" in await looks_up(chatter)
        assert not await LookUp.exists()
        assert "city's app first" in (await chatter.send("1")).text
        asked = await waiting(wang)
        assert (asked["title"], asked["item"], asked["state"]) == ("Progress of a case", "case-progress", "waiting")
        await door.settled()
        (message,) = await told_of(wang, "A chat asks for your yes")
        assert message["link"] == f"{ASKED}/{asked['id']}"
        assert (await wang.get(message["link"])).ok() == asked
        assert (await answers(wang, "yes"))["state"] == "granted"
        assert "Nothing was found" in (await chatter.send("1")).text
        assert [one.channel for one in await LookUp.all()] == ["test"]
        assert (await wang.get(ASKED)).ok()["items"] == []
        assert "city's app first" in await looks_up(chatter)
        assert await LookUp.all().count() == 1


async def test_a_yes_is_for_the_answers_that_were_there(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        await answers(wang, "yes")
        assert "city's app first" in await looks_up(chatter, NUMBERS[1])
        assert not await LookUp.exists()


async def test_a_no_stays_no_and_nobody_is_asked_without_end(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        assert (await answers(wang, "no"))["state"] == "refused"
        assert "said no" in (await chatter.send("1")).text
        await Confirmation.all().delete()
        for number in range(MAX_ASKED):
            assert "city's app first" in await looks_up(chatter, f"20261124-7K3M-9Q{number}C")
        assert "too often" in await looks_up(chatter, "20261124-7K3M-9QTC")
        await door.settled()
        assert len(await told_of(wang, "A chat asks for your yes")) == 1 + MAX_ASKED
        assert not await LookUp.exists()


async def test_after_a_day_and_where_the_city_wants_none_nothing_waits(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, _ = await bound(door)
        await linked_since(timedelta(hours=23, minutes=59))
        assert "city's app first" in await looks_up(chatter)
        await linked_since(timedelta(hours=24))
        assert "Nothing was found" in (await chatter.send("1")).text
        await linked_since(timedelta())
        object.__setattr__(door.platform[SETTINGS], "confirm_hours", 0)
        assert "Nothing was found" in await looks_up(chatter)


async def test_without_a_phone_that_we_know_the_yes_can_be_said_all_the_same(tmp_path: Path) -> None:
    """Here nobody can say who opens a link: no sign-in stands for it."""
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door, has_app=False)
        said = await looks_up(chatter)
        assert "city's app first" in said
        assert "sign in once more" not in said
        await answers(wang, "yes")
        assert "Nothing was found" in (await chatter.send("1")).text


async def test_a_booking_waits_for_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        chatter = Chatter(office.door, "en", "wang")
        await chatter.is_linked("wang", name="Wang", resident_id="", phone="")
        await linked_since(timedelta())
        await chatter.begin(TITLE)
        for line in ("Wang", "earliest", "0", "1"):
            await chatter.send(line)
        assert "city's app first" in chatter.said[-1]
        assert not await Booking.exists()
        await answers(office.door.citizen("wang"), "yes")
        await chatter.send("1")
        assert await Booking.filter(person="wang").count() == 1


async def test_a_booking_that_ends_on_a_page_waits_before_its_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = {"of": {"type": "string", "format": "cn-resident-id"}}
    monkeypatch.setattr(kept_slots, "ASKS", {"asks": number, "required": ["name", "of"]})
    async with opened(tmp_path) as office:
        chatter = Chatter(office.door, "en", "wang")
        await chatter.is_linked("wang", name="Wang", resident_id="", phone="")
        await linked_since(timedelta())
        await chatter.begin(TITLE)
        for line in ("Wang", "earliest"):
            await chatter.send(line)
        assert "city's app first" in chatter.said[-1]
        assert "/rest/" not in "".join(chatter.said)
        await answers(office.door.citizen("wang"), "yes")
        assert "/rest/" in (await chatter.send("ok")).text


async def test_a_withdrawal_waits_for_it_and_what_is_handed_in_does_not(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await chatter.begin("Suggestion to the police")
        for line in ("other", "Lamps", "The lamps are out at night.", "0", "1"):
            await chatter.send(line)
        (case,) = await Case.all()
        await door.settled()
        for line in ("my cases", "1"):
            reply = await chatter.send(line)
        for line in (next(one.says for one in reply.buttons if "Withdraw" in one.label), "0", "1"):
            await chatter.send(line)
        assert "city's app first" in chatter.said[-1], chatter.said
        assert case.number in (await waiting(wang))["title"]
        assert (await Case.get(id=case.id)).state != "withdrawn"
        await answers(wang, "yes")
        await chatter.send("1")
        assert (await Case.get(id=case.id)).state == "withdrawn", chatter.said


async def test_nobody_else_sees_or_answers_it_and_what_is_no_answer_is_refused(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        own = f"{ASKED}/{(await waiting(wang))['id']}"
        zhao, staff = door.citizen("zhao"), door.staff("li", "petitions:reviewer")
        assert (await zhao.get(ASKED)).ok()["items"] == []
        (await zhao.get(own)).problem(404, "not-found")
        (await zhao.post(f"{own}/answer", {"answer": "yes"})).problem(404, "not-found")
        (await wang.post(f"{ASKED}/{uuid4()}/answer", {"answer": "yes"})).problem(404, "not-found")
        for method, path in (("GET", ASKED), ("GET", own), ("POST", f"{own}/answer")):
            (await door.anyone.call(method, path, json={"answer": "yes"})).problem(401, "unauthenticated")
            (await staff.call(method, path, json={"answer": "yes"})).problem(403, "forbidden")
        for body in ({}, {"answer": True}, {"answer": "YES"}, {"answer": "yes", "more": 1}, {"is_granted": True}):
            (await wang.post(f"{own}/answer", body)).problem(422, "invalid-fields")
        for made_up in ("x", "%00", "0" * 400):
            assert (await wang.post(f"{ASKED}/{made_up}/answer", {"answer": "yes"})).status in (400, 404)
        assert (await waiting(wang))["state"] == "waiting"
        assert (await wang.post(f"{own}/answer", {"answer": "no"})).ok() == (
            await wang.post(f"{own}/answer", {"answer": "no"})
        ).ok()
        (await wang.post(f"{own}/answer", {"answer": "yes"})).problem(409, "conflict")
        assert not await LookUp.exists()


async def test_a_question_is_over_after_an_hour_and_with_its_chat(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        own = f"{ASKED}/{(await waiting(wang))['id']}"
        (link,) = (await wang.get("/v1/conversations/links")).ok()["items"]
        real = door.platform.now
        door.platform.now = lambda: real() + CONFIRMATION_LIFE + timedelta(seconds=1)
        (await wang.post(f"{own}/answer", {"answer": "yes"})).problem(404, "not-found")
        door.platform.now = real
        assert (await wang.delete(f"/v1/conversations/links/{link['id']}")).status == 204
        (await wang.post(f"{own}/answer", {"answer": "yes"})).problem(404, "not-found")
        await chatter.send("1")
        assert not await LookUp.exists()


async def test_a_yes_is_over_once_the_chat_was_somebody_elses_or_nobodys(tmp_path: Path) -> None:
    async with city(tmp_path, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        await answers(wang, "yes")
        await chatter.send("unbind")
        await chatter.is_theirs((await code_of(wang))["digits"])
        assert "city's app first" in await looks_up(chatter)
        assert not await LookUp.exists()


@pytest.mark.parametrize("first", ["yes", "no"])
async def test_of_a_yes_and_a_no_at_once_one_stands(tmp_path: Path, database: str, first: str) -> None:
    async with city(tmp_path, database=database, push=True) as door:
        chatter, wang = await bound(door)
        await looks_up(chatter)
        own = f"{ASKED}/{(await waiting(wang))['id']}/answer"
        both = [first, {"yes": "no", "no": "yes"}[first]]
        done = await asyncio.gather(*(wang.post(own, {"answer": one}) for one in both))
        assert sorted(one.status for one in done) == [200, 409]
        (kept,) = (one.document["state"] for one in done if one.status == 200)
        assert (await waiting(wang))["state"] == kept
