"""A video: kept for an officer who can look at it, and said honestly everywhere else; of no address of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from banshi import NotFound
from banshi.builtin.uploads.receiving import taken
from banshi.kernel.tables.attachments import Attachment
from conversations import File, FileTooLarge, Video
from conversations.engine.ask.uploading import film_in
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import claimed
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, calls, officer, waiting
from tests.channels.wechat.desk.duty import seated
from tests.channels.wechat.sandbox.city import AMR, PNG

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(200)
PURPOSE = {"purpose": "to see what happened"}
CANT = "这里收不了视频"
LOCAL: dict[str, Any] = {"outgoing": {"networks": ["127.0.0.0/8"]}}


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (MP4, "video/mp4"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x18ftypheic", None),
        (b"\x00\x00\x00\x18ftypavif", None),
        *((one, None) for one in (b"", b"ftyp", AMR, PNG, b"<html>", b"MZ")),
    ],
)
def test_a_video_is_known_by_its_first_bytes_and_is_nothing_that_people_upload(
    head: bytes, media_type: str | None
) -> None:
    assert film_in(head) == media_type
    assert taken(head) in (None, "image/png", "image/heic")


async def test_an_officer_who_holds_the_conversation_looks_at_it_for_a_purpose(tmp_path: Path, database: str) -> None:
    async def film() -> bytes:
        return MP4

    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
        chatter = await calls(door, "first")
        assert "kept for the officer" in (await chatter.send(Video(film, "one.mp4"))).text
        li = officer(door, "li")
        place = await claimed(li)
        assert (await chatter.send(Video(film, "two.mp4"))).text == ""
        files = [one["content"] for one in (await li.get(place)).ok()["messages"] if "file" in one["content"]]
        assert [one["file"] for one in files] == ["one.mp4", "two.mp4"]
        for one in files:
            reply = await li.post(f"{place}/files/{one['id']}", PURPOSE)
            assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, MP4, "video/mp4")


async def test_what_is_no_video_or_comes_from_a_stranger_is_not_kept_and_why_is_said(tmp_path: Path) -> None:
    def gives(found: Any) -> Any:
        async def fetch() -> bytes:
            if isinstance(found, bytes):
                return found
            raise found

        return fetch

    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        stranger = await calls(door, "second")
        assert "sign in for this contact first" in (await stranger.send(Video(gives(MP4)))).text
        await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
        chatter = await calls(door, "first")
        told = [
            (await chatter.send(Video(gives(one)))).text
            for one in (b"<html>", PNG, NotFound, FileTooLarge, MP4 + bytes(10_485_760))
        ]
        assert ["A video can't be taken here" in one for one in told] == [True, True, True, False, False]
        assert ["larg" in one for one in told] == [False, False, False, True, True]
        assert "kept for the officer" not in "".join(told)
        # No video passes for a picture.
        assert "not taken" in (await chatter.send(File(gives(MP4), "a.jpg"))).text
        assert await Attachment.all().count() == 0


@pytest.mark.parametrize(("platform", "is_taken"), [(LOCAL, True), ({}, False)], ids=["reached", "inside"])
async def test_by_wechat_it_is_fetched_from_where_it_says_unless_that_is_inside_our_network(
    tmp_path: Path, platform: dict[str, Any], is_taken: bool
) -> None:
    async with seated(tmp_path, **platform) as (door, wechat, phone):
        for kind in ("video", "shortvideo"):
            said = (await phone.sends(kind, MP4))[-1].text
            assert (CANT in said, "已转给工作人员" in said) == (not is_taken, is_taken)
        for address in ("", "ftp://a.example/b", "http://[", "file:///etc/passwd", f"{wechat.url}/sandbox/media/none"):
            wechat.media.picture_url = lambda _, told=address: told  # type: ignore[method-assign,misc]
            assert CANT in (await phone.sends("video", MP4))[-1].text
        assert await Attachment.filter(media_type="video/mp4").count() == 2 * is_taken
        li = officer(door, "li")
        assert len(await waiting(li)) == 1
