"""Tips: handed in without a name, read and answered as any appeal is, and read again with a code."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import re
import struct
import time
import uuid
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from banshi.engine.upkeep import tidy
from banshi.errors import ConfigurationError, InvalidFields
from banshi.kinds.appeal.models import AppealRecord, Letter, TipCode
from banshi.kinds.appeal.tips import flood, retention
from banshi.kinds.appeal.tips.codes import CHANCE, SIGNS, new_code, read_code
from banshi.kinds.appeal.tips.flood import FLOOD
from banshi.kinds.appeal.tips.retention import forget
from banshi.models import Attachment, Case, CaseEvent, IdempotencyKey, OutboxRow
from banshi.submission import count_people, people_with_cases
from banshi.testing import open_door
from tests.kernel.appeals_office import ENGLISH, RULES, write_department
from tests.kernel.tips_office import TIPS, link_of, open_tips, picture, tipped, uploaded


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


async def test_a_tip_needs_no_token_and_its_code_is_shown_once(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        reply = await offices.door.anyone.post(TIPS, {"answers": {"text": "有人偷路灯"}}, key="once", headers=ENGLISH)
        made = reply.created()
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Location" not in reply.headers
        tip = made["tip"]
        assert (tip["state"], tip["deadline"]["due_on"]) == ("submitted", "2026-09-08")
        assert [one["action"] for one in tip["timeline"]] == ["submit", "register"]
        assert [one["action"] for one in tip["permitted_actions"]] == ["withdraw", "write"]
        assert {"id", "links"}.isdisjoint(tip)
        reply = await offices.door.anyone.post("/v1/tips/read", {"code": made["code"]}, headers=ENGLISH)
        assert reply.ok() == tip
        assert reply.headers["Cache-Control"] == "no-store"
        case = await Case.get()
        assert (case.person, case.person_name) == ("", "")
        assert {event.actor_id for event in await CaseEvent.all()} == {""}
        (kept,) = await TipCode.all()
        assert made["code"].replace("-", "") not in kept.id.upper()
        # Nobody is told anything, and no answer is kept under a key.
        assert await OutboxRow.all().count() == await IdempotencyKey.all().count() == 0


async def test_a_tip_is_worked_on_and_answered_as_any_appeal_is(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        chen, zhou = offices.reviewer(), offices.reviewer("zhou")
        photo = (await uploaded(offices, picture())).created()
        tip = await tipped(offices, photo=photo["id"])
        link = await link_of(offices, tip)
        seen = await offices.shown(chen, link)
        assert seen["details"]["anonymous"] is True
        assert (await chen.get(seen["attachments"][0]["links"]["self"])).status == 200
        assert (await offices.door.citizen("li").get(link)).status == 404
        (await offices.act(chen, link, "return", "是哪条路？")).ok()
        assert (await tip.read())["reason"] == "是哪条路？"
        (await tip.act("supplement", answers={"text": ""})).problem(422, "invalid-fields")
        (await tip.act("supplement", answers={"text": "示例路", "photo": photo["id"]})).ok()
        await offices.answered(chen, link)
        read = await tip.read()
        assert [one["text"] for one in read["details"]["answers"]] == ["明天修好。"]
        assert [one["action"] for one in read["permitted_actions"]] == ["rate", "write"]
        (await tip.act("rate", details={"rating": 9})).problem(422, "invalid-fields")
        (await tip.act("rate", details={"rating": 1, "text": "没有人来"})).ok()
        await offices.door.settled()
        assert (await tip.read())["state"] == "reopened"
        (await offices.act(chen, link, "answer", text="还是这样。")).problem(409, "action-not-permitted")
        (await offices.act(zhou, link, "answer", text="已抓获。")).ok()
        read = await tip.read()
        assert read["state"] == "closed"
        assert [one["text"] for one in read["details"]["answers"]] == ["明天修好。", "已抓获。"]
        assert read["details"]["rating"]["rating"] == 1
        assert read["permitted_actions"] == []


async def test_the_unit_and_whoever_sent_a_tip_write_to_each_other(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        chen = offices.reviewer()
        tip = await tipped(offices)
        link = await link_of(offices, tip)
        (await offices.act(chen, link, "write", text="几点钟？")).ok()
        photo = (await uploaded(offices, picture("PNG"), "image/png")).created()["id"]
        (await tip.write("夜里两点", photo)).ok()
        for reader in (await offices.shown(chen, link), await tip.read()):
            told = [(one["by"], one["text"], one["attachments"]) for one in reader["details"]["messages"]]
            assert told == [("staff", "几点钟？", []), ("citizen", "夜里两点", [photo])]
            assert [one["id"] for one in reader["attachments"]] == [photo]
        assert (await chen.get(f"/v1/attachments/{photo}")).status == 200
        (await tip.write(" ")).problem(422, "invalid-fields")
        (await tip.write("字" * 5001)).problem(422, "invalid-fields")
        # A picture is one tip's, and what was never uploaded nobody's.
        other = await tipped(offices)
        for wrong in (photo, str(uuid.uuid4())):
            told = (await other.write("再看", wrong)).problem(422, "invalid-fields")
            assert [one["pointer"] for one in told["problems"]] == ["/details/attachments/0"]
        assert len((await tip.read())["details"]["messages"]) == 2


async def test_what_is_written_after_the_answer_brings_the_tip_back_with_all_its_days(tmp_path: Path) -> None:
    async with open_tips(tmp_path) as offices:
        chen = offices.reviewer()
        tip = await tipped(offices)
        link = await link_of(offices, tip)
        offices.later(days=2)
        await offices.answered(chen, link)
        assert (await chen.get("/v1/worklist")).ok()["items"] == []
        (await tip.write("他又来了")).ok()
        read = await tip.read()
        assert (read["state"], read["deadline"]["due_on"]) == ("assigned", "2026-09-10")
        assert [one["links"]["self"] for one in (await chen.get("/v1/worklist")).ok()["items"]] == [link]
        (await offices.act(chen, link, "answer", text="收到。")).ok()
        assert len((await tip.read())["details"]["answers"]) == 2
        # Who was asked answers by writing, too.
        other = await tipped(offices)
        link = await link_of(offices, other)
        (await offices.act(chen, link, "return", "在哪里？")).ok()
        (await other.write("在东门")).ok()
        assert (await other.read())["state"] == "submitted"


async def test_one_tip_has_so_many_messages_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("banshi.kinds.appeal.effects"), "MOST_LETTERS", 2)
    async with open_tips(tmp_path) as offices:
        tip = await tipped(offices)
        for text in ("一", "二"):
            (await tip.write(text)).ok()
        assert "at most 2 messages" in (await tip.write("三")).problem(409, "conflict")["detail"]


async def test_a_tip_is_withdrawn_passed_on_and_merged_as_any_appeal(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        li, both = offices.door.citizen("li"), offices.door.staff("wu", "parks:reviewer", "works:reviewer")
        gone, moved, first = [await tipped(offices, text) for text in ("算了", "修路的事", "偷灯")]
        named = await offices.asked(li, "灯被偷了")
        (await gone.act("withdraw")).ok()
        (await gone.act("withdraw")).problem(409, "action-not-permitted")
        elsewhere = {"department": "works", "unit": "west"}
        (await offices.act(both, await link_of(offices, moved), "forward", "归他们", **elsewhere)).ok()
        assert (await moved.read())["department"] == "works"
        # The same, by name: its citizen gets the tip's answer as a message, and the tip tells nobody anything.
        link = await link_of(offices, first)
        (await offices.act(both, named, "merge", into=(await first.read())["number"])).ok()
        (await first.act("withdraw")).problem(409, "conflict")
        await offices.answered(both, link)
        assert "明天修好。" in (await offices.inbox(li))[-1]["body"]
        assert (await offices.shown(li, named))["details"]["merged_into"] == {}
        # A tip into what is answered by name: whoever sent it reads the answer.
        late = await tipped(offices, "也是偷灯")
        target = (await offices.shown(both, named))["number"]
        (await offices.act(both, await link_of(offices, late), "merge", into=target)).problem(422, "invalid-fields")
        other = await offices.asked(li, "又一盏")
        await offices.answered(both, other, "换了新灯。")
        number = (await offices.shown(both, other))["number"]
        (await offices.act(both, await link_of(offices, late), "merge", into=number)).ok()
        read = await late.read()
        assert (read["state"], read["details"]["merged_into"]) == ("merged", {})
        assert [one["text"] for one in read["details"]["answers"]] == ["换了新灯。"]
        assert {row.payload["person"] for row in await OutboxRow.filter(topic="message")} == {"li"}
        assert await Case.filter(person="").count() == 4


async def test_tips_count_in_the_statistics_and_teach_the_suggestion(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        chen = offices.reviewer()
        for number in range(20):
            tip = await tipped(offices, f"示例路第{number}盏路灯坏了")
            await offices.answered(chen, await link_of(offices, tip))
            if number < 5:
                (await tip.act("rate", details={"rating": 5})).ok()
            # As many as a day brings, and not a flood.
            offices.door.platform[FLOOD].items.clear()
        (row,) = (await offices.door.anyone.get("/v1/statistics/appeals")).ok()["items"]
        assert (row["received"], row["answered"], row["on_time_percent"], row["mean_rating"]) == (20, 20, 100, 5.0)
        tip = await tipped(offices, "示例路的路灯坏了")
        suggested = (await offices.shown(chen, await link_of(offices, tip)))["details"]["suggestion"]
        assert (suggested["category"], suggested["unit"]) == ("roads", "east")
        assert "suggestion" not in (await tip.read())["details"]


async def test_a_notice_to_those_who_have_a_case_is_for_nobody_who_sent_a_tip(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        await tipped(offices)
        await offices.asked(offices.door.citizen("li"))
        platform, who = offices.door.platform, (["ask-parks"], ["submitted"])
        assert await count_people(platform, *who) == 1
        assert await people_with_cases(platform, *who, limit=10) == ["li"]


async def test_a_named_person_is_told_that_the_unit_wrote(tmp_path: Path) -> None:
    async with open_tips(tmp_path) as offices:
        li, chen = offices.door.citizen("li"), offices.reviewer()
        link = await offices.asked(li)
        (await offices.act(chen, link, "write", text="请告诉我们时间。")).ok()
        assert "a message to you" in (await offices.told(li))[-1]
        photo = (await li.upload()).created()["id"]
        (await offices.act(li, link, "write", text="昨天", attachments=[photo])).ok()
        case = await offices.shown(chen, link)
        assert case["details"]["anonymous"] is False
        assert [one["by"] for one in case["details"]["messages"]] == ["staff", "citizen"]
        # A picture that came without a name is nobody's who has one.
        stray = (await uploaded(offices, picture())).created()["id"]
        (await offices.act(li, link, "write", text="照片", attachments=[stray])).problem(422, "invalid-fields")
        tip = await tipped(offices)
        own = (await li.upload()).created()["id"]
        (await tip.write("照片", own)).problem(422, "invalid-fields")


# -- with a token, and where tips are not taken ----------------------------------------------------------------------


async def test_who_sends_a_token_along_is_told_to_leave_it_out(tmp_path: Path) -> None:
    async with open_tips(tmp_path) as offices:
        tip = await tipped(offices)
        before = await Case.all().count()
        for person in (offices.door.citizen("li"), offices.reviewer(), offices.door.bearing("nonsense")):
            for path, body in (
                (TIPS, {"answers": {"text": "灯"}}),
                ("/v1/tips/read", {"code": tip.code}),
                ("/v1/tips/actions/withdraw", {"code": tip.code}),
            ):
                told = (await person.post(path, body)).problem(400, "token-not-taken")
                assert "without Authorization" in told["detail"]
            headers = {"Content-Type": "image/jpeg"}
            reply = await person.call("POST", "/v1/tips/pictures", data=picture(), headers=headers)
            reply.problem(400, "token-not-taken")
        assert await Case.all().count() == before
        assert await Attachment.all().count() == 0


async def test_an_item_says_whether_it_is_taken_with_a_name_without_or_both(tmp_path: Path) -> None:
    body = {"answers": {"text": "灯坏了"}}
    links = {"never": {"submit"}, "allowed": {"submit", "tip"}, "always": {"tip"}}
    for anonymous, expected in links.items():
        folder = tmp_path / anonymous
        folder.mkdir()
        async with open_tips(folder, rules=RULES + f'anonymous = "{anonymous}"\n') as offices:
            guide = (await offices.door.anyone.get("/v1/items/ask-parks")).ok()
            assert {"submit", "tip"} & guide["links"].keys() == expected
            assert guide["details"]["anonymous"] == anonymous
            li = offices.door.citizen("li")
            named = await li.post("/v1/items/ask-parks/cases", body)
            unnamed = await offices.door.anyone.post(TIPS, body)
            assert (named.status, unnamed.status) == (
                201 if "submit" in expected else 404,
                201 if "tip" in expected else 404,
            )
            if anonymous == "never":
                case = named.created()
                assert "write" not in {one["action"] for one in case["permitted_actions"]}
                assert "messages" not in (await offices.shown(li, case["links"]["self"]))["details"]
            (await offices.door.anyone.post("/v1/items/no-such/tips", body)).problem(404, "not-found")


async def test_everything_wrong_with_a_tip_is_told_at_once_and_nothing_is_stored(tmp_path: Path) -> None:
    async with open_tips(tmp_path) as offices:
        anyone = offices.door.anyone
        told = (await anyone.post(TIPS, {"answers": {"photo": 7}, "sort": "x", "who": "li"})).problem(
            422, "invalid-fields"
        )
        assert {(one["pointer"], one["code"]) for one in told["problems"]} == {
            ("/answers/text", "required"),
            ("/answers/photo", "type"),
            ("/sort", "enum"),
            ("/who", "additionalProperties"),
        }
        body = {"answers": {"text": "灯", "photo": str(uuid.uuid4())}}
        told = (await anyone.post(TIPS, body)).problem(422, "invalid-fields")
        assert [one["pointer"] for one in told["problems"]] == ["/answers/photo"]
        (await anyone.post(TIPS, {"answers": {"text": "x" * 300_000}})).problem(413, "too-large")
        assert await Case.all().count() == 0


# -- codes -----------------------------------------------------------------------------------------------------------


def test_a_code_has_more_than_a_hundred_bits_of_chance_and_no_sign_that_is_read_as_another() -> None:
    codes = [new_code() for _ in range(500)]
    assert all(re.fullmatch(r"([1-9A-HJKMNP-TV-Z]{4}-){5}[1-9A-HJKMNP-TV-Z]{4}", one) for one in codes)
    assert len({one[:9] for one in codes}) == 500
    assert len(set(SIGNS)) == 31
    assert CHANCE * math.log2(31) > 108
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
        assert read_code(way, "en") == plain


def test_every_slip_of_one_sign_or_two_and_every_swap_is_told() -> None:
    code = new_code().replace("-", "")
    assert read_code(code, "en") == code

    def told(wrong: str) -> bool:
        try:
            return read_code(wrong, "en") != wrong
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
    tmp_path: Path,
) -> None:
    async with open_tips(tmp_path) as offices:
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


async def test_the_code_of_one_tip_opens_no_other_and_no_case_of_a_person(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
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
    monkeypatch.setattr(flood, "WRONG_CODE", 0.4)
    monkeypatch.setattr(flood, "MOST_WRONG", 3)
    async with open_tips(tmp_path) as offices:
        tip = await tipped(offices)

        async def guess() -> tuple[int, float]:
            began = time.monotonic()
            reply = await offices.door.anyone.post("/v1/tips/read", {"code": new_code()})
            if reply.status == 429:
                assert reply.headers["Retry-After"] == "1"
            return reply.status, time.monotonic() - began

        guesses = asyncio.gather(*(guess() for _ in range(12)))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        assert (await tip.read())["state"] == "submitted"
        right = time.monotonic() - began
        outcomes = await guesses
        assert Counter(status for status, _ in outcomes) == {404: 3, 429: 9}
        assert all(0.4 <= took < 0.4 + 2 for status, took in outcomes if status == 404)
        assert right < 0.4
        assert offices.door.platform[FLOOD].wrong_codes == 0


# -- pictures --------------------------------------------------------------------------------------------------------


async def test_a_picture_is_stored_without_what_its_camera_wrote_and_under_no_name(tmp_path: Path) -> None:
    async with open_tips(tmp_path) as offices:
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


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (PDF, "application/pdf", 415, "unsupported-media-type"),
        (PDF, "image/jpeg", 415, "unsupported-media-type"),
        (OFFICE, "image/png", 415, "unsupported-media-type"),
        (HEIC, "image/heic", 415, "unsupported-media-type"),
        (HEIC, "image/jpeg", 415, "unsupported-media-type"),
        (picture("GIF"), "image/gif", 415, "unsupported-media-type"),
        (b"", "image/jpeg", 415, "unsupported-media-type"),
        (picture()[:200], "image/jpeg", 422, "unreadable-picture"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64), "image/png", 422, "unreadable-picture"),
        (bomb(30_000), "image/png", 413, "too-large"),
        (bomb(8_000), "image/png", 413, "too-large"),
        (picture() + bytes(70_000), "image/jpeg", 413, "too-large"),
    ],
    ids=[
        "pdf",
        "pdf-as-jpeg",
        "office",
        "heic",
        "heic-as-jpeg",
        "gif",
        "empty",
        "half",
        "no-png",
        "bomb",
        "big",
        "long",
    ],
)
async def test_what_is_no_picture_or_a_bomb_is_refused_with_what_to_do_and_leaves_nothing(
    tmp_path: Path, content: bytes, media_type: str, status: int, code: str
) -> None:
    async with open_tips(tmp_path, platform={"attachment_limit": 60_000}) as offices:
        told = (await uploaded(offices, content, media_type)).problem(status, code)
        if status == 415:
            assert "Send a screenshot or a photo instead" in told["detail"]
            assert told["accepted"] == ["image/jpeg", "image/png", "image/webp"]
        assert await Attachment.all().count() == 0
        folder = tmp_path / "data" / "attachments"
        assert not folder.exists() or list(folder.iterdir()) == []
        assert offices.door.platform[FLOOD].bytes_held == 0


async def test_a_picture_in_parts_is_counted_while_it_comes(tmp_path: Path) -> None:
    async with open_tips(tmp_path, platform={"attachment_limit": 60_000}) as offices:

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(10_000)

        headers = {**ENGLISH, "Content-Type": "image/jpeg"}
        reply = await offices.door.anyone.call("POST", "/v1/tips/pictures", data=endless(), headers=headers)
        reply.problem(413, "too-large")
        headers["Content-Encoding"] = "gzip"
        reply = await offices.door.anyone.call("POST", "/v1/tips/pictures", data=picture(), headers=headers)
        reply.problem(415, "unsupported-media-type")


async def test_pictures_that_no_tip_uses_are_bounded_all_together_and_leave_after_a_day(
    tmp_path: Path, database: str
) -> None:
    async with open_tips(tmp_path, database=database, platform={"tip_quota": 1}) as offices:
        first = (await uploaded(offices, picture())).created()["id"]
        told = (await uploaded(offices, picture())).problem(429, "too-many-requests")
        assert "pictures later with its code" in told["detail"]
        # Used, it no longer counts.
        tip = await tipped(offices, photo=first)
        (await uploaded(offices, picture())).created()
        offices.later(days=1, seconds=1)
        await tidy(offices.door.platform)
        assert [str(row.id) for row in await Attachment.all()] == [first]
        assert [one["id"] for one in (await tip.read())["attachments"]] == [first]


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
    tmp_path: Path,
) -> None:
    async with open_tips(tmp_path) as offices:
        anyone = offices.door.anyone
        tip = await tipped(offices)
        body = {"answers": {"text": "灯"}}
        replies = await asyncio.gather(*(anyone.post(TIPS, body, headers=ENGLISH) for _ in range(40)))
        counted = Counter(reply.status for reply in replies)
        assert counted.keys() == {201, 429}
        assert 19 <= counted[201] <= 22
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


async def test_pictures_are_throttled_by_number_and_by_what_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_tips(tmp_path) as offices:
        monkeypatch.setattr(flood, "MOST_BYTES", 100)
        (await uploaded(offices, picture())).problem(429, "too-many-requests")
        assert offices.door.platform[FLOOD].bytes_held == 0
        monkeypatch.undo()
        offices.door.platform[FLOOD].pictures._left = 1
        replies = await asyncio.gather(*(uploaded(offices, picture()) for _ in range(6)))
        assert Counter(reply.status for reply in replies)[429] >= 4


# -- leaving ---------------------------------------------------------------------------------------------------------


async def test_a_tip_leaves_with_its_code_and_all_that_came_with_it(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database, platform={"tip_days": 30}) as offices:
        chen, li = offices.reviewer(), offices.door.citizen("li")
        photo = (await uploaded(offices, picture())).created()["id"]
        over, open_still = await tipped(offices, photo=photo), await tipped(offices)
        (await over.write("还有")).ok()
        link = await link_of(offices, over)
        named = await offices.asked(li)
        (await offices.act(chen, named, "merge", into=(await over.read())["number"])).ok()
        await offices.answered(chen, link)
        await offices.door.settled()
        offices.later(days=29)
        assert await forget(offices.door.platform) == 0
        assert (await over.read())["state"] == "answered"
        offices.later(days=2)
        assert await forget(offices.door.platform) == 1
        (await over.call("/v1/tips/read")).problem(404, "unknown-code")
        (await over.write("还在吗")).problem(404, "unknown-code")
        (await chen.get(link)).problem(404, "not-found")
        assert (await open_still.read())["state"] == "submitted"
        assert list((tmp_path / "data" / "attachments").iterdir()) == []
        assert await Letter.all().count() == await Attachment.all().count() == 0
        assert await TipCode.all().count() == 1
        assert {case.person for case in await Case.all()} == {"li", ""}
        # Whoever was answered with it still has the answer.
        details = (await offices.shown(li, named))["details"]
        assert [one["text"] for one in details["answers"]] == ["明天修好。"]
        assert details["merged_into"] == {}
        assert (await offices.shown(chen, named))["details"]["merged_into"] == {}
        assert await forget(offices.door.platform) == 0


async def test_what_is_written_in_the_moment_of_leaving_is_refused_and_not_lost_in_silence(tmp_path: Path) -> None:
    async with open_tips(tmp_path, platform={"tip_days": 30}) as offices:
        tip = await tipped(offices)
        await offices.answered(offices.reviewer(), await link_of(offices, tip))
        offices.later(days=31)
        wrote, gone = await asyncio.gather(tip.write("还有"), forget(offices.door.platform))
        assert (wrote.status, gone) in {(200, 0), (404, 1), (409, 1)}
        assert await Case.all().count() == (1 if wrote.status == 200 else 0)
        assert await Letter.all().count() == (1 if wrote.status == 200 else 0)


async def test_a_leaving_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    async with open_tips(tmp_path, platform={"tip_days": 30}) as offices:
        tip = await tipped(offices)
        (await tip.act("withdraw")).ok()
        offices.later(days=31)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(retention, "CaseEvent", None)
            with pytest.raises(AttributeError):
                await forget(offices.door.platform)
        (await tip.call("/v1/tips/read")).problem(404, "unknown-code")
        assert await forget(offices.door.platform) == 1
        assert await Case.all().count() == await AppealRecord.all().count() == 0


#: A form that can't be filled in without a phone.
PHONE = """anonymous = "always"
[items.form.properties.me]
type = "object"
required = ["phone"]
properties.phone = { type = "string", format = "cn-mobile" }
"""

# -- the declaration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ('anonymous = "sometimes"\n', "'never', 'allowed' or 'always'"),
        ("anonymous = true\n", "'never', 'allowed' or 'always'"),
        ('anonymous = "allowed"\n[items.form.properties.id]\ntype = "string"\nformat = "cn-resident-id"\n', None),
        (PHONE, "/me/phone"),
        ('anonymous = "always"\n[items.messages.answer.title]\nzh-CN = "好"\nen = "Good"\n', "unsent-message"),
    ],
)
async def test_a_declaration_that_names_somebody_in_spite_of_itself_stops_the_start(
    tmp_path: Path, more: str, rule: str | None
) -> None:
    place = write_department(tmp_path, "parks", RULES + more)
    file = place / "items.toml"
    if "/me/" in str(rule):
        file.write_text(file.read_text().replace('required = ["text"]', 'required = ["text", "me"]'))
    if rule is None:
        async with open_door(tmp_path, {"parks": place}):
            return
    with pytest.raises(ConfigurationError, match=re.escape(rule)):
        async with open_door(tmp_path, {"parks": place}):
            pass
