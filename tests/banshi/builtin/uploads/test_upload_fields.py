"""An upload that says for which field it is: refused before it is read, and told what the field is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.forms import Form
from banshi.kernel.tables.attachments import Attachment
from banshi.testing import TINY_PNG, Door, Person, Reply, open_door
from tests.town.departments import FILE, both, department, item, write

ENGLISH = {"Accept-Language": "en"}
PDF = b"%PDF-1.7\n" + b"0" * 2_000

FIELDS = {
    "where": {"type": "string"},
    "plan": {
        **FILE,
        "title": both("图纸", "Plan"),
        "x-accepts": ["application/pdf"],
        "x-shows": both("位置", "Where it stands"),
    },
    "photos": {
        "type": "array",
        "title": both("照片", "Photos"),
        "maxItems": 3,
        "items": {**FILE, "x-accepts": ["image/png", "image/jpeg"]},
    },
    "other": {"type": "object", "additionalProperties": False, "properties": {"a/b": FILE}},
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"parks": write(tmp_path, department() + item(fields=FIELDS))}) as opened:
        yield opened


async def sent(person: Person, content: bytes, key: str = "", **where: str) -> Reply:
    """The answer to a file that says where it goes."""
    boundary = "b-o-u-n-d"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}", **ENGLISH}
    return await person.call(
        "POST", "/v1/attachments", data=body, params=where, headers=kind | ({"Idempotency-Key": key} if key else {})
    )


async def test_the_answer_says_what_the_field_is_for(door: Door) -> None:
    wang = door.citizen("wang")
    document = (await sent(wang, PDF, item="bench", field="/plan")).created()
    assert document["item"] == {"code": "bench", "title": "Bench"}
    assert document["field"] == {
        "pointer": "/plan",
        "title": "Plan",
        "shows": "Where it stands",
        "accepts": ["application/pdf"],
    }
    photo = (await sent(wang, TINY_PNG, item="bench", field="/photos")).created()
    assert (photo["field"]["title"], photo["field"]["shows"]) == ("Photos", None)
    deep = (await sent(wang, PDF, item="bench", field="/other/a~1b")).created()
    assert "image/heic" in deep["field"]["accepts"]
    answers = {"plan": document["id"], "photos": [photo["id"]], "other": {"a/b": deep["id"]}}
    (await wang.post("/v1/items/bench/begin", {"answers": answers})).created()


async def test_without_a_field_any_file_is_taken_and_nothing_is_said_of_one(door: Door) -> None:
    document = (await sent(door.citizen("wang"), PDF)).created()
    assert not {"item", "field"} & document.keys()


async def test_a_field_that_takes_no_file_is_told_before_the_file_is_read(door: Door) -> None:
    for where, parameter in (
        ({"item": "bench"}, "field"),
        ({"field": "/plan"}, "item"),
        ({"item": "nothing", "field": "/plan"}, "item"),
        ({"item": "x" * 65, "field": "/plan"}, "item"),
        ({"item": "bench", "field": ""}, "field"),
        ({"item": "bench", "field": "plan"}, "field"),
        ({"item": "bench", "field": "/where"}, "field"),
        ({"item": "bench", "field": "/photos/0"}, "field"),
        ({"item": "bench", "field": "/other"}, "field"),
        ({"item": "bench", "field": "/other/a/b"}, "field"),
        ({"item": "bench", "field": "/" * 1001}, "field"),
        ({"item": "bench", "field": "/plan\0"}, "field"),
    ):
        told = (await sent(door.citizen("wang"), b"no file at all", **where)).problem(400, "invalid-parameter")
        assert told["parameter"] == parameter, where
        assert await Attachment.all().count() == 0


async def test_a_field_that_was_meant_is_named(door: Door) -> None:
    told = (await sent(door.citizen("wang"), PDF, item="bench", field="/photo")).problem(400, "invalid-parameter")
    assert "/photos" in told["detail"]


async def test_a_file_of_another_type_is_refused_and_leaves_nothing(door: Door) -> None:
    folder = door.platform.settings.attachments_folder
    others = [(one, "/photos") for one in (PDF[:9] + b"1", b"", b"GIF89a", b"\xff" * 100_000)]
    for content, field in ((TINY_PNG, "/plan"), *others):
        reply = await sent(door.citizen("wang"), content, item="bench", field=field)
        told = reply.problem(415, "unsupported-media-type")
        assert told["field"] == field
        assert set(told["accepted"]) <= {"application/pdf", "image/png", "image/jpeg"}
        assert await Attachment.all().count() == 0
        assert not folder.exists() or not [one for one in folder.iterdir() if one.is_file()]


async def test_a_file_that_is_too_large_is_refused_by_its_length_alone(door: Door) -> None:
    limit = door.platform.settings.attachment_limit
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    told = await door.citizen("wang").call(
        "POST",
        "/v1/attachments",
        data=b"x" * (limit + 10_000),
        params={"item": "bench", "field": "/plan"},
        headers=kind,
    )
    assert told.problem(413, "too-large")["limit"] == limit


async def test_answers_with_a_file_of_another_type_than_the_field_takes_are_told_at_that_field(door: Door) -> None:
    wang = door.citizen("wang")
    pdf, png = [(await sent(wang, content)).created()["id"] for content in (PDF, TINY_PNG)]
    body = {"answers": {"plan": png, "photos": [pdf]}}
    told = (await wang.post("/v1/items/bench/begin", body, headers=ENGLISH)).problem(422, "invalid-fields")
    assert {(one["pointer"], one["code"]) for one in told["problems"]} == {
        ("/answers/plan", "attachment-type"),
        ("/answers/photos/0", "attachment-type"),
    }
    assert "application/pdf" in next(one["detail"] for one in told["problems"] if one["pointer"] == "/answers/plan")
    (await wang.post("/v1/items/bench/begin", {"answers": {"plan": pdf, "photos": [png]}})).created()


async def test_one_key_is_one_file_for_one_field(door: Door) -> None:
    wang, where = door.citizen("wang"), {"item": "bench", "field": "/plan"}
    first, again = [(await sent(wang, PDF, "k-1", **where)).created()["id"] for _ in range(2)]
    assert first == again
    other = await sent(wang, PDF, "k-1", item="bench", field="/other/a~1b")
    other.problem(422, "idempotency-key-reused")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "string", "x-accepts": ["application/pdf"]},
        {"type": "string", "x-attachment": True, "x-accepts": []},
        {"type": "string", "x-attachment": True, "x-accepts": "image/png"},
        {"type": "string", "x-attachment": True, "x-accepts": ["image/gif"]},
    ],
)
def test_an_author_who_accepts_what_nobody_can_upload_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x-accepts"):
        Form.from_schema({"type": "object", "properties": {"f": wrong}})
