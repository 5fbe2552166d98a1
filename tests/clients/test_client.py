"""The client in Python: what it does where an answer doesn't come, and that it reaches a real platform."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from banshi.builtin.identity.development import development_token
from banshi.testing import TINY_PNG, Door, open_door
from banshi_client import Client, Inbox, MemoryInbox, ProblemError, Receipts, Unreachable
from tests.clients.messages import said
from tests.places import ROOT

Turn = Callable[[web.Request], web.StreamResponse]


def answer(status: int, document: Any = None, **headers: str) -> Turn:
    kind = "application/json" if status < 400 else "application/problem+json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.json_response(document or {}, status=status, content_type=kind, headers=named)


def nothing(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def told(*turns: Turn, **options: Any) -> AsyncIterator[tuple[Client, list[Any]]]:
    """A client of a server that answers by these turns, the last one ever after; and what the server was asked."""
    asked: list[Any] = []

    async def turn(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, request.path_qs, dict(request.headers), await request.text()))
        return turns[min(len(asked), len(turns)) - 1](request)

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", turn)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Client(session, "http://{}:{}".format(*runner.addresses[0]), **options), asked
    await runner.cleanup()


def keys(asked: list[Any]) -> list[str]:
    return [one[2]["Idempotency-Key"] for one in asked]


async def test_a_token_that_is_refused_is_asked_for_anew_and_once() -> None:
    refusals: list[str | None] = []

    async def token(refused: str | None) -> str:
        refusals.append(refused)
        return "old" if refused is None else "new"

    async with told(answer(401), answer(200, {"ok": True}), token=token) as (client, asked):
        assert await client.get("/v1/cases") == {"ok": True}
        assert (refusals, asked[1][2]["Authorization"]) == ([None, "old"], "Bearer new")
    async with told(answer(401), token=token) as (client, asked):
        with pytest.raises(ProblemError):
            await client.get("/v1/cases")
        assert len(asked) == 2


async def test_what_is_given_as_a_header_goes_along_each_time_as_a_phones_secret_does() -> None:
    device = {"id": "1", "links": {"self": "/v1/devices/anonymous/1"}}
    turns = (answer(201, {"secret": "s", "device": device}), nothing, answer(200, device))
    async with told(*turns) as (client, asked):
        made = await client.send("POST", "/v1/devices/anonymous", {"provider": "fcm"}, headers={"X-One": "1"})
        secret = {"Device-Secret": made["secret"]}
        await client.send("PATCH", made["device"]["links"]["self"], {"language": "en"}, headers=secret)
        assert [one[2].get("Device-Secret") for one in asked] == [None, "s", "s"]
        assert asked[0][2]["X-One"] == "1"
        assert len(keys(asked[:1])) == 1
        assert not [one for one in asked if "Authorization" in one[2]]


async def test_what_nobody_answers_is_sent_again_under_one_key_and_the_next_one_gets_another() -> None:
    running = answer(409, {"code": "still-running"}, Retry_After="0")
    async with told(nothing, nothing, running, answer(201, {"id": "1"})) as (client, asked):
        assert await client.send("POST", "/v1/items/x/cases", {"answers": {}}) == {"id": "1"}
        assert len({*keys(asked)}) == 1
        await client.send("POST", "/v1/items/x/cases", {"answers": {}})
        assert keys(asked)[-1] not in keys(asked)[:-1]


async def test_what_is_known_is_shown_first_and_filled_in_with_the_person_s_consent() -> None:
    item = {"links": {"prefill": "/v1/items/x/prefill"}}
    offer = {"fields": [], "consent": None}
    async with told(answer(200, offer), answer(200, {"answers": {"a": 1}})) as (client, asked):
        assert await client.prefill(item) == offer
        assert await client.fill_in(item, "c0") == {"a": 1}
        assert await client.fill_in(item, "c0", ["/a"]) == {"a": 1}
        assert await client.prefill({"links": {}}) is None
    assert [(one[0], json.loads(one[3] or "null")) for one in asked] == [
        ("GET", None),
        ("POST", {"consent": "c0"}),
        ("POST", {"consent": "c0", "fields": ["/a"]}),
    ]


async def test_a_file_that_says_where_it_goes_says_so_in_the_address() -> None:
    async with told(answer(201, {"id": "1"})) as (client, asked):
        await client.upload(b"x", "f", item="zone-pass", field="/a b/c")
        await client.upload(b"x", "f")
    assert [one[1] for one in asked] == ["/v1/attachments?item=zone-pass&field=/a+b/c", "/v1/attachments"]


async def test_a_key_outlives_the_client_until_there_is_an_answer() -> None:
    wrong = answer(422, {"code": "invalid-fields", "problems": []})
    busy = answer(503, {"code": "unavailable"}, Retry_After="3600")
    async with told(nothing, busy, wrong, answer(201, {}), patience=0.0) as (client, asked):
        for error in (Unreachable, ProblemError, ProblemError):
            with pytest.raises(error):
                await client.send("POST", "/v1/items/x/cases", {"answers": {}})
        await client.send("POST", "/v1/items/x/cases", {"answers": {}})
        first, second, third, fourth = keys(asked)
        assert first == second == third != fourth
        assert not client.keys


async def test_a_proxy_s_502_is_tried_again_and_the_department_s_is_told() -> None:
    own = answer(502, {"code": "department-failed"})
    async with told(lambda _: web.Response(status=502), answer(200, {"a": 1}), own) as (client, asked):
        assert await client.get("/") == {"a": 1}
        with pytest.raises(ProblemError) as raised:
            await client.get("/")
        assert (raised.value.code, len(asked)) == ("department-failed", 3)


async def test_receipts_are_told_in_batches_of_500_and_stay_until_they_are() -> None:
    async with told(answer(503, {"code": "x"}, Retry_After="9"), answer(200, {"registered": True}), patience=0.0) as (
        client,
        asked,
    ):
        receipts = Receipts(client)
        for number in range(501):
            receipts.note(f"m{number}", "received")
        with pytest.raises(ProblemError):
            await receipts.flush("d1")
        assert await receipts.flush("d1") == {"registered": True}
        assert [one[3].count("message_id") for one in asked] == [500, 500, 1]
        assert not receipts.noted


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins = {"traffic": ROOT / "plugins" / "departments" / "traffic", "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as opened:
        yield opened


async def test_a_phone_that_was_off_for_500_messages_is_right_again_in_three_pages_and_then_live(door: Door) -> None:
    calls: list[str] = []

    async def token(_: str | None) -> str:
        calls.append(development_token(door.platform.settings, "wang"))
        return calls[-1]

    await said(door, 1, 500)
    inbox = Inbox(Client(door.session, door.url, token), store := MemoryInbox())
    assert (await inbox.sync(), len(calls)) == (500, 3)
    await said(door, 501, 502)
    async for event in inbox.follow():
        assert event.event == "message"
        if len(store.messages) == 502:
            break
    titles = [one["title"] for one in store.messages.values()]
    assert titles == [f"Number {number}" for number in range(1, 503)]
    assert await inbox.sync() == 0


LISTED = {"value": "/code", "title": "/title"}
LISTS = {
    "divisions": [("510703", "四川省绵阳市涪城区", "Fucheng"), ("110000", "北京市", "Beijing")],
    "countries": [("CHN", "中国", "China"), ("HKG", "香港", "Hong Kong")],
    "nationalities": [("USA", "美国", "United States"), ("XXA", "无国籍", "Stateless")],
    "peoples": [("01", "汉族", "Han"), ("11", "满族", "Man")],
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_code_of_a_list_is_read_by_its_name_in_the_readers_language(door: Door, name: str) -> None:
    for search in ({"search": "q"}, {}) if name != "divisions" else ({"search": "q"},):
        schema = {"type": "string", "x-choices": {"list": f"/v1/lists/{name}", **LISTED, **search}}
        for place, language in enumerate(("zh-CN", "en")):
            client = Client(door.session, door.url, language=language)
            for code, *names in LISTS[name]:
                assert names[place] in await client.name_of(schema, code)
                assert names[place] in await client.name_of({"type": "array", "items": schema}, code)
            # Taken out of the list since, or typed before there was one.
            assert await client.name_of(schema, "ZZZZ") == "ZZZZ"


async def test_every_code_of_the_short_lists_is_found_by_itself(door: Door) -> None:
    client = Client(door.session, door.url, language="en")
    for name in ("countries", "nationalities", "peoples"):
        schema = {"x-choices": {"list": f"/v1/lists/{name}", **LISTED, "search": "q"}}
        rows = [row async for row in client.rows(f"/v1/lists/{name}")]
        assert [await client.name_of(schema, row["code"]) for row in rows] == [row["title"] for row in rows]


async def test_a_choice_has_its_word_without_a_call(door: Door) -> None:
    client = Client(door.session, door.url)
    item = await client.get("/v1/items/zone-pass")
    fields = item["form"]["properties"]
    assert await client.name_of(fields["vehicle_class"], "light-truck") == "Light truck"
    assert await client.name_of(fields["zones"], "3") == "Zone 3"
    assert await client.name_of({"type": "integer"}, 3) == "3"


async def test_a_file_is_one_however_often_it_is_sent_and_a_form_s_problems_point_into_the_answers(door: Door) -> None:
    async def token(_: str | None) -> str:
        return development_token(door.platform.settings, "wang")

    client = Client(door.session, door.url, token)
    file = await client.upload(TINY_PNG, "photo.png")
    assert file["id"]
    with pytest.raises(ProblemError) as raised:
        await client.send("POST", "/v1/items/zone-pass/cases", {"answers": {"plate": "B12345", "licence": file["id"]}})
    found = {(one.pointer, one.code) for one in raised.value.inside()}
    assert ("/plate", "format") in found
    assert ("/zones", "required") in found
    assert [row async for row in client.rows("/v1/items", limit="5")]
