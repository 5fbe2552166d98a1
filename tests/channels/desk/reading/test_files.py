"""A picture that somebody sends to the desk: kept for the officer who holds the conversation, and for nobody else."""

from __future__ import annotations

from uuid import uuid4

from banshi.kernel.tables.attachments import HELD, Attachment
from banshi.testing import Door, Person
from conversations import File
from conversations.tables.models import Turn
from desk.tables.models import DeskEvent
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import ENQUIRIES, calls, claimed, officer, waiting
from tests.plugins.test_departments import snapshot

PURPOSE = {"purpose": "to see which form was filled in"}


async def picture() -> bytes:
    return snapshot()


async def script() -> bytes:
    return b"#!/bin/sh\necho 1\n"


async def test_a_picture_for_the_desk_is_opened_by_who_holds_it_for_a_purpose_and_that_is_on_record(
    door: Door, li: Person
) -> None:
    await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
    chatter = await calls(door, "first")
    assert "kept for the officer" in (await chatter.send(File(picture, "form.jpg"))).text
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    (sent,) = [one.heard for one in await Turn.all() if "file" in one.heard]
    file = f"{place}/files/{sent['id']}"
    assert (await li.post(file, PURPOSE)).problem(409, "not-holder")
    (await li.post(f"{place}/claim")).ok()
    assert (await chatter.send(File(picture, "back.jpg"))).text == ""
    contents = [one["content"] for one in (await li.get(place)).ok()["messages"] if "file" in one["content"]]
    assert [one["file"] for one in contents] == ["form.jpg", "back.jpg"]
    for one in contents:
        reply = await li.post(f"{place}/files/{one['id']}", PURPOSE)
        assert (reply.status, reply.body) == (200, snapshot())
        assert reply.headers["Content-Disposition"].startswith("attachment")
    events = await DeskEvent.filter(what="file").order_by("id")
    assert [(one.officer, one.text, one.cases) for one in events] == [
        ("li", PURPOSE["purpose"], [one["id"]]) for one in contents
    ]
    assert (await li.post(file, {})).problem(422, "invalid-fields")
    assert (await officer(door, "zhao").post(file, PURPOSE)).problem(409, "held-by-other")
    assert (await officer(door, "sun", "fire:desk").post(file, PURPOSE)).problem(404, "not-found")
    assert await DeskEvent.filter(what="file").count() == 2
    assert {row.person for row in await Attachment.all()} == {"wang"}


async def test_a_file_that_was_not_sent_to_this_desk_is_not_opened(door: Door, li: Person) -> None:
    for contact in ("first", "second"):
        await Chatter(door, "en", contact).is_linked(contact, name="Wang Xiaoming")
    first, second = await calls(door, "first"), await calls(door, "second")
    await second.send(File(picture, "own.jpg"))
    await first.send("good morning")
    place = await claimed(li)
    (other,) = await Attachment.all()
    for identity in (other.id, uuid4()):
        assert (await li.post(f"{place}/files/{identity}", PURPOSE)).problem(404, "not-found")
    assert await DeskEvent.filter(what="file").count() == 0


async def test_what_no_scanner_knows_yet_is_not_opened_and_no_reading_is_recorded(door: Door, li: Person) -> None:
    await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
    chatter = await calls(door, "first")
    await chatter.send(File(picture, "form.jpg"))
    (row,) = await Attachment.all()
    await Attachment.all().update(state=HELD)
    place = await claimed(li)
    assert (await li.post(f"{place}/files/{row.id}", PURPOSE)).problem(409, "file-held")
    assert await DeskEvent.filter(what="file").count() == 0


async def test_a_file_that_is_not_taken_is_said_so_to_who_waits_and_to_whom_an_officer_talks(
    door: Door, li: Person
) -> None:
    await Chatter(door, "zh-CN", "first").is_linked("wang", name="王小明")
    chatter = await calls(door, "first")
    chatter.language = "zh-CN"
    refused = (await chatter.send(File(script, "run.sh"))).text
    assert "kept for the officer" not in refused
    place = await claimed(li)
    assert (await chatter.send(File(script, "again.sh"))).text == refused
    assert "PDF" in refused
    assert await Attachment.all().count() == 0
    shown = [one["content"] for one in (await li.get(place)).ok()["messages"]]
    assert {"file": "again.sh"} in shown


async def test_a_stranger_at_the_desk_is_told_to_sign_in_and_nothing_is_kept(door: Door) -> None:
    chatter = await calls(door, "first")
    said = (await chatter.send(File(picture, "form.jpg"))).text
    assert "sign in for this contact first" in said
    assert "eight digits" not in said
    assert await chatter.state() == "waiting"
    assert await Attachment.all().count() == 0
