"""The frame of all sandboxes: each fault meets the calls of its path, and no others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from sandboxes.faults import Faults
from sandboxes.sandbox import Call, Sandbox, answered

CODES = {7: "too often", "dead": "gone"}


class Post(Sandbox[Faults]):
    """A provider that takes letters, and keeps what it has taken."""

    def __init__(self) -> None:
        super().__init__(Faults(), "127.0.0.1", 0)
        self.taken: list[str] = []

    def calls(self) -> Mapping[str, Call]:
        return {"/token": self._take, "/letters/": self._take, "/v1:send": self._take}

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.taken.append(request.path)
        return answered({"ok": True})

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in CODES:
            raise ValueError(f"codes: {code} is none")
        return answered({"refused": CODES[code]})


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with Post() as sandbox:
        yield sandbox


async def told(post: Post, method: str, path: str, document: Any = None) -> tuple[int, Any]:
    """What a control of the sandbox answers."""
    body = document if isinstance(document, bytes | None) else orjson.dumps(document)
    async with (
        aiohttp.ClientSession(post.url) as session,
        session.request(method, f"/sandbox/{path}", data=body) as response,
    ):
        return response.status, await response.json()


async def called(post: Post, path: str = "/token") -> str:
    """What a client gets: the status and the answer, or why there is none."""
    async with aiohttp.ClientSession(post.url) as session:
        try:
            async with asyncio.timeout(0.3), session.post(path, json={}) as response:
                return f"{response.status} {(await response.text())[:19]}"
        except TimeoutError:
            return "silence"
        except aiohttp.ClientError:
            return "cut"


TAKEN = '200 {"ok":true}'
PAGE = "<html><body>Please "

#: Fault → what the client gets, what is counted, and whether it was carried out.
EACH: list[tuple[dict[str, Any], str, Any, bool]] = [
    ({"status": {"/token": 503}}, f"503 {PAGE}", 503, False),
    ({"garbage": ["/token"]}, f"200 {PAGE}", "garbage", False),
    ({"hang": ["/token"]}, "silence", "hang", False),
    ({"cut": ["/token"]}, "cut", "cut", False),
    ({"codes": {"/token": 7}}, '200 {"refused":"too oft', 7, False),
    ({"codes": {"/token": "dead"}}, '200 {"refused":"gone"}', "dead", False),
    ({"latency": {"/token": 0.6}}, "silence", None, False),
    ({"latency": 0.6}, "silence", None, False),
    ({"hang": True}, "silence", "hang", False),
    ({"lose_answer": ["/token"]}, "cut", None, True),
]


@pytest.mark.parametrize(("fault", "gets", "counted", "carried_out"), EACH, ids=str)
async def test_one_path_fails_as_it_is_told_to_and_all_is_well_once_that_is_off(
    post: Post, fault: dict[str, Any], gets: str, counted: Any, carried_out: bool
) -> None:
    assert await told(post, "PUT", "faults", fault) == (200, {})
    assert await called(post) == gets
    assert post.taken == (["/token"] if carried_out else [])
    assert dict(post.counted) == ({("/token", counted): 1} if counted else {})
    others = "silence" if fault in ({"hang": True}, {"latency": 0.6}) else TAKEN
    assert await called(post, "/letters/li") == others
    shown = (await told(post, "GET", "faults"))[1]
    assert {key: shown[key] for key in fault} == fault
    assert await told(post, "PUT", "faults", {}) == (200, {})
    assert await called(post) == TAKEN


async def test_of_two_faults_on_one_path_the_first_of_the_list_decides_whatever_the_order_they_came_in(
    post: Post,
) -> None:
    everything = {"codes": {"/token": 7}, "garbage": ["/token"], "status": {"/token": 500}, "cut": ["/token"]}
    for gone, gets in (
        ("", "cut"),
        ("cut", f"500 {PAGE}"),
        ("status", f"200 {PAGE}"),
        ("garbage", '200 {"refused":"too oft'),
    ):
        everything.pop(gone, None)
        await told(post, "PUT", "faults", everything)
        assert await called(post) == gets
    await told(post, "PUT", "faults", {"latency": {"/token": 0.1}, "status": {"/token": 500}})
    began = time.monotonic()
    assert await called(post) == f"500 {PAGE}"
    assert time.monotonic() - began >= 0.1, "what passes first passes before any of them"


async def test_a_beginning_meets_all_below_it_and_the_longest_that_fits_decides(post: Post) -> None:
    await told(post, "PUT", "faults", {"status": {"/letters/": 500, "/letters/li": 404, "/": 503}})
    assert [(await called(post, path))[:3] for path in ("/letters/wang", "/letters/li", "/token", "/v1:send")] == [
        *("500", "404", "503", "503")
    ]
    assert await called(post, "/letters/lily") == f"500 {PAGE}"
    await told(post, "PUT", "faults", {"status": {"/v1:": 500}})
    assert (await called(post, "/v1:send"))[:3] == "500"


async def test_every_third_call_of_a_path_meets_its_fault(post: Post) -> None:
    await told(post, "PUT", "faults", {"status": {"/token": 500}, "every": {"/token": 3}})
    assert [(await called(post))[:3] for _ in range(9)] == ["200", "200", "500"] * 3
    assert post.counted == {("/token", 500): 3}


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 1},
        {"latency": -1},
        {"latency": {"/token": -0.1}},
        {"latency": "1"},
        {"latency": {"/tokens": 1}},
        {"status": {"/token": 200}},
        {"status": {"token": 500}},
        {"status": {"/nowhere": 500}},
        {"garbage": ["/sandbox/faults"]},
        {"garbage": "/token"},
        {"hang": 1},
        {"hang": [""]},
        {"cut": {"/token": 1}},
        {"lose_answer": ["/token/"]},
        {"every": {"/token": 0}},
        {"codes": {"/token": 8}},
        {"codes": {"/token": None}},
    ],
    ids=str,
)
async def test_a_switch_that_is_none_is_named_and_nothing_changes(post: Post, wrong: dict[str, Any]) -> None:
    await told(post, "PUT", "faults", {"status": {"/token": 500}})
    status, answer = await told(post, "PUT", "faults", {"garbage": ["/token"], **wrong})
    assert (status, next(iter(wrong)) in answer["detail"]) == (400, True)
    assert (post.faults.status, post.faults.garbage) == ({"/token": 500}, set())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"status":[]}', b"\xff"])
async def test_what_is_no_document_of_faults_is_refused(post: Post, body: bytes) -> None:
    assert (await told(post, "PUT", "faults", body))[0] == 400
    assert await called(post) == TAKEN


async def test_a_thousand_faults_meet_the_thousand_they_name_and_hold_up_nobody(post: Post) -> None:
    faults = {"status": {f"/letters/{number}": 500 + number % 100 for number in range(1000)}}
    assert await told(post, "PUT", "faults", faults) == (200, {})
    began = time.monotonic()
    assert [(await called(post, f"/letters/{number}"))[:3] for number in (0, 7, 999)] == ["500", "507", "599"]
    assert await called(post) == TAKEN
    assert time.monotonic() - began < 5
    assert len(post.counted) == 3, "what is counted is the path of a call, not whatever is named"


async def test_whoever_holds_the_faults_sees_those_that_are_set_by_a_request(post: Post) -> None:
    held = post.faults
    await told(post, "PUT", "faults", {"cut": ["/token"]})
    assert held.cut == {"/token"}
    held.cut.clear()
    assert await called(post) == TAKEN


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"seconds":"soon"}', b'{"seconds":1e300}', b'{"seconds":"nan"}', b'{"seconds":null}', b"{"]
)
async def test_time_passes_as_it_is_told_to_and_by_nothing_that_is_no_time(post: Post, body: bytes) -> None:
    before = post.clock()
    assert (await told(post, "POST", "clock", body))[0] == 400
    assert post.clock.ahead == 0
    assert await told(post, "POST", "clock", {"seconds": 3600}) == (200, {})
    assert 3600 <= post.clock() - before < 3660


async def test_what_is_no_path_is_404_and_a_body_that_is_too_long_is_not_read(post: Post) -> None:
    assert (await called(post, "/tokens"))[:3] == "404"
    assert (await told(post, "GET", "weather"))[0] == 404
    assert (await told(post, "DELETE", "faults"))[0] == 404
    much = b" " * (post.MAX_REQUEST_BYTES + 1)
    async with aiohttp.ClientSession(post.url) as session, session.put("/sandbox/faults", data=much) as response:
        assert response.status == 413
    assert not post.taken
