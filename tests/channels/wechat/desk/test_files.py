"""An officer sends a picture: it is examined as anybody's, and what a channel can't bring is said before it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from banshi.kernel.tables.attachments import HELD, Attachment
from conversations.tables.models import Said, Window
from tests.channels.conversations.offices import claimed
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, calls, officer
from tests.channels.wechat.desk.duty import became, duty
from tests.plugins.test_departments import snapshot

PDF = b"%PDF-1.7\n"
BYTES = {"Content-Type": "application/octet-stream"}


async def test_a_picture_arrives_and_stands_in_the_conversation(tmp_path: Path, database: str) -> None:
    async with duty(tmp_path, database) as room:
        phone, li = room.wechat.phone("zhang"), room.li
        place = await room.held(phone)
        file = (await li.call("POST", f"{place}/files?name=map.jpg", data=snapshot(), headers=BYTES)).created()
        assert (file["name"], file["media_type"], file["size"]) == ("map.jpg", "image/jpeg", len(snapshot()))
        said = (await li.post(f"{place}/answers", {"file": file["id"]})).created()["said"]
        assert (await became(said, "accepted")).words["file"]["name"] == "map.jpg"
        seen = phone.seen[-1]
        assert (seen.via, seen.kind) == ("service", "image")
        (message,) = [one for one in (await li.get(place)).ok()["messages"] if one["by"] == "officer"]
        assert message["content"] == {"text": "", "file": "map.jpg", "id": file["id"]}
        read = await li.post(f"{place}/files/{file['id']}", {"purpose": "to see what I have sent"})
        assert (read.status, read.body) == (200, snapshot())


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (PDF, 409, "cannot-send"),
        (b"MZ\x90\x00", 415, "unsupported-media-type"),
        (b"", 415, "unsupported-media-type"),
        (snapshot() + bytes(20_971_520), 409, "cannot-send"),
    ],
)
async def test_what_wechat_cannot_bring_is_refused_before_it_is_sent(
    tmp_path: Path, content: bytes, status: int, code: str
) -> None:
    async with duty(tmp_path) as room:
        place = await room.held(room.wechat.phone("zhang"))
        reply = await room.li.call("POST", f"{place}/files", data=content, headers=BYTES)
        problem = reply.problem(status, code)
        assert "image/png" in (problem["takes"] if status == 409 else problem["accepted"])
        assert not await Said.filter(by="officer").exists()


async def test_what_is_not_ready_or_not_theirs_is_not_sent(tmp_path: Path) -> None:
    async with duty(tmp_path) as room:
        li, wang = room.li, officer(room.door, "wang")
        place = await room.held(room.wechat.phone("zhang"))
        upload = f"{place}/files?name=a/../c.jpg"
        assert (await wang.call("POST", upload, data=snapshot(), headers=BYTES)).problem(409, "held-by-other")
        file = (await li.call("POST", upload, data=snapshot(), headers=BYTES)).created()
        await Attachment.all().update(state=HELD)
        assert (await li.post(f"{place}/answers", {"file": file["id"]})).problem(409, "file-held")
        for body in ({"file": file["id"], "text": "both"}, {}, {"file": "0198a1b2-0000-7000-8000-000000000000"}):
            assert (await li.post(f"{place}/answers", body)).problem(422, "invalid-fields")
        await Attachment.all().update(state="stored", person="wang")
        assert (await li.post(f"{place}/answers", {"file": file["id"]})).problem(422, "invalid-fields")
        await Attachment.all().update(person="li")
        await Window.all().update(until=room.door.platform.now())
        assert (await li.post(f"{place}/answers", {"file": file["id"]})).problem(409, "cannot-send")
        assert not await Said.filter(by="officer").exists()


async def test_a_picture_whose_window_shuts_on_its_way_ends_with_the_reason(tmp_path: Path) -> None:
    async with duty(tmp_path) as room:
        li, phone = room.li, room.wechat.phone("zhang")
        place = await room.held(phone)
        file = (await li.call("POST", f"{place}/files", data=snapshot(), headers=BYTES)).created()
        room.wechat.faults.codes["/cgi-bin/message/custom/send"] = 45015
        said = (await li.post(f"{place}/answers", {"file": file["id"]})).created()["said"]
        assert (await became(said, "refused", "shut")).state == "refused"
        (shown,) = [one for one in (await li.get(place)).ok()["messages"] if one["id"] == said]
        assert "发送" in shown["why"]
        assert "图" not in str(await phone.says("在吗"))


async def test_a_channel_that_takes_no_files_says_so_before_anything_is_stored(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await calls(door, "first")
        li = officer(door, "li")
        place = await claimed(li)
        reply = await li.call("POST", f"{place}/files", data=snapshot(), headers=BYTES)
        assert reply.problem(409, "cannot-send")["takes"] == {}
        assert not await Attachment.exists()
