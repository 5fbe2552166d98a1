"""Tips against those who guess, slip, flood and send bombs."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from banshi.builtin.limits import senders
from banshi.builtin.personal_data.housekeeping import tidy
from banshi.foundation.errors import InvalidFields
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import TipCode
from banshi.kinds.appeal.tips import flood, pictures
from banshi.kinds.appeal.tips.codes import CHANCE_SIGNS, SIGNS, new_code, read_code
from banshi.kinds.appeal.tips.flood import FLOOD
from banshi.kinds.pictures import cleaned
from banshi.testing import Person
from tests.banshi.kinds.test_pictures import png
from tests.town.parts import UNNAMED, appeals
from tests.town.tips import TIPS, link_of, tipped, uploaded
from tests.town.town import ENGLISH, Town, open_town, picture

# -- codes -----------------------------------------------------------------------------------------------------------


def test_a_code_has_more_than_a_hundred_bits_of_chance_and_no_sign_that_is_read_as_another() -> None:
    codes = [new_code() for _ in range(500)]
    assert all(re.fullmatch(r"([1-9A-HJKMNP-TV-Z]{4}-){5}[1-9A-HJKMNP-TV-Z]{4}", one) for one in codes)
    assert len({one[:9] for one in codes}) == 500
    assert len(set(SIGNS)) == 31
    assert CHANCE_SIGNS * math.log2(31) > 108
    for place in range(len(codes[0])):
        if codes[0][place] != "-":
            # Each place takes every sign about as often.
            assert len({one[place] for one in codes}) > 28


def test_a_code_is_read_however_it_is_typed() -> None:
    code = next(one for one in iter(new_code, "") if "1" in one)
    plain = code.replace("-", "")
    full_width = "".join(chr(ord(sign) + 0xFEE0) for sign in plain)
    ways = (code.lower(), plain, f"  {code} \n", code.replace("-", " "), code.replace("-", "—"), full_width)
    for way in (*ways, code.replace("1", "l"), code.replace("1", "I")):
        assert read_code(way) == plain


def test_every_slip_of_one_sign_or_two_and_every_swap_is_told() -> None:
    code = new_code().replace("-", "")
    assert read_code(code) == code

    def told(wrong: str) -> bool:
        try:
            return read_code(wrong) != wrong
        except InvalidFields:
            return True

    for place, sign in enumerate(code):
        assert all(told(code[:place] + other + code[place + 1 :]) for other in SIGNS if other != sign)
        for later in range(place + 1, len(code)):
            signs = list(code)
            signs[place], signs[later] = signs[later], signs[place]
            assert signs == list(code) or told("".join(signs))
            for _ in range(30):
                signs[place], signs[later] = random.choice(SIGNS), random.choice(SIGNS)
                assert signs == list(code) or told("".join(signs))


async def test_a_slip_is_told_apart_from_a_code_that_is_nobody_s_without_a_look_at_the_database(
    offices: Town,
) -> None:
    tip = await tipped(offices)
    asked: list[str] = []
    real = TipCode.get_or_none

    def counted(*args: Any, **values: Any) -> Any:
        asked.append(values["id"])
        return real(*args, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TipCode, "get_or_none", counted)
        wrong = "1" if tip.code[0] != "1" else "2"
        for slip, rule in (
            (wrong + tip.code[1:], "checksum"),
            (tip.code[:-1], "length"),
            (tip.code + "2", "length"),
            ("U" + tip.code[1:], "signs"),
            ("0" + tip.code[1:], "signs"),
            ("查" * 24, "signs"),
        ):
            for path in ("/v1/tips/read", "/v1/tips/actions/withdraw"):
                reply = await offices.door.anyone.post(path, {"code": slip}, headers=ENGLISH)
                (problem,) = reply.problem(422, "invalid-fields")["problems"]
                assert (problem["pointer"], problem["code"]) == ("/code", rule)
                assert "compare it with your note" in problem["detail"]
                assert slip.encode() not in reply.body
        assert asked == []
        (await offices.door.anyone.post("/v1/tips/read", {"code": new_code()})).problem(404, "unknown-code")
        assert len(asked) == 1
    for wrong_body in ({}, {"code": 7}, {"code": ""}, {"code": "x" * 200}, {"code": tip.code, "more": 1}):
        (await offices.door.anyone.post("/v1/tips/read", wrong_body)).problem(422, "invalid-fields")


async def test_the_code_of_one_tip_opens_no_other_and_no_case_of_a_person(offices: Town, database: str) -> None:
    one, other = await tipped(offices, "第一条"), await tipped(offices, "第二条")
    assert (await one.read())["answers"] != (await other.read())["answers"]
    (await one.write("只在这里")).ok()
    assert (await other.read())["details"]["messages"] == []
    # A case's number and a staff's address of it are no codes.
    link = await link_of(offices, one)
    (await offices.door.anyone.get(link)).problem(401, "unauthenticated")
    (await offices.door.citizen("li").get(link)).problem(404, "not-found")
    assert (await offices.door.citizen("li").get("/v1/cases")).ok()["items"] == []
    number = (await one.read())["number"]
    (await offices.door.anyone.post("/v1/tips/read", {"code": number})).problem(422, "invalid-fields")


async def test_a_code_that_is_nobody_s_takes_as_long_whatever_it_is_and_guessers_hold_up_guessers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "WRONG_CODE_S", 1.5)
    monkeypatch.setattr(flood, "MAX_WRONG_CODES", (3, 6))
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        tip = await tipped(offices)

        async def guess() -> tuple[int, float]:
            began = time.monotonic()
            reply = await offices.door.anyone.post("/v1/tips/read", {"code": new_code()})
            if reply.status == 429:
                assert reply.headers["Retry-After"] == "2"
            return reply.status, time.monotonic() - began

        guesses = asyncio.gather(*(guess() for _ in range(12)))
        await asyncio.sleep(0.2)
        assert (await tip.read())["state"] == "submitted"
        assert not guesses.done(), "who has a code doesn't wait for those who guess"
        outcomes = await guesses
        assert Counter(status for status, _ in outcomes) == {404: 3, 429: 9}
        assert all(took >= 1.5 for status, took in outcomes if status == 404)
        assert offices.door.platform[FLOOD].wrong_codes.used.total() == 0


# -- pictures --------------------------------------------------------------------------------------------------------


async def test_a_picture_is_stored_without_what_its_camera_wrote_and_under_no_name(
    offices: Town, tmp_path: Path
) -> None:
    data = Image.Exif()
    data[0x013B] = "MARKER"
    content = picture(exif=data, comment=b"MARKER")
    made = (await uploaded(offices, content)).created()
    assert made["name"] == ""
    assert "links" not in made
    (file,) = (tmp_path / "data" / "attachments").iterdir()
    kept = file.read_bytes()
    assert b"MARKER" not in kept
    assert made["sha256"] == hashlib.sha256(kept).hexdigest() != hashlib.sha256(content).hexdigest()
    assert uuid.UUID(made["id"]).version == 4
    for person in (offices.door.citizen("li"), offices.reviewer()):
        (await person.get(f"/v1/attachments/{made['id']}")).problem(404, "not-found")


PDF = b"%PDF-1.7\n1 0 obj<</Author(MARKER)>>endobj\n"
OFFICE = b"PK\x03\x04" + bytes(26) + b"docProps/core.xml"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)


#: What is sent and as which type, and how it is refused.
NO_PICTURES = {
    "PDF": (PDF, "application/pdf", 415, "unsupported-media-type"),
    "PDF as JPEG": (PDF, "image/jpeg", 415, "unsupported-media-type"),
    "office": (OFFICE, "image/png", 415, "unsupported-media-type"),
    "HEIC": (HEIC, "image/heic", 415, "unsupported-media-type"),
    "HEIC as JPEG": (HEIC, "image/jpeg", 415, "unsupported-media-type"),
    "GIF": (picture("GIF"), "image/gif", 415, "unsupported-media-type"),
    "empty": (b"", "image/jpeg", 415, "unsupported-media-type"),
    "half": (picture()[:200], "image/jpeg", 422, "unreadable-picture"),
    "no PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64), "image/png", 422, "unreadable-picture"),
    "bomb": (png(30_000, 30_000, bytes(100_000)), "image/png", 413, "too-large"),
    "large": (png(4_001, 4_001, bytes(100_000)), "image/png", 413, "too-large"),
    "long": (picture() + bytes(70_000), "image/jpeg", 413, "too-large"),
}


async def test_what_is_no_picture_or_a_bomb_is_refused_with_what_to_do_and_leaves_nothing(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), attachment_limit=60_000) as offices:
        replies = {name: await uploaded(offices, content, kind) for name, (content, kind, _, _) in NO_PICTURES.items()}
        told = {name: (reply.status, reply.document.get("code")) for name, reply in replies.items()}
        assert told == {name: (status, code) for name, (_, _, status, code) in NO_PICTURES.items()}
        for reply in replies.values():
            if reply.status == 415:
                assert "Send a screenshot or a photo instead" in reply.document["detail"]
                assert reply.document["accepted"] == ["image/jpeg", "image/png", "image/webp"]
        assert await Attachment.all().count() == 0
        folder = tmp_path / "data" / "attachments"
        assert not folder.exists() or list(folder.iterdir()) == []
        assert offices.door.platform[FLOOD].held.used.total() == 0


async def test_a_picture_in_parts_is_counted_while_it_comes(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), attachment_limit=60_000) as offices:

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(10_000)

        headers = {**ENGLISH, "Content-Type": "image/jpeg"}
        reply = await offices.door.anyone.call("POST", "/v1/tips/pictures", data=endless(), headers=headers)
        reply.problem(413, "too-large")
        headers["Content-Encoding"] = "gzip"
        reply = await offices.door.anyone.call("POST", "/v1/tips/pictures", data=picture(), headers=headers)
        reply.problem(415, "unsupported-media-type")


async def test_pictures_that_no_tip_uses_are_bounded_all_together_and_leave_soon(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, appeals(UNNAMED), database=database, tip_quota=1) as offices:
        first = (await uploaded(offices, picture())).created()["id"]
        offices.later(minutes=5)
        reply = await uploaded(offices, picture())
        assert "pictures later with its code" in reply.problem(429, "too-many-requests")["detail"]
        # Then the first one may go: whoever sent it has had the time to write.
        assert reply.headers["Retry-After"] == "600"
        # Used, it no longer counts.
        tip = await tipped(offices, photo=first)
        left = (await uploaded(offices, picture())).created()["id"]
        offices.later(hours=2, seconds=1)
        await tidy(offices.door.platform)
        assert [str(row.id) for row in await Attachment.all()] == [first]
        assert not (tmp_path / "data" / "attachments" / left).exists()
        assert [one["id"] for one in (await tip.read())["attachments"]] == [first]


async def test_a_flood_of_pictures_closes_them_for_nobody_longer_than_a_quarter_of_an_hour(
    tmp_path: Path, database: str
) -> None:
    size = len((await cleaned(picture())).content)
    async with open_town(tmp_path, appeals(UNNAMED), database=database, tip_quota=3 * size) as offices:
        own = (await offices.door.citizen("li").upload()).created()["id"]
        used = (await uploaded(offices, picture())).created()["id"]
        await tipped(offices, photo=used)
        flood_of = [(await uploaded(offices, picture())).created()["id"] for _ in range(3)]
        (await uploaded(offices, picture())).problem(429, "too-many-requests")
        offices.later(minutes=15)
        new = (await uploaded(offices, picture())).created()["id"]
        left = {str(row.id) for row in await Attachment.all()}
        assert {own, used, new} <= left
        assert left.isdisjoint(flood_of)
        assert {one.name for one in (tmp_path / "data" / "attachments").iterdir()} == left


async def test_who_sends_a_picture_drop_by_drop_doesn_t_hold_memory_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SLOW_PIECE_S", 0.5)
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:

        async def drops() -> AsyncIterator[bytes]:
            yield picture() + bytes(200_000)
            for _ in range(100):
                await asyncio.sleep(0.1)
                yield b"x"

        async def slow() -> AsyncIterator[bytes]:
            whole = picture() + bytes(300_000)
            for at in range(0, len(whole), 70_000):
                yield whole[at : at + 70_000]
                await asyncio.sleep(0.2)

        headers = {**ENGLISH, "Content-Type": "image/jpeg"}
        began = time.monotonic()
        reply = await offices.door.anyone.call("POST", "/v1/tips/pictures", data=drops(), headers=headers)
        assert "not all there in time" in reply.problem(400, "malformed-body")["detail"]
        assert time.monotonic() - began < 5
        assert offices.door.platform[FLOOD].held.used.total() == 0
        (await offices.door.anyone.call("POST", "/v1/tips/pictures", data=slow(), headers=headers)).created()


# -- floods ----------------------------------------------------------------------------------------------------------


def test_a_bucket_lets_so_many_through_at_once_and_so_many_over_time() -> None:
    now = [0.0]
    bucket = flood.Bucket(3, 0.5, clock=lambda: now[0])
    through = 0
    for _ in range(10):
        if not bucket.wait():
            bucket.take()
            through += 1
    assert (through, bucket.wait()) == (3, 2.0)
    now[0] = 2.0
    assert bucket.wait() == 0
    bucket.take()
    now[0] = 1000.0
    assert [bucket.take() for _ in range(3) if not bucket.wait()] == [None] * 3
    assert bucket.wait() > 0


async def test_a_flood_of_one_item_s_tips_holds_up_neither_another_item_nor_those_who_have_a_code(
    offices: Town,
) -> None:
    anyone = offices.door.anyone
    began = time.monotonic()
    offices.door.platform[FLOOD].senders.clock = lambda: began
    tip = await tipped(offices)
    body = {"answers": {"text": "灯"}}
    replies = await asyncio.gather(*(anyone.post(TIPS, body, headers=ENGLISH) for _ in range(40)))
    counted = Counter(reply.status for reply in replies)
    assert counted == {201: 19, 429: 21}
    refused = next(reply for reply in replies if reply.status == 429)
    assert "send it again" in refused.problem(429, "too-many-requests")["detail"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 3
    assert await Case.all().count() == 1 + counted[201]
    (await anyone.post("/v1/items/ask-works/tips", body)).created()
    (await tip.write("还在")).ok()
    # What is wrong is told, flood or not.
    (await anyone.post(TIPS, {"answers": {}})).problem(422, "invalid-fields")
    # All items together have an end too.
    offices.door.platform[FLOOD].tips.take()
    offices.door.platform[FLOOD].tips._left = 0
    (await anyone.post("/v1/items/ask-works/tips", body)).problem(429, "too-many-requests")


#: Made-up senders, at the addresses that this machine calls itself from.
MANY, OTHER = "127.0.0.1", "127.0.0.2"


@asynccontextmanager
async def sender_at(address: str, url: str) -> AsyncIterator[Person]:
    """Somebody whose connections come from this address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Person(session, url, None)


async def test_one_sender_closes_the_door_for_nobody_else(tmp_path: Path) -> None:
    """Neither with tips of one item or of all, nor with pictures, nor with codes that are nobody's."""
    async with open_town(tmp_path, appeals(UNNAMED)) as offices, AsyncExitStack() as stack:
        url, state = offices.door.url, offices.door.platform[FLOOD]
        began = time.monotonic()
        state.senders.clock = state.tips.clock = state.pictures.clock = state.items["ask-parks"].clock = lambda: began
        many, other = [await stack.enter_async_context(sender_at(one, url)) for one in (MANY, OTHER)]
        body, jpeg = {"answers": {"text": "灯"}}, {"Content-Type": "image/jpeg"}
        replies = await asyncio.gather(*(many.post(TIPS, body) for _ in range(50)))
        assert Counter(reply.status for reply in replies) == {201: 20, 429: 30}
        for _ in range(5):
            (await other.post(TIPS, body)).created()
        flooding = state.senders.known(MANY)
        for _ in range(60):
            state.one_picture(flooding)
        state.held.take(flooding, state.held.each)
        state.waiting.take(flooding, state.waiting.each)
        state.wrong_codes.take(flooding, state.wrong_codes.each)
        for sender, picture_s, code_s in ((many, 429, 429), (other, 201, 404)):
            assert (await sender.call("POST", "/v1/tips/pictures", data=picture(), headers=jpeg)).status == picture_s
            assert (await sender.post("/v1/tips/read", {"code": new_code()})).status == code_s


def test_a_sender_is_an_address_or_a_network_of_ipv6_and_nobody_can_read_which() -> None:
    one, other = flood.Senders(), flood.Senders()
    assert one.known("2001:db8::1") == one.known("2001:db8::ffff:1") != one.known("2001:db8:0:1::1")
    assert one.known("192.0.2.1") == one.known("192.0.2.1") != one.known("192.0.2.2")
    assert one.known("192.0.2.1") != other.known("192.0.2.1")
    # Of a chat it is the conversation: a flood in one closes the door to no other.
    assert one.known(None) == one.known("") != one.known("a conversation") != one.known("another")
    for address in ("192.0.2.1", "2001:db8::1"):
        one.bucket(one.known(address), "tips", 1, 1)
    names = [*one._buckets]
    assert all(len(name) == 16 for name in names)
    assert not [part for name in names for part in (b"\xc0\x00\x02\x01", b"\x20\x01\x0d\xb8", b"192.") if part in name]
    assert "key" not in repr(one)


def test_senders_are_few_enough_to_be_kept_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "MAX_SENDERS", 10)
    known = senders.Senders(clock=lambda: 0.0)
    known.bucket(known.known("192.0.2.0"), "tips", 5, 1).take()
    for number in range(100):
        known.bucket(known.known("192.0.2.0"), "tips", 5, 1)
        known.bucket(known.known(f"198.51.100.{number}"), "tips", 5, 1)
    assert len(known._buckets) == 10
    # Whoever goes on is not forgotten.
    assert known.bucket(known.known("192.0.2.0"), "tips", 5, 1)._left == 4


async def test_pictures_are_throttled_by_number_and_by_what_is_in_memory(offices: Town) -> None:
    offices.door.platform[FLOOD].held.each = 100
    (await uploaded(offices, picture())).problem(429, "too-many-requests")
    assert offices.door.platform[FLOOD].held.used.total() == 0
    offices.door.platform[FLOOD].held.each = flood.MAX_BYTES_HELD[0]
    offices.door.platform[FLOOD].pictures._left = 1
    replies = await asyncio.gather(*(uploaded(offices, picture()) for _ in range(6)))
    assert Counter(reply.status for reply in replies)[429] >= 4


async def test_pictures_wait_in_a_short_line_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is full the next one is told so before it is read, and photos of people with names wait for none."""
    slow = threading.Event()
    monkeypatch.setattr(flood, "MAX_PICTURES_WAITING", (3, 6))
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        state = offices.door.platform[FLOOD]
        pictures._workers.submit(slow.wait, 20)
        try:
            waiting = [asyncio.create_task(uploaded(offices, picture())) for _ in range(3)]
            for _ in range(500):
                if state.waiting.used.total() == 3:
                    break
                await asyncio.sleep(0.01)
            reply = await uploaded(offices, picture())
            assert "Nothing was stored" in reply.problem(429, "too-many-requests")["detail"]
            assert reply.headers["Retry-After"] == "5"
            assert (await cleaned(picture())).width == 64
        finally:
            slow.set()
        assert [(await one).status for one in waiting] == [201] * 3
        assert state.waiting.used.total() == 0
        (await uploaded(offices, picture())).created()
