"""A voice message: kept for the officer who holds the conversation, and answered as what it is everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from banshi import NotFound, Unavailable
from banshi.builtin.uploads.receiving import taken
from banshi.kernel.tables.attachments import Attachment
from banshi.sdk.files import sound_in
from banshi.testing import Door
from conversations import File, Voice
from conversations.tables.models import Turn
from desk.tables.models import DeskEvent
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import claimed
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, calls, officer
from tests.channels.wechat.desk.duty import seated
from tests.channels.wechat.sandbox.city import AMR

SPEEX = b"OggS\x00\x02" + bytes(20) + b"\x01\x50Speex   1.2" + bytes(40)
PURPOSE = {"purpose": "to hear what it is about"}


async def sound() -> bytes:
    return AMR


async def shown(door: Door) -> tuple[str, list[Any]]:
    """The only conversation's address, and what the officer who holds it now reads of voices."""
    li = officer(door, "li")
    place = await claimed(li)
    return place, [one["content"] for one in (await li.get(place)).ok()["messages"] if "voice" in one["content"]]


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (AMR, "audio/amr"),
        (b"#!AMR-WB\n" + bytes(9), "audio/amr-wb"),
        (SPEEX, "audio/ogg"),
        *(
            (one, None)
            for one in (b"", b"#!AMR", b"#!AMR_MC1.0\n", b"#!/bin/sh\n", b"OggS\x00\x02", b"\xff\xd8\xff\xe0")
        ),
    ],
)
def test_a_voice_is_known_by_its_first_bytes_and_is_nothing_that_people_upload(
    head: bytes, media_type: str | None
) -> None:
    assert sound_in(head) == media_type
    assert taken(head) in (None, "image/jpeg")


async def test_an_officer_who_holds_the_conversation_listens_to_it_for_a_purpose(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
        chatter = await calls(door, "first")
        kept = (await chatter.send(Voice("路灯坏了", sound, "one.amr"))).text
        assert "路灯坏了" in kept
        assert "can listen" in kept
        assert "can listen" in (await chatter.send(Voice("", sound, "two.amr"))).text
        place, contents = await shown(door)
        assert [one["voice"] for one in contents] == ["路灯坏了", ""]
        li = officer(door, "li")
        for one in contents:
            reply = await li.post(f"{place}/files/{one['id']}", PURPOSE)
            assert (reply.status, reply.body) == (200, AMR)
            assert reply.headers["Content-Type"] == "audio/amr"
            assert reply.headers["Content-Disposition"].startswith("attachment")
        assert await DeskEvent.filter(what="file").count() == 2
        zhao = officer(door, "zhao")
        assert (await zhao.post(f"{place}/files/{contents[0]['id']}", PURPOSE)).problem(409, "held-by-other")
        # While somebody holds it, nothing is said in between.
        assert (await chatter.send(Voice("还有一件事", sound, "three.amr"))).text == ""


async def test_a_stranger_s_voice_is_not_kept_and_what_was_understood_is(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        chatter = await calls(door, "first")
        understood = (await chatter.send(Voice("路灯坏了", sound))).text
        assert "路灯坏了" in understood
        assert "kept for the officer" in understood
        refused = (await chatter.send(Voice("", sound))).text
        assert "isn't kept" in refused
        assert "It is kept for the officer" not in refused
        assert await Attachment.all().count() == 0


async def test_what_cannot_be_kept_is_said_and_what_may_come_in_a_moment_comes_again(tmp_path: Path) -> None:
    async def picture() -> bytes:
        return b"\xff\xd8\xff\xe0" + bytes(20)

    async def gone() -> bytes:
        raise NotFound

    async def away() -> bytes:
        raise Unavailable

    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
        chatter = await calls(door, "first")
        assert "can't be kept" in (await chatter.send(Voice("", picture))).text
        assert "kept for the officer" not in (await chatter.send(Voice("", gone))).text
        with pytest.raises(Unavailable):
            await chatter.send(Voice("", away), "again")
        turns = await Turn.all().count()
        assert "can listen" in (await chatter.send(Voice("", sound), "again")).text
        assert await Turn.all().count() == turns + 1
        # A sound that comes as a file is no upload, and neither is a picture that comes as a sound.
        assert "kept" not in (await chatter.send(File(sound, "one.amr"))).text
        assert [one.media_type for one in await Attachment.all()] == ["audio/amr"]


async def test_no_case_is_handed_in_with_what_somebody_has_spoken(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
        await (await calls(door, "first")).send(Voice("", sound))
        (row,) = await Attachment.all()
        wang = door.citizen("wang", "Wang Xiaoming")
        guide = (await wang.get("/v1/items/consult-police")).ok()
        told = {"field": "other", "subject": "路灯", "question": "请问路灯坏了由谁来修？"}
        answer = await wang.post(guide["links"]["submit"], {"answers": {**told, "files": [str(row.id)]}})
        wrong = answer.problem(422, "invalid-fields")["problems"]
        assert [one["pointer"] for one in wrong] == ["/answers/files/0"], wrong
        assert (await Attachment.get()).case_id is None
        (await wang.post(guide["links"]["submit"], {"answers": told})).created()


async def test_elsewhere_what_was_understood_is_read_back_and_silence_says_who_listens(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        chatter = Chatter(door, "en", "first")
        await chatter.send("0")
        assert "路灯坏了" in (await chatter.send(Voice("路灯坏了", sound))).text.splitlines()[0]
        assert "write “person”" in (await chatter.send(Voice("", sound))).text
        assert await Attachment.all().count() == 0


async def test_by_wechat_it_is_fetched_at_once_and_the_officer_has_it(tmp_path: Path) -> None:
    """From a phone by media/get to the desk; and one that WeChat has no more is said to be so."""
    async with seated(tmp_path) as (door, _, phone):
        kept = (await phone.sends("voice", AMR, Recognition="护照丢了"))[-1].text
        assert "护照丢了" in kept
        assert "收听" in kept
        assert "收听" in (await phone.sends("voice", AMR))[-1].text
        place, contents = await shown(door)
        assert [one["voice"] for one in contents] == ["护照丢了", ""]
        assert (await officer(door, "li").post(f"{place}/files/{contents[1]['id']}", PURPOSE)).body == AMR
