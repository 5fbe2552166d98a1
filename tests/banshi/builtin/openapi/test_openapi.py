"""The description of the API: valid, whole, and the same for all who ask.

That the API is what it says, for whatever anybody sends, is what benchmarks/explore.py finds out.
"""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.keywords import SchemaValidator

from banshi.builtin.openapi.document import _inlined
from banshi.testing import Door, open_door
from tests.places import DEPARTMENTS

#: Schemas that were found right.
RIGHT: set[str] = set()


@pytest.fixture(autouse=True)
def each_schema_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same one stands at many places, and what is no item's in the description of each department."""
    judge = SchemaValidator._validate_schema_meta

    def once(validator: SchemaValidator, place: Any, schema: Any) -> Any:
        text = json.dumps(schema)
        wrong = None if text in RIGHT else judge(validator, place, schema)
        if wrong is None:
            RIGHT.add(text)
        return wrong

    monkeypatch.setattr(SchemaValidator, "_validate_schema_meta", once)


async def described(door: Door) -> dict[str, Any]:
    document: dict[str, Any] = (await door.anyone.get("/openapi.json")).ok()
    return document


async def test_the_description_is_valid_openapi_3_1(door: Door) -> None:
    document = await described(door)
    assert document["openapi"].startswith("3.1")
    validate(document)


async def test_every_route_but_the_pages_is_described_and_everything_described_is_served(door: Door) -> None:
    document = await described(door)
    told = {(method.upper(), path) for path, verbs in document["paths"].items() for method in verbs}
    served = set()
    routes = [route for _, route in door.platform.registry.routes]
    assert {route.path.split("/")[1] for route in routes if not route.described} <= {"site"}
    for route in routes:
        if not route.described:
            continue
        if route.per_item is None:
            served.add((route.method, route.path))
            continue
        for item in door.platform.registry.items.values():
            if route.per_item(item) is not None:
                served.add((route.method, route.path.replace("{code}", item.code)))
    assert told == served


async def test_a_department_s_description_has_its_items_and_all_that_is_no_item_s(tmp_path: Path) -> None:
    plugins = {name: DEPARTMENTS / name for name in ("traffic", "fire")}
    async with open_door(tmp_path, plugins) as door:
        whole = await described(door)
        parts = {}
        for department in plugins:
            first = await door.anyone.get(f"/openapi.json?department={department}")
            parts[department] = set(first.ok()["paths"])
            validate(first.ok())
            again = await door.anyone.get(
                f"/openapi.json?department={department}", headers={"If-None-Match": first.headers["ETag"]}
            )
            assert (again.status, again.body) == (304, b"")
        assert set(whole["paths"]) == parts["traffic"] | parts["fire"]
        of_items = {f"/v1/items/{code}/" for code in door.platform.registry.items}
        for path in parts["traffic"] & parts["fire"]:
            assert not any(path.startswith(begin) for begin in of_items), path
        assert "/v1/items/zone-pass/cases" in parts["traffic"] - parts["fire"]


async def test_the_description_of_a_department_that_is_not_there_is_refused(door: Door) -> None:
    for department in ("", "nowhere", "../traffic", "x" * 65):
        answer = await door.anyone.call("GET", "/openapi.json", params={"department": department})
        answer.problem(400, "invalid-parameter")


async def test_a_form_is_in_the_description_with_titles_before_descriptions_and_is_else_the_same(
    door: Door,
) -> None:
    """Generators name their types by a title."""
    document = await described(door)
    body = document["paths"]["/v1/items/zone-pass/cases"]["post"]["requestBody"]["content"]["application/json"]
    told = body["schema"]["properties"]["answers"]
    form = (await door.anyone.get("/v1/items/zone-pass", headers={"Accept-Language": "en"})).ok()["form"]
    hint = form["properties"]["plate"].pop("description")
    assert told["properties"]["plate"].pop("description") == f"Number plate. {hint}"
    assert told["properties"]["driver"].pop("description") == "Driver"
    assert form["properties"]["plate"].pop("title") == "Number plate"
    assert told["properties"]["plate"] == form["properties"]["plate"]
    assert told["properties"].keys() == form["properties"].keys()
    assert told["required"] == form["required"]
    assert told["properties"]["hours"]["enum"] == ["9-17", "22-6", "0-24"]
    words = [one["title"] for one in form["properties"]["hours"]["oneOf"]]
    assert told["properties"]["hours"]["x-enum-descriptions"] == words


def test_a_field_or_a_choice_that_is_called_title_is_kept() -> None:
    fields = {"title": {"type": "string", "title": "标题"}, "x": {"enum": ["title"], "default": {"title": 1}}}
    schema = {"type": "object", "title": "帖子", "required": ["title"], "properties": fields}
    assert _inlined(schema) == {
        "type": "object",
        "description": "帖子",
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "description": "标题"},
            "x": {"enum": ["title"], "default": {"title": 1}},
        },
    }


@pytest.mark.parametrize("only", [{"const": True}, {"enum": [True]}, {"type": "boolean", "enum": [True]}])
def test_what_can_only_be_true_is_no_choice_to_generators_and_takes_nothing_else(only: dict[str, Any]) -> None:
    told = _inlined({"properties": {"yes": only, "one": {"enum": [1]}}})["properties"]
    assert told == {"yes": {"type": "boolean", "not": {"const": False}}, "one": {"enum": [1]}}


async def test_the_description_says_its_length_and_is_the_same_for_all_who_ask_at_once(door: Door) -> None:
    answers = await asyncio.gather(*(door.anyone.get("/openapi.json") for _ in range(20)))
    assert len({answer.body for answer in answers}) == 1
    for answer in answers:
        assert int(answer.headers["Content-Length"]) == len(answer.body) > 100_000
    async with aiohttp.ClientSession() as session, session.head(f"{door.url}/openapi.json") as head:
        assert head.headers["Content-Length"] == answers[0].headers["Content-Length"]
        assert head.headers["ETag"] == answers[0].headers["ETag"]


async def test_a_description_for_which_there_was_no_room_is_made_when_there_is(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.TemporaryFile", full)
        assert (await door.anyone.get("/openapi.json")).problem(507, "storage-full")
    assert (await described(door))["openapi"] == "3.1.0"


async def test_every_read_for_anyone_has_an_etag_that_is_answered_with_304(door: Door) -> None:
    items = ("/v1/items", "/v1/items?q=pass", "/v1/items/zone-pass")
    for path in (*items, "/v1/departments", "/v1/lists/countries", "/v1/passes/keys", "/openapi.json"):
        first = await door.anyone.get(path)
        assert first.status == 200, path
        again = await door.anyone.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b""), path
        other = await door.anyone.get(path, headers={"If-None-Match": '"other"'})
        assert other.status == 200, path


async def test_the_address_of_the_api_itself_leads_to_its_description(bare_door: Door) -> None:
    """Whoever was given nothing but a host name. Links are those of RFC 8631; /docs is a plugin's, and not there."""
    answer = await bare_door.anyone.get("/")
    links = answer.ok()["links"]
    pages = {"departments": "/v1/departments", "items": "/v1/items", "help": "/v1/help"}
    assert links == {"description": "/openapi.json"} | pages
    assert '</openapi.json>; rel="service-desc"' in answer.headers["Link"]
    for path in links.values():
        (await bare_door.anyone.get(path)).ok()


async def test_the_address_of_the_api_itself_leads_to_its_page_where_there_is_one(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"api_page": DEPARTMENTS.parent / "integrations" / "api_page"}) as door:
        answer = await door.anyone.get("/")
        assert answer.ok()["links"]["docs"] == "/docs"
        assert answer.headers["Link"].startswith('</docs>; rel="service-doc", ')
        assert (await door.anyone.get("/docs")).status == 200
