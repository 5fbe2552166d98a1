"""What is known of a person is shown to them alone, and is filled in at their word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.identity.development import development_token
from banshi.builtin.prefill.known import TITLES, places_in
from banshi.builtin.prefill.models import Prefill
from banshi.builtin.prefill.plugin import KEPT, remove_old
from banshi.forms import Form
from banshi.forms.vocabulary.fields import KNOWN
from banshi.testing import Door, Person, made_up_resident_id, open_door
from tests.town.departments import both, department, item, write

PATH, ENGLISH = "/v1/items/garden/prefill", {"Accept-Language": "en"}
NUMBER = made_up_resident_id(7)


def fields(phone: str) -> dict[str, Any]:
    name = {"type": "string", "title": both("姓名", "Name"), "minLength": 2, "maxLength": 50, "x-prefill": "name"}
    number = {"title": both("证件号码", "ID number"), "format": "cn-resident-id", "x-prefill": "resident-id"}
    proxy = {"type": "object", "properties": {"name": {"type": "string", "x-prefill": "name"}}}
    return {
        "applicant": {
            "type": "object",
            "title": both("申请人", "Applicant"),
            "additionalProperties": False,
            "required": ["name"],
            "properties": {"name": name, "number": {"type": "string", **number}},
        },
        "phone": {"type": "string", "title": both("手机", "Mobile"), "format": phone, "x-prefill": "phone"},
        "home": {"type": "string", "title": both("地址", "Address"), "maxLength": 40, "x-prefill": "address"},
        "proxies": {"type": "array", "items": proxy},
    }


PARKS = (
    department(units={"office": both("办公室", "Office")})
    + item(*["tree"] * 3, unit="office", fields=fields("cn-phone"), required=["applicant"])
    + item(*["garden"] * 3, unit="office", fields=fields("cn-mobile"), required=["applicant"])
    + item("bench", unit="office", fields={"where": {"type": "string"}})
)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"parks": write(tmp_path, PARKS)}) as opened:
        yield opened


def wang_at(door: Door, **more: Any) -> Person:
    token = development_token(door.platform.settings, "wang", name="王小明", resident_id=NUMBER, **more)
    return door.bearing(token)


async def handed_in(person: Person, **answers: Any) -> dict[str, Any]:
    begun = await person.post("/v1/items/tree/begin", {"answers": {"applicant": {"name": "李某某"}, **answers}})
    case: dict[str, Any] = begun.created()["case"]
    return case


def values(offer: dict[str, Any]) -> dict[str, str]:
    return {one["pointer"]: one["value"] for one in offer["fields"]}


async def test_a_sign_in_fills_in_who_somebody_is_and_the_latest_case_the_rest(door: Door) -> None:
    wang = wang_at(door)
    await handed_in(wang, phone="13800000001", home="示例路1号")
    later = await handed_in(wang, phone="13800000002")
    answer = await wang.get(PATH, headers=ENGLISH)
    offer = answer.ok()
    assert answer.headers["Cache-Control"] == "no-store"
    # What somebody typed as a name is not theirs for that. The phone is the latest case's, the address the first one's.
    assert values(offer) == {
        "/applicant/name": "王小明",
        "/applicant/number": NUMBER,
        "/phone": "13800000002",
        "/home": "示例路1号",
    }
    phone = next(one for one in offer["fields"] if one["pointer"] == "/phone")
    assert (phone["title"], phone["known"], phone["known_title"]) == ("Mobile", "phone", "phone number")
    assert phone["source"]["title"] == f"case {later['number']}"
    assert phone["source"]["case"]["item"] == {"code": "tree", "title": "tree"}
    name = next(one for one in offer["fields"] if one["pointer"] == "/applicant/name")
    assert name["source"] == {"title": "your sign-in", "case": None}
    assert f"case {later['number']}" in offer["consent"]["text"]["en"]
    assert "公园处" in offer["consent"]["text"]["zh-CN"]
    # Nothing is kept of a look.
    assert await Prefill.all().count() == 0


async def test_a_phone_that_the_identity_provider_has_verified_comes_before_what_was_typed(door: Door) -> None:
    wang = wang_at(door, phone="+86 138-0000-0009")
    await handed_in(wang, phone="13800000001")
    assert values((await wang.get(PATH)).ok())["/phone"] == "13800000009"


async def test_what_a_field_would_refuse_is_not_offered(door: Door) -> None:
    wang = wang_at(door)
    await handed_in(wang, phone="010-65000000", home="示例路1号")
    offer = (await wang.get(PATH)).ok()
    assert "/phone" not in values(offer)  # a landline is no mobile number
    assert values(offer)["/home"] == "示例路1号"


async def test_what_was_agreed_to_is_filled_in_and_only_that_it_was_asked_is_kept(door: Door) -> None:
    wang = wang_at(door)
    case = await handed_in(wang, phone="13800000002", home="示例路1号")
    offer = (await wang.get(PATH)).ok()
    wish = {"consent": offer["consent"]["id"]}
    answer = await wang.post(PATH, wish)
    assert answer.ok() == {
        "answers": {
            "applicant": {"name": "王小明", "number": NUMBER},
            "phone": "13800000002",
            "home": "示例路1号",
        }
    }
    assert answer.headers["Cache-Control"] == "no-store"
    some = await wang.post(PATH, {**wish, "fields": ["/home", "/applicant/name"]})
    assert some.ok() == {"answers": {"home": "示例路1号", "applicant": {"name": "王小明"}}}
    first, second = await Prefill.all().order_by("at", "id")
    assert (first.item, first.known, first.cases) == (
        "garden",
        ["name", "resident-id", "phone", "address"],
        [case["id"]],
    )
    assert (second.known, second.cases) == (["address", "name"], [case["id"]])
    held = (await wang.get("/v1/me/data")).ok()["held"]
    asked = next(tables["banshi_prefill"] for tables in held.values() if "banshi_prefill" in tables)
    assert [one["item"] for one in asked] == ["garden", "garden"]
    assert "13800000002" not in str(asked)


async def test_a_wrong_wish_is_told_and_fills_in_nothing(door: Door) -> None:
    wang = wang_at(door)
    agreed = (await wang.get(PATH)).ok()["consent"]["id"]
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({}, "/consent", "required"),
        ({"consent": True}, "/consent", "type"),
        ({"consent": "yes"}, "/consent", "pattern"),
        ({"consent": "0" * 32}, "/consent", "consent"),
        ({"consent": "OK", "fields": []}, "/fields", "minItems"),
        ({"consent": "OK", "fields": ["/phone", "/phone"]}, "/fields", "uniqueItems"),
        ({"consent": "OK", "fields": ["/where"]}, "/fields/0", "enum"),
        ({"consent": "OK", "fields": ["/applicant/name", "/proxies/0/name"]}, "/fields/1", "enum"),
        ({"consent": "OK", "fields": "/phone"}, "/fields", "type"),
        ({"consent": "OK", "answers": {}}, "/answers", "additionalProperties"),
    ]
    for body, pointer, code in wrong:
        sent = body | ({"consent": agreed} if body.get("consent") == "OK" else {})
        problem = (await wang.post(PATH, sent, headers=ENGLISH)).problem(422, "invalid-fields")
        assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["problems"]], body
        assert await Prefill.all().count() == 0


async def test_a_consent_is_to_what_was_shown_and_to_nothing_newer(door: Door) -> None:
    wang = wang_at(door)
    await handed_in(wang, phone="13800000001")
    consent = (await wang.get(PATH)).ok()["consent"]["id"]
    await handed_in(wang, phone="13800000002")
    problem = (await wang.post(PATH, {"consent": consent})).problem(422, "invalid-fields")
    assert problem["problems"][0]["code"] == "consent"
    # Nor is it another's, or another item's.
    anew = (await wang.get(PATH)).ok()["consent"]["id"]
    (await door.citizen("li", "王小明", NUMBER).post(PATH, {"consent": anew})).problem(422, "invalid-fields")
    (await wang.post("/v1/items/tree/prefill", {"consent": anew})).problem(422, "invalid-fields")


async def test_nobody_is_shown_what_is_known_of_another(door: Door) -> None:
    await handed_in(wang_at(door), phone="13800000001", home="示例路1号")
    li = door.citizen("li")
    assert (await li.get(PATH)).ok() == {
        "item": {"code": "garden", "title": "garden"},
        "fields": [],
        "consent": None,
    }
    (await li.post(PATH, {"consent": "0" * 32})).problem(422, "invalid-fields")
    (await door.anyone.get(PATH)).problem(401, "unauthenticated")
    (await door.staff("chen", "parks:reviewer").get(PATH)).problem(403, "forbidden")


async def test_an_item_without_such_fields_leads_nowhere(door: Door) -> None:
    wang = wang_at(door)
    for code in ("bench", "nothing", "%00", "x" * 300):
        assert (await wang.get(f"/v1/items/{code}/prefill")).status in {400, 404}
    links = [(await wang.get(f"/v1/items/{code}")).ok()["links"] for code in ("garden", "bench")]
    assert [one.get("prefill") for one in links] == [PATH, None]
    assert [one.get("draft") for one in links] == ["/v1/items/garden/draft", "/v1/items/bench/draft"]


async def test_the_record_goes_with_the_person_and_with_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wang, zhang = wang_at(door), door.citizen("zhang", "张三")
    for person in (wang, zhang):
        consent = (await person.get(PATH)).ok()["consent"]["id"]
        (await person.post(PATH, {"consent": consent})).ok()
    await wang.call("DELETE", "/v1/me")
    await door.settled()
    assert [one.person for one in await Prefill.all()] == ["zhang"]
    later = door.platform.now() + KEPT + timedelta(minutes=1)
    monkeypatch.setattr(type(door.platform), "now", lambda _: later)
    await remove_old(door.platform)
    assert await Prefill.all().count() == 0


def test_a_field_that_a_reference_or_a_condition_leads_to_is_found_and_one_in_a_list_is_not() -> None:
    form = Form.from_schema(
        {
            "type": "object",
            "$defs": {"person": {"type": "object", "properties": {"n": {"type": "string", "x-prefill": "name"}}}},
            "properties": {
                "kind": {"enum": ["a", "b"]},
                "one": {"$ref": "#/$defs/person"},
                "many": {"type": "array", "items": {"$ref": "#/$defs/person"}},
                "p/q": {"type": "string", "x-prefill": "plate", "x-when": {"kind": ["a"]}},
            },
        }
    )
    assert places_in(form) == {"/one/n": "name", "/p~1q": "plate"}


def test_each_word_of_the_vocabulary_has_a_title() -> None:
    assert list(TITLES) == list(KNOWN)
