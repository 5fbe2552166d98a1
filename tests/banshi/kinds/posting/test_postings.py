"""Postings: handed in, looked at by a person, public for a while, changed, settled, taken down, over."""

from __future__ import annotations

import asyncio
import base64
import os
import time
import uuid
import zlib
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from PIL import Image

from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.pictures import Picture
from banshi.kinds.posting import scheduler
from banshi.kinds.posting.models import Conversation, PostingRecord
from banshi.kinds.posting.publishing import publication
from banshi.kinds.posting.publishing.publication import folder
from banshi.testing import TINY_PNG, open_door
from tests.readers.pages import pages
from tests.readers.refusals import faults, refused, understood
from tests.town.parts import BAG, POSTINGS, postings
from tests.town.town import ENGLISH, Town, open_town, picture, written

# -- handing in ------------------------------------------------------------------------------------------------------


async def test_a_posting_is_a_case_that_nobody_sees_before_a_person_has_looked_at_it(
    offices: Town, database: str
) -> None:
    li = offices.door.citizen("li")
    case = (await offices.post(li, key="once")).created()
    assert (await offices.post(li, key="once")).created() == case
    assert (case["state"], case["deadline"]["due_on"]) == ("submitted", "2026-09-03")
    assert case["details"]["is_public"] is False
    assert await offices.listed() == []
    (await offices.door.anyone.get(f"/v1/postings/{case['id']}")).problem(404, "not-found")
    moderator = offices.moderator()
    assert [one["id"] for one in (await moderator.get("/v1/worklist")).ok()["items"]] == [case["id"]]
    (await offices.act(moderator, case["links"]["self"], "publish", "祝早日找到")).ok()
    assert await offices.listed() == [case["id"]]
    assert (await moderator.get("/v1/worklist")).ok()["items"] == []
    assert await offices.told(li) == [
        "Received, to be checked: Lost and found",
        "Published: Lost and found",
    ]
    body = (await offices.inbox(li))[-1]["body"]
    assert "1 October 2026" in body
    assert "祝早日找到" in body
    events = await CaseEvent.filter(case_id=case["id"]).order_by("version").values_list("action", "actor_id")
    assert events == [("submit", "li"), ("register", ""), ("publish", "wang")]
    assert await Case.all().count() == await PostingRecord.all().count() == 1


async def test_what_is_public_says_nothing_of_whose_it_is(offices: Town) -> None:
    li = offices.door.citizen("li", name="李示例")
    receipt = (await li.upload()).created()["id"]
    identity = await offices.published(li, receipt=receipt, brand="Sample")
    answer = await offices.door.anyone.get(f"/v1/postings/{identity}", headers=ENGLISH)
    document = answer.ok()
    assert document == {
        "id": identity,
        "item": {"code": "things-parks", "title": "Lost and found"},
        "department": "parks",
        "sort": "lost",
        "sort_title": "Lost",
        "title": "黑色双肩包",
        "text": BAG["about"],
        "day": "2026-08-30",
        "division": "510703",
        "place": "示例路公交站",
        "category": "bag",
        "facts": [
            {"title": "Colour", "value": "Black"},
            {"title": "Brand", "value": "Sample"},
            {"title": "Category", "value": "A bag"},
        ],
        "photos": [],
        "published_at": "2026-09-01T12:00:00.000+08:00",
        "expires_at": "2026-10-01T12:00:00.000+08:00",
        "links": {**document["links"], "self": f"/v1/postings/{identity}"},
    }
    number = (await Case.get(id=identity)).number
    for secret in (b"13800000000", "李示例".encode(), b'"li"', receipt.encode(), number.encode()):
        assert secret not in answer.body
    again = await offices.door.anyone.get(
        f"/v1/postings/{identity}", headers={**ENGLISH, "If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status, again.body) == (304, b"")
    assert answer.headers["Cache-Control"] == "no-cache"


#: A field, what somebody writes into it, and what is not to become public of that.
PRIVATE = [
    ("about", "请打13800000000", "phone"),
    ("about", "请打 138-0000 0000", "phone"),
    ("about", "请打１３８００００００００", "phone"),
    ("about", "请打一三八零零零零零零零零", "phone"),
    ("about", "+86 138 0000 0000 thank you", "phone"),
    ("about", "打13800000000abc", "phone"),
    ("thing", "包 010-12345678", "phone"),
    ("place", "车站，电话：8765432", "phone"),
    ("about", "加微信：sample_2026", "phone"),
    ("brand", "a@example.org", "email"),
    ("about", "写信给 nobody ＠ example . org", "email"),
    ("about", "证号11010519491231002X", "document-number"),
    ("about", "证号110105 19491231 002x", "document-number"),
    ("about", "旧证110105491231002", "document-number"),
    ("about", "护照E12345678", "document-number"),
    ("about", "卡号4111 1111 1111 1111", "document-number"),
    ("about", "串号490154203237518", "document-number"),
    ("about", "请打138\x7f0000\x0b0000", "phone"),
    ("about", "请打138\u200b0000\u200d0000\ufeff", "phone"),
    ("about", "请打1\ufe0f\u20e33\ufe0f\u20e38\ufe0f\u20e3" + "0\ufe0f\u20e3" * 8, "phone"),
    ("about", "请打①③⑧" + "⓪" * 8, "phone"),
    ("about", "请打❶❸❽" + "⓿" * 8, "phone"),
    ("about", "请打١٣٨" + "٠" * 8, "phone"),
    ("about", "价5.13800000000", "phone"),
    ("about", "2026 13800000000", "phone"),
    ("about", "1250 13800000000", "phone"),
    ("about", "13800000000 5", "phone"),
    ("about", "5 010-12345678", "phone"),
    ("about", "5 4111 1111 1111 1111", "document-number"),
    ("about", "5 110105\u00ad19491231002X", "document-number"),
]


async def test_numbers_and_addresses_do_not_become_public(offices: Town) -> None:
    li = offices.door.citizen("li")
    replies = {text: await offices.post(li, **{field: text}) for field, text, _ in PRIVATE}
    assert [text for text, reply in replies.items() if reply.status != 422] == []
    told = {text: faults(reply) for text, reply in replies.items()}
    assert told == {text: [(f"/answers/{field}", code)] for field, text, code in PRIVATE}
    assert [text for text, reply in replies.items() if text in str(reply.document)] == []
    assert await Case.all().count() == 0


#: Days, prices and sizes.
NOBODYS = [
    "2026-08-30至2026-09-01，下午14:30到15:00之间，3号线10站",
    "钱包里有1200.50元和2张票，购于2026年8月30日",
    "苹果手机15部之一，128GB，型号A2223",
    "lost my phone 3 days ago near gate 12, WeChat was open",
    "编号前四位1234，后四位5678",
    "尺码 38 39 40 41 42，价格 1200 1350 1499",
    "2026 年 8 月 30 日 14 点 30 分，K1234 次 5 车 12 座",
    "Café\u0301 门口，①号柜台",
]


async def test_days_prices_and_sizes_are_no_numbers_of_anybody(offices: Town) -> None:
    li = offices.door.citizen("li")
    replies = {text: await offices.post(li, about=text) for text in NOBODYS}
    assert [(text, reply.document) for text, reply in replies.items() if reply.status != 201] == []


async def test_a_number_among_the_facts_does_not_become_public(tmp_path: Path) -> None:
    rules = POSTINGS + '[[items.posting.facts]]\nfield = "/size"\ntitle = { zh-CN = "尺寸", en = "Size" }\n'
    rules += '[items.form.properties.size]\ntype = "integer"\n'
    async with open_town(tmp_path, postings(rules)) as offices:
        li = offices.door.citizen("li")
        assert faults(await offices.post(li, size=13800000000)) == [("/answers/size", "phone")]
        (await offices.post(li, size=42)).created()


async def test_every_rule_that_is_broken_is_told_and_nothing_is_stored(offices: Town) -> None:
    li = offices.door.citizen("li")
    for changes, pointer, code in (
        ({"division": "999999"}, "/division", "format"),
        ({"division": "绵阳"}, "/division", "format"),
        ({"day": "2026-02-30"}, "/day", "format"),
        ({"sort": "missing-person"}, "/sort", "enum"),
        ({"sort": None}, "/sort", "required"),
        ({"thing": "x" * 61}, "/thing", "maxLength"),
        ({"reward": 5}, "/reward", "additionalProperties"),
        ({"photos": ["00000000-0000-4000-8000-000000000000"]}, "/photos/0", "attachment"),
    ):
        assert faults(await offices.post(li, **changes)) == [(f"/answers{pointer}", code)]
    path = "/v1/items/things-parks/postings"
    told = faults(await li.post(path, {"answers": {}, "note": 1}))
    assert {("/note", "additionalProperties"), ("/answers/thing", "required")} <= set(told)
    (await li.post(path, {})).problem(422, "invalid-fields")
    (await li.post("/v1/items/no-such/postings", {"answers": BAG})).problem(404, "not-found")
    (await offices.door.anyone.post(path, {"answers": BAG})).problem(401, "unauthenticated")
    (await offices.moderator().post(path, {"answers": BAG})).problem(403, "forbidden")
    # It begins as a posting and in no other way.
    (await li.post("/v1/items/things-parks/cases", {"answers": BAG})).problem(404, "not-found")
    assert await Case.all().count() == await PostingRecord.all().count() == 0


async def test_markup_stays_the_text_that_it_is(offices: Town) -> None:
    evil = "<script>alert(1)</script><b>包</b> {item} \u202e\x07"
    identity = await offices.published(offices.door.citizen("li"), about=evil, thing="</title>\t包")
    answer = await offices.door.anyone.get(f"/v1/postings/{identity}")
    assert answer.headers["Content-Type"] == "application/json"
    # Signs that turn or hide what follows are not shown to anybody.
    assert answer.ok()["text"] == "<script>alert(1)</script><b>包</b> {item}"
    assert answer.ok()["title"] == "</title> 包"


OWN = """
from banshi import FieldProblem, Posting, hookimpl


class Own(Posting):
    async def validate(self, submission):
        if submission.answers["thing"] == "boom":
            raise RuntimeError("secret")
        return [FieldProblem("/thing", "Not here.", "elsewhere")] if submission.answers["thing"] == "elsewhere" else []


@hookimpl
def banshi_handlers():
    return {"things-parks": Own()}
"""


async def test_a_department_s_own_check_is_asked_and_its_failure_stores_nothing(tmp_path: Path) -> None:
    (written(tmp_path, postings(POSTINGS, "parks"))["parks"] / "__init__.py").write_text(OWN)
    async with open_town(tmp_path, postings()) as offices:
        li = offices.door.citizen("li")
        assert faults(await offices.post(li, thing="elsewhere")) == [("/answers/thing", "elsewhere")]
        failed = (await offices.post(li, thing="boom")).problem(502, "department-failed")
        assert "secret" not in str(failed)
        assert await Case.all().count() == 0
        (await offices.post(li)).created()


async def test_a_photo_whose_file_is_gone_is_to_be_uploaded_again(offices: Town) -> None:
    li = offices.door.citizen("li")
    gone = (await li.upload(picture())).created()["id"]
    (offices.door.platform.settings.attachments_folder / gone).unlink()
    assert faults(await offices.post(li, photos=[gone])) == [("/answers/photos/0", "picture")]


# -- photos ----------------------------------------------------------------------------------------------------------


async def test_a_photo_is_shown_without_what_the_camera_wrote_and_only_while_it_is_public(offices: Town) -> None:
    li, anyone = offices.door.citizen("li"), offices.door.anyone
    tags = Image.Exif()
    tags[0x0112], tags[0x010E] = 6, "SECRET-PLACE"
    original = picture(size=(3200, 100), exif=tags) + b"SECRET-PLACE"
    first = (await li.upload(original, "a.jpg")).created()["id"]
    second = (await li.upload(picture(form="WEBP"), "b.webp")).created()["id"]
    case = (await offices.post(li, photos=[first, second])).created()
    address = f"/v1/postings/{case['id']}/photos/1"
    (await anyone.get(address)).problem(404, "not-found")
    (await offices.act(offices.moderator(), case["links"]["self"], "publish")).ok()
    shown = (await anyone.get(f"/v1/postings/{case['id']}")).ok()["photos"]
    assert [(one["href"], one["width"], one["height"]) for one in shown] == [
        (address, 50, 1600),
        (address.replace("photos/1", "photos/2"), 64, 48),
    ]
    answer = await anyone.get(address)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert b"SECRET" not in answer.body
    shown_at = Image.open(BytesIO(answer.body))
    assert (shown_at.size, dict(shown_at.getexif())) == ((50, 1600), {})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age=60" in answer.headers["Cache-Control"]
    assert (await anyone.get(address, headers={"If-None-Match": answer.headers["ETag"]})).status == 304
    for wrong in ("0", "3", "99", "x", "..", "1%2f..", "-1"):
        assert (await anyone.get(f"/v1/postings/{case['id']}/photos/{wrong}")).status == 404
    # The file itself is its owner's, and that of staff in charge.
    assert (await anyone.get(f"/v1/attachments/{first}")).status == 401
    (await offices.act(li, case["links"]["self"], "resolve")).ok()
    (await anyone.get(address)).problem(404, "not-found")


def bomb() -> bytes:
    """A PNG that says it is 7,000 points wide and high: more than what is drawn anew may have."""
    whole = bytearray(picture("PNG", (8, 8)))
    whole[16:24] = (7_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    return bytes(whole)


NO_PHOTOS = {
    "half a PNG": TINY_PNG,
    "PDF": b"%PDF-1.7\n%",
    "half a JPEG": picture()[:200],
    "bomb": bomb(),
    "HEIC": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1",
}


async def test_what_is_no_picture_is_refused_at_its_field_and_leaves_nothing(offices: Town) -> None:
    li = offices.door.citizen("li")
    good, *bad = [(await li.upload(content)).created()["id"] for content in (picture(), *NO_PHOTOS.values())]
    told = [faults(await offices.post(li, photos=[good, one])) for one in bad]
    assert dict(zip(NO_PHOTOS, told, strict=True)) == {name: [("/answers/photos/1", "picture")] for name in NO_PHOTOS}
    assert await Case.all().count() == 0
    assert await Attachment.filter(case_id=None).count() == 1 + len(bad), "all can still be used"
    (await offices.post(li, photos=[good], receipt=bad[0])).created()


async def test_an_empty_file_and_somebody_else_s_are_no_photos(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    (await li.upload(b"")).problem(415, "unsupported-media-type")
    theirs = (await sun.upload(picture())).created()["id"]
    (await offices.post(li, photos=[theirs])).problem(422, "invalid-fields")
    (await offices.post(sun, photos=[theirs])).created()
    (await offices.post(sun, photos=[theirs])).problem(422, "invalid-fields")


def test_a_photo_that_two_requests_clean_at_once_is_stored_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, cleaned = Path.rename, Picture(b"whole", "image/jpeg", 1, 1)

    def meanwhile(part: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        publication._store(tmp_path, "photo", cleaned)
        return rename(part, target)

    monkeypatch.setattr(Path, "rename", meanwhile)
    publication._store(tmp_path, "photo", cleaned)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"photo": b"whole"}


def test_a_file_that_goes_while_old_ones_are_looked_for_ends_no_round(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "gone.part").symlink_to(tmp_path / "nothing")
    assert scheduler._old_files(tmp_path, time.time() + 60) == ["old"]


async def test_photos_go_when_nobody_needs_them_any_more(offices: Town) -> None:
    li, platform = offices.door.citizen("li"), offices.door.platform
    files = [(await li.upload(picture())).created()["id"] for _ in range(3)]
    kept = await offices.published(li, photos=[files[0]])
    over = await offices.published(li, photos=[files[1]])
    bad = (await li.upload(TINY_PNG)).created()["id"]
    (await offices.post(li, photos=[files[2], bad])).problem(422, "invalid-fields")
    (await offices.act(li, f"/v1/cases/{over}", "resolve")).ok()
    place = folder(platform)
    (place / "half.part").write_bytes(b"x")
    await scheduler.clear_photos(platform)
    assert {one.name for one in place.iterdir()} == {*files, "half.part"}
    for one in place.iterdir():
        os.utime(one, (time.time() - 90_000,) * 2)
    await scheduler.clear_photos(platform)
    assert {one.name for one in place.iterdir()} == set(files[:2])
    offices.later(days=29)
    await scheduler.clear_photos(platform)
    assert {one.name for one in place.iterdir()} == set(files[:2])
    offices.later(days=2)
    await scheduler.clear_photos(platform)
    assert {one.name for one in place.iterdir()} == {files[0]}
    assert kept


# -- moderation ------------------------------------------------------------------------------------------------------


async def test_a_moderator_asks_for_a_change_refuses_or_takes_down_and_the_poster_hears_why(offices: Town) -> None:
    li, moderator = offices.door.citizen("li"), offices.moderator()
    case = (await offices.post(li)).created()
    link = case["links"]["self"]
    (await offices.act(moderator, link, "return")).problem(422, "invalid-fields")
    (await offices.act(moderator, link, "return", "请写明颜色")).ok()
    (await offices.act(moderator, link, "publish")).problem(409, "action-not-permitted")
    changed = {**BAG, "thing": "黑色书包"}
    wrong = {"answers": {**changed, "about": "电话13800000000"}}
    assert faults(await offices.act(li, link, "supplement", **wrong)) == [("/answers/about", "phone")]
    (await offices.act(li, link, "supplement", answers={**changed, "photos": []})).ok()
    (await offices.act(moderator, link, "publish")).ok()
    assert (await offices.door.anyone.get(f"/v1/postings/{case['id']}")).ok()["title"] == "黑色书包"
    # What is public already can be asked to be changed too, and is hidden until then.
    (await offices.act(moderator, link, "return", "照片里有车牌")).ok()
    assert await offices.listed() == []
    fresh = (await li.upload(picture())).created()["id"]
    (await offices.act(li, link, "supplement", answers={**changed, "photos": [fresh]})).ok()
    (await offices.act(moderator, link, "publish")).ok()
    assert len((await offices.door.anyone.get(f"/v1/postings/{case['id']}")).ok()["photos"]) == 1
    (await offices.act(moderator, link, "take-down", "与事实不符")).ok()
    assert await offices.listed() == []
    (await offices.act(li, link, "extend")).problem(409, "action-not-permitted")
    other = (await offices.post(li)).created()
    (await offices.act(moderator, other["links"]["self"], "refuse", "属于广告")).ok()
    inbox = await offices.inbox(li)
    for reason in ("请写明颜色", "照片里有车牌", "与事实不符", "属于广告"):
        assert [reason in one["body"] for one in inbox].count(True) == 1


async def test_nobody_but_the_moderators_in_charge_publishes(offices: Town) -> None:
    li = offices.door.citizen("li")
    case = (await offices.post(li)).created()
    link = case["links"]["self"]
    for stranger in (offices.moderator("zhao", "works"), offices.moderator("qian", unit="/other")):
        (await offices.act(stranger, link, "publish")).problem(404, "not-found")
        (await stranger.get(link)).problem(404, "not-found")
        assert (await stranger.get("/v1/worklist")).ok()["items"] == []
    (await offices.act(offices.door.citizen("sun"), link, "withdraw")).problem(404, "not-found")
    (await offices.act(li, link, "publish")).problem(409, "action-not-permitted")
    # A role of the house that has no part in postings.
    (await offices.act(offices.door.staff("clerk", "parks:clerk"), link, "publish")).problem(404, "not-found")
    # Nobody publishes what is their own.
    (await offices.act(offices.door.staff("li", "parks:reviewer"), link, "publish")).problem(
        409, "action-not-permitted"
    )
    assert await offices.listed() == []


async def test_of_a_moderator_who_publishes_and_a_poster_who_withdraws_at_once_one_wins(
    offices: Town, database: str
) -> None:
    li, moderator = offices.door.citizen("li"), offices.moderator()
    for _ in range(5):
        case = (await offices.post(li)).created()
        await asyncio.gather(
            offices.act(moderator, case["links"]["self"], "publish"),
            offices.act(li, case["links"]["self"], "withdraw"),
        )
        state = (await offices.shown(li, case["id"]))["state"]
        assert (case["id"] in await offices.listed()) == (state == "published")


# -- its time --------------------------------------------------------------------------------------------------------


async def test_a_posting_ends_at_its_time_after_a_reminder_and_one_extension(offices: Town, database: str) -> None:
    li = offices.door.citizen("li")
    identity = await offices.published(li)
    link = f"/v1/cases/{identity}"
    await offices.look()
    offices.later(days=22, hours=23)
    await offices.look()
    assert (await offices.told(li))[-1] == "Published: Lost and found"
    offices.later(hours=2)
    await asyncio.gather(offices.look(), offices.look())
    assert sum("Ends soon" in one for one in await offices.told(li)) == 1
    (await offices.act(li, link, "extend")).ok()
    (await offices.act(li, link, "extend")).problem(409, "conflict")
    details = (await offices.shown(li, identity))["details"]
    assert (details["is_extended"], details["expires_at"][:10]) == (True, "2026-10-31")
    offices.later(days=31)
    await offices.look()
    assert (await offices.told(li))[-1] == "Ends soon: Lost and found"
    offices.later(days=7)
    # Nobody has cleared it away yet, and nobody sees it any more.
    assert await offices.listed() == []
    (await offices.door.anyone.get(f"/v1/postings/{identity}")).problem(404, "not-found")
    await asyncio.gather(offices.look(), offices.look())
    assert (await offices.shown(li, identity))["state"] == "expired"
    assert sum("No longer public" in one for one in await offices.told(li)) == 1
    (await offices.act(li, link, "extend")).problem(409, "action-not-permitted")


@pytest.mark.parametrize("was_public", [True, False])
async def test_what_was_returned_ends_where_its_poster_does_not_come_back(
    offices: Town, database: str, was_public: bool
) -> None:
    """With its photos and conversations, after as many days as it could be public."""
    li, moderator = offices.door.citizen("li"), offices.moderator()
    upload = (await li.upload(picture())).created()["id"]
    link = (await offices.post(li, photos=[upload])).created()["links"]["self"]
    identity = link.rpartition("/")[2]
    if was_public:
        (await offices.act(moderator, link, "publish")).ok()
        sun = offices.door.citizen("sun")
        (await sun.post(f"/v1/postings/{identity}/conversations", {"text": "在我这里"})).created()
    offices.later(days=20)
    (await offices.act(moderator, link, "return", "请改")).ok()
    assert "before 21 October 2026" in (await offices.inbox(li))[-1]["body"]
    offices.later(days=29)
    await offices.look()
    assert (await offices.shown(li, identity))["state"] == "returned"
    offices.later(days=1)
    await asyncio.gather(offices.look(), offices.look())
    assert (await offices.shown(li, identity))["state"] == "expired"
    assert sum("No longer public" in one for one in await offices.told(li)) == 1
    (await offices.act(li, link, "supplement", answers=BAG)).problem(409, "action-not-permitted")
    offices.later(days=31)
    await scheduler.forget_conversations(offices.door.platform)
    assert await Conversation.all().count() == 0
    old = time.time() - 2 * scheduler.UNUSED_FILE_S
    os.utime(folder(offices.door.platform) / upload, (old, old))
    await scheduler.clear_photos(offices.door.platform)
    assert list(folder(offices.door.platform).iterdir()) == []


async def test_what_is_wrong_with_a_change_is_told_in_the_poster_s_language(offices: Town) -> None:
    li, moderator = offices.door.citizen("li"), offices.moderator()
    link = (await offices.post(li)).created()["links"]["self"]
    (await offices.act(moderator, link, "return", "请改")).ok()
    upload = (await li.upload(b"%PDF-1.7\n")).created()["id"]
    for wrong in ({"about": "13800000000"}, {"thing": ""}, {"photos": [upload]}, {"day": "2027-01-01"}):
        body = {"answers": {**BAG, **wrong}}
        for language, least in (("en", 0), ("zh-CN", 5)):
            reply = await li.post(f"{link}/actions/supplement", body, headers={"Accept-Language": language})
            (problem,) = reply.problem(422, "invalid-fields")["problems"]
            assert sum("\u4e00" <= sign <= "\u9fff" for sign in problem["detail"]) >= least
            assert problem["detail"].isascii() == (language == "en"), problem


async def test_what_was_changed_in_time_waits_for_staff_as_long_as_they_take(offices: Town) -> None:
    li, moderator = offices.door.citizen("li"), offices.moderator()
    identity = await offices.published(li)
    link = f"/v1/cases/{identity}"
    (await offices.act(moderator, link, "return", "请改")).ok()
    (await offices.act(li, link, "supplement", answers=BAG)).ok()
    offices.later(days=90)
    await offices.look()
    assert (await offices.shown(li, identity))["state"] == "submitted"
    (await offices.act(moderator, link, "publish")).ok()
    assert await offices.listed() == [identity]


async def test_what_has_run_out_is_not_extended_though_nobody_has_cleared_it_away(offices: Town) -> None:
    li = offices.door.citizen("li")
    identity = await offices.published(li)
    offices.later(days=30)
    (await offices.act(li, f"/v1/cases/{identity}", "extend")).problem(409, "conflict")


async def test_what_is_shown_for_a_day_is_not_called_over_when_it_begins(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings(POSTINGS.replace("days = 30", "days = 1"))) as offices:
        li = offices.door.citizen("li")
        await offices.published(li)
        await offices.look()
        assert (await offices.told(li))[-1] == "Published: Lost and found"
        offices.later(hours=12)
        await offices.look()
        assert (await offices.told(li))[-1] == "Ends soon: Lost and found"


@pytest.mark.parametrize("action", ["resolve", "withdraw"])
async def test_its_poster_ends_it_and_nobody_else(offices: Town, action: str) -> None:
    li = offices.door.citizen("li")
    identity = await offices.published(li)
    link = f"/v1/cases/{identity}"
    (await offices.act(offices.door.citizen("sun"), link, action)).problem(404, "not-found")
    (await offices.act(li, link, action)).ok()
    assert await offices.listed() == []
    assert (await offices.shown(li, identity))["details"]["links"] == {}


# -- the public list -------------------------------------------------------------------------------------------------


async def test_the_list_is_filtered_and_read_page_by_page_the_newest_first(offices: Town, database: str) -> None:
    li = offices.door.citizen("li")
    ids = []
    for number in range(7):
        ids.append(await offices.published(li, thing=f"雨伞{number}", about="蓝色长柄"))
        offices.later(minutes=number % 2)  # some in the very same moment
    found = await offices.published(li, sort="found", thing="Red wallets", category=None, division="510104")
    works = await offices.published(li, department="works", thing="钱包", category="pet", division="110101")
    everything = [works, found, *reversed(ids)]
    assert await offices.listed() == everything
    assert [one["id"] for one in await pages(offices.door.anyone, "/v1/postings?limit=2")] == everything
    assert await offices.listed(sort="found") == [found]
    assert await offices.listed(sort="missing-person") == []
    assert await offices.listed(department="works") == await offices.listed(item="things-works") == [works]
    assert await offices.listed(item="no-such") == []
    assert await offices.listed(category="pet") == [works]
    assert await offices.listed(area="51") == everything[1:]
    assert await offices.listed(area="5101") == await offices.listed(area="510104") == [found]
    assert await offices.listed(q="wallet") == await offices.listed(q="RED Wallet") == [found]
    assert await offices.listed(q="钱包") == [works]
    assert await offices.listed(q="雨伞3") == [ids[3]]
    assert await offices.listed(q="蓝色 长柄", area="5107") == list(reversed(ids))
    assert await offices.listed(q="x_x") == []
    since = (await offices.door.anyone.get(f"/v1/postings/{ids[5]}")).ok()["published_at"]
    assert await offices.listed(since=since) == everything[: everything.index(ids[4]) + 1]


GARBLED: list[dict[str, str]] = [
    {"cursor": "x"},
    {"cursor": "////"},
    {"cursor": "MjAyNi0wOS0wMQ"},
    {"cursor": "MjAyNi0wOS0wMVQwMDowMDowMC94"},
    {"cursor": "é"},
    {"limit": "0"},
    {"limit": "101"},
    {"sort": "stolen"},
    {"area": "5"},
    {"area": "51070"},
    {"area": "9107"},
    {"area": "51%"},
    {"area": "5107031"},
    {"since": "yesterday"},
    {"since": "9999-12-31T23:59:59-14:00"},
    {"since": "0001-01-01T00:00:00+14:00"},
    {"cursor": base64.urlsafe_b64encode(f"9999-12-31T23:59:59-14:00/{uuid.UUID(int=7)}".encode()).decode()},
    {"since": "2026-09-01"},
    {"since": "2026-13-01T00:00:00Z"},
    {"q": ""},
    {"q": "%"},
    {"q": "！？"},
    {"q": "x" * 101},
    {"item": "'; DROP TABLE posting"},
    {"person": "li"},
]


async def test_a_garbled_question_is_told_what_would_be_right(offices: Town) -> None:
    assert await understood(offices.door.anyone, [f"/v1/postings?{urlencode(query)}" for query in GARBLED]) == {}


async def test_an_id_that_is_none_is_not_found(offices: Town) -> None:
    for wrong in ("x", "00000000-0000-4000-8000-000000000000", "%00", "1' OR 1=1"):
        assert (await offices.door.anyone.get(f"/v1/postings/{wrong}")).status == 404


# -- its declaration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "rule", "words"),
    [
        (POSTINGS.replace('title = "/thing"', ""), "nothing-published", "items.posting.title"),
        (POSTINGS.replace('texts = ["/about"]', ""), "nothing-published", "items.posting.texts"),
        (POSTINGS.replace('sort = "/sort"', ""), "unknown-sort", "items.posting.sort"),
        (POSTINGS.replace('sorts = ["lost", "found"]', 'sorts = ["lost"]'), "unknown-sort", "the enum"),
        (POSTINGS.replace('"/place"', '"/plaice"'), "unknown-field", "'/plaice'"),
        (POSTINGS.replace('"/brand"', '"brand"'), "unknown-field", "'brand'"),
        (POSTINGS.replace('day = "/day"', 'day = "/place"'), "not-a-date", '"format": "date"'),
        (POSTINGS.replace('"/division"', '"/place"'), "not-a-division", "cn-division"),
        (POSTINGS.replace('"/photos"', '"/place"'), "not-a-photo", "x-attachment"),
        (POSTINGS.replace('texts = ["/about"]', 'texts = ["/photos"]'), "not-a-text", "texts[0]"),
        (POSTINGS.replace('place = "/place"', 'place = "/receipt"'), "not-a-text", "place"),
        (POSTINGS.replace('\nfield = "/colour"', '\nfield = "/photos"'), "not-a-text", "facts[0]"),
        (POSTINGS.replace("days = 30", "days = 0"), "wrong-value", "days"),
        (POSTINGS.replace("days = 30", "days = 9999"), "wrong-value", "days"),
        (POSTINGS.replace('["lost", "found"]', '["lost", "lost"]'), "wrong-value", "each of its sorts once"),
        (POSTINGS.replace('["lost", "found"]', '["stolen"]'), "wrong-value", "sorts"),
        (POSTINGS.replace("days = 30", "days = 30\nprice = 3"), "wrong-value", "price"),
    ],
)  # fmt: skip
async def test_a_declaration_that_cannot_be_published_stops_the_start(
    tmp_path: Path, rules: str, rule: str, words: str
) -> None:
    place = written(tmp_path, postings(rules, "parks"))["parks"]
    told = await refused(open_door(tmp_path, {"parks": place}))
    assert any(one.rule == rule and words in one.advice for one in told.findings), told


async def test_a_posting_without_a_form_or_with_an_open_one_stops_the_start(tmp_path: Path) -> None:
    place = written(tmp_path, postings(POSTINGS, "parks"))["parks"]
    text = (place / "items.toml").read_text()
    begins, ends = text.index("[items.form]"), text.index("[items.posting]")
    for changed, rule in (
        (text[:begins] + text[ends:], "no-form"),
        (text.replace("additionalProperties = false", ""), "open-form"),
    ):
        (place / "items.toml").write_text(changed)
        told = await refused(open_door(tmp_path, {"parks": place}))
        assert {one.rule for one in told.findings} == {rule}
