"""The sandbox's own paths, its page's requests, and `banshi wechat-sandbox`."""

from __future__ import annotations

import asyncio
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.channels.wechat.sandbox.city import PNG, City, city
from tests.processes.commands import begin, run
from tests.servers.ports import free_port
from wechat.sandbox.account import Keys
from wechat.sandbox.control import WeChatSandbox
from wechat.settings import AccountSettings

BOMB = b"""<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>"""


async def asked(sandbox: WeChatSandbox, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes | None) else orjson.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, sandbox.url + path, data=data, params=query) as response,
    ):
        return response.status, await response.json()


async def test_a_developer_chats_through_the_page_s_requests() -> None:
    async with city() as (server, sandbox):
        path = "/sandbox/phones/王小明"
        for does, fields in (
            ("follows", {}),
            ("says", {"text": "你好"}),
            ("is_at", {"latitude": 39.9, "longitude": 116.4}),
        ):
            assert await asked(sandbox, "POST", f"{path}/{does}", fields) == (200, {})
        assert await asked(sandbox, "POST", f"{path}/sends", PNG, kind="image") == (200, {})
        assert [one.type for one in server.got] == ["event", "text", "location", "image"]
        status, screen = await asked(sandbox, "GET", path)
        assert (status, screen["follows"], screen["windows"]["typed"]["left"]) == (200, True, 5)
        texts = [(one["via"], one["text"]) for one in screen["bubbles"]]
        assert texts[1:3] == [("own", "你好"), ("reply", "收到：你好")]
        last = screen["bubbles"][-2]
        _, after = await asked(sandbox, "GET", path, after=str(last["number"]))
        assert [one["text"] for one in after["bubbles"]] == ["收到：image"]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{sandbox.url}/sandbox/media/{last['more']['media_id']}") as response:
                assert (await response.read(), response.content_type) == (PNG, "image/png")
            async with session.get(f"{sandbox.url}/") as response:
                page = await response.text()
        assert "取消关注" in page
        assert "Unfollow" in page
        assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)|@import|url\(", page), (
            "nothing of it comes from elsewhere"
        )
        for does, fields in (("__init__", {}), ("_tap", {}), ("taps", {"name": "没有"}), ("says", {"words": 1})):
            assert (await asked(sandbox, "POST", f"{path}/{does}", fields))[0] == 400
        assert (await asked(sandbox, "POST", f"{path}/sends", b"%PDF", kind="image"))[0] == 400


async def test_faults_numbers_and_time_are_set_over_http() -> None:
    async with city() as (_, sandbox):
        account = sandbox.account
        wrong = {"codes": {"/cgi-bin/token": 12345}, "latency": -1}
        status, problem = await asked(sandbox, "PUT", "/sandbox/faults", wrong)
        assert (status, "latency" in problem["detail"]) == (400, True)
        status, problem = await asked(sandbox, "PUT", "/sandbox/faults", {"codes": {"/cgi-bin/token": 12345}})
        assert (status, "12345" in problem["detail"]) == (400, True)
        await asked(sandbox, "PUT", "/sandbox/faults", {"codes": {"/cgi-bin/token": -1}, "used_up": ["send"]})
        assert (await asked(sandbox, "GET", "/cgi-bin/token"))[1]["errcode"] == -1
        assert (await asked(sandbox, "GET", "/sandbox/faults"))[1]["used_up"] == ["send"]
        await asked(sandbox, "PUT", "/sandbox/limits", {"attempts": 4, "a_day": {"send": 1}})
        assert (account.limits.attempts, account.limits.a_day) == (4, {"send": 1})
        before = account.clock()
        await asked(sandbox, "POST", "/sandbox/clock", {"seconds": 86_400})
        assert account.clock() - before >= 86_400
        template = {"kind": "long", "title": "预警通知", "content": "{{thing1.DATA}}"}
        assert (await asked(sandbox, "PUT", "/sandbox/templates", {"t": template}))[0] == 200
        assert (await asked(sandbox, "GET", "/sandbox/templates"))[1] == {"t": template}
        assert (await asked(sandbox, "PUT", "/sandbox/templates", {"t": 1}))[0] == 400
        assert (await asked(sandbox, "POST", "/sandbox/clock", []))[0] == 400
        assert (await asked(sandbox, "POST", "/sandbox/check")) == (200, {"ok": True})
        assert (await asked(sandbox, "GET", "/sandbox/calls"))[1] == [
            {"path": "/cgi-bin/token", "code": -1, "count": 1}
        ]
        assert (await asked(sandbox, "POST", "/sandbox/drafts/none"))[0] == 400
        assert (await asked(sandbox, "GET", "/sandbox/weather"))[0] == 404
        sandbox.tokens.ends["t"] = account.clock() + 100
        await asked(sandbox, "DELETE", "/sandbox/tokens")
        answer = (await asked(sandbox, "GET", "/cgi-bin/menu/get", access_token="t"))[1]
        assert answer["errcode"] == 40001


TOKEN_PATH = "/cgi-bin/stable_token"


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        ({"status": {TOKEN_PATH: 502}}, 502),
        ({"garbage": [TOKEN_PATH]}, "garbage"),
        ({"hang": [TOKEN_PATH]}, "hang"),
    ],
)
async def test_the_token_alone_fails_by_its_path_and_nothing_else_does(fault: dict[str, Any], counted: Any) -> None:
    async with city() as (_, sandbox):
        sandbox.tokens.ends["t"] = sandbox.account.clock() + 100
        assert await asked(sandbox, "PUT", "/sandbox/faults", fault) == (200, {})
        shown = (await asked(sandbox, "GET", "/sandbox/faults"))[1]
        assert {key: shown[key] for key in fault} == fault
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(0.3), session.post(f"{sandbox.url}{TOKEN_PATH}", json={}) as response:
                    assert response.status == (502 if counted == 502 else 200)
                    assert not (await response.text()).startswith("{")
            except TimeoutError:
                assert counted == "hang"
        assert (await asked(sandbox, "GET", "/cgi-bin/menu/get", access_token="t"))[0] == 200
        calls = (await asked(sandbox, "GET", "/sandbox/calls"))[1]
        assert {"path": TOKEN_PATH, "code": counted, "count": 1} in calls
        assert {**sandbox.tokens.ends} == {"t": sandbox.tokens.ends["t"]}, "nothing is carried out"
        assert await asked(sandbox, "PUT", "/sandbox/faults", {}) == (200, {})
        assert (await asked(sandbox, "POST", TOKEN_PATH, {}))[1]["errcode"] == 40002


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": {"/cgi-bin/stable-token": 500}},
        {"status": {"stable_token": 500}},
        {"status": {TOKEN_PATH: 200}},
        {"status": {TOKEN_PATH: "down"}},
        {"status": TOKEN_PATH},
        {"garbage": ["/sandbox/faults"]},
        {"garbage": [1]},
        {"hang": 1},
        {"hang": [""]},
        {"hangs": [TOKEN_PATH]},
    ],
)
async def test_a_fault_of_a_path_that_is_none_is_named_and_changes_nothing(wrong: dict[str, Any]) -> None:
    async with city() as (_, sandbox):
        status, problem = await asked(sandbox, "PUT", "/sandbox/faults", {**wrong, "latency": 0.5})
        assert (status, next(iter(wrong)) in problem["detail"]) == (400, True)
        assert sandbox.account.faults.latency == 0


async def test_a_forged_message_and_an_xml_bomb_are_sent_over_http_and_late_repeats_at_will() -> None:
    async with city("plain") as (server, sandbox):
        body = b"<xml><MsgType>text</MsgType></xml>"
        status, answer = await asked(sandbox, "POST", "/sandbox/forged", body, how="forged")
        assert (status, answer["status"], server.refused) == (200, 403, 1)
        await asked(sandbox, "POST", "/sandbox/forged", BOMB)
        assert server.bodies[-1].encode() == BOMB, "its signature is right"
        await asked(sandbox, "POST", "/sandbox/phones/李静/follows", {})
        await asked(sandbox, "PUT", "/sandbox/faults", {"lose_answers": 1, "late_repeats": True})
        await asked(sandbox, "POST", "/sandbox/phones/李静/says", {"text": "在吗"})
        await asked(sandbox, "POST", "/sandbox/repeats")
        (first, repeat) = (await asked(sandbox, "GET", "/sandbox/deliveries"))[1][-2:]
        assert (first["attempt"], first["outcome"], repeat["attempt"], repeat["outcome"]) == (1, "lost", 2, "shown")
        assert first["key"] == repeat["key"]


def test_the_command_prints_the_settings_and_keeps_the_account_over_a_restart(tmp_path: Path) -> None:
    port, files = free_port(), tmp_path / "account.json"
    (tmp_path / "plugins.toml").write_text('[platform]\ndata = "data"\n[plugins.wechat]\npackage = "wechat"\napi = 1\n')
    options = [*("--port", str(port)), *("--to", "http://127.0.0.1:8080/v1/wechat/city"), *("--account", str(files))]
    printed = []
    for _ in range(2):
        process = begin(tmp_path, "wechat-sandbox", *options)
        try:
            assert process.stdout is not None
            lines = []
            while not lines or not lines[-1].startswith("Faults"):
                lines.append(process.stdout.readline())
                assert lines[-1], "it has ended"
        finally:
            process.terminate()
            process.wait(30)
        text = "".join(lines)
        printed.append(tomllib.loads(text[text.index("[plugins") : text.index("Chat as")]))
    assert printed[0] == printed[1]
    account = printed[0]["plugins"]["wechat"]["settings"]["accounts"]["city"]
    assert account["base_url"] == f"http://127.0.0.1:{port}"
    assert re.fullmatch(r"wx[0-9a-f]{16}", account["appid"])
    assert len(account["aes_key"]) == 43
    AccountSettings(**account)
    assert stat.S_IMODE(files.stat().st_mode) == 0o600
    assert City(Keys(**orjson.loads(files.read_bytes()))).keys.appid == account["appid"]
    files.write_text("[]")
    said = run(tmp_path, "wechat-sandbox", "--account", files)
    assert (said.returncode, "--account" in said.stderr) == (1, True)
