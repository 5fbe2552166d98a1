"""Behind the nginx of deploy/ the API is what it is without, and nginx keeps nothing that it should not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer

from banshi.testing import Door, Person, open_door
from tests import proxy_servers
from tests.conftest import TRAFFIC, good_answers
from tests.kernel.appeals_office import write_department
from tests.kernel.tips_office import TIPS, UNNAMED, picture
from tests.proxy_servers import Proxy
from tests.waiting import until

CASES = "/v1/items/zone-pass/cases"


def through(proxy: Proxy) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=proxy.trust))


async def test_a_decision_comes_over_a_stream_of_http_2_while_the_stream_is_open(door: Door, tmp_path: Path) -> None:
    """From the upload to the message all goes through the proxy; one that gathered the stream would keep it."""
    async with proxy_servers.before(tmp_path, door.url) as proxy, through(proxy) as session:
        wang, li = (proxy.person(session, one) for one in (door.citizen("wang"), door.staff("li", "traffic:reviewer")))
        async with httpx.AsyncClient(http2=True, verify=proxy.trust, base_url=proxy.url) as phone:
            headers = {"Authorization": f"Bearer {wang.token}"}
            async with phone.stream("GET", "/v1/inbox/stream", headers=headers) as stream, asyncio.timeout(30):
                assert stream.http_version == "HTTP/2"
                lines = stream.aiter_lines()
                assert (await anext(lines)).startswith("retry: ")
                case = (await wang.post(CASES, {"answers": await good_answers(wang)})).created()
                await door.settled()
                (await li.post(f"/v1/cases/{case['id']}/actions/return", {"reason": "照片看不清。"})).ok()
                async for line in lines:
                    if line.startswith("data: ") and case["number"] in line:
                        break
        # nginx writes a request down once it has noticed that the phone is gone.
        await until(lambda: "GET /v1/inbox/stream 200" in proxy.log)


async def test_what_nginx_refuses_itself_is_a_problem_like_the_platform_s(door: Door, tmp_path: Path) -> None:
    async with proxy_servers.before(tmp_path, door.url) as proxy, through(proxy) as session:
        wang = proxy.person(session, door.citizen("wang"))
        # The platform's own word, and nginx's.
        mine = (await wang.upload(bytes(11 << 20))).problem(413, "too-large")
        theirs = (await wang.upload(bytes(33 << 20))).problem(413, "too-large")
        assert mine.keys() == theirs.keys()
        assert mine["limit"] < theirs["limit"] == 32 << 20
        assert (await wang.get("/metrics")).status == 404
        async with session.get(f"http://127.0.0.1:{proxy.plain_port}/v1/items?q=1", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, "https://services.city.example/v1/items?q=1")
    async with proxy_servers.before(tmp_path / "nobody", "http://127.0.0.1:1") as proxy, through(proxy) as session:
        away = await Person(session, proxy.url, None).get("/v1/items")
        away.problem(503, "unavailable")
        assert away.headers["Retry-After"] == "2"
        assert "max-age" in away.headers["Strict-Transport-Security"]


async def test_a_server_that_ends_under_load_is_noticed_by_nobody(tmp_path: Path, postgres: str) -> None:
    async with AsyncExitStack() as stack:
        plugins, platform = {"traffic": TRAFFIC}, {"database": postgres}
        stays = await stack.enter_async_context(open_door(tmp_path, plugins, platform=platform))
        leaving = await stack.enter_async_context(AsyncExitStack())
        leaves = await leaving.enter_async_context(open_door(tmp_path, plugins, platform=platform))
        proxy = await stack.enter_async_context(proxy_servers.before(tmp_path, stays.url, leaves.url))
        session = await stack.enter_async_context(through(proxy))
        wang = proxy.person(session, stays.citizen("wang"))
        statuses: list[int] = []
        gone = asyncio.Event()

        async def ask(number: int) -> None:
            turn = 0
            while not gone.is_set() or turn < 20:
                turn += 1
                statuses.append((await wang.get("/v1/items/zone-pass")).status)
                key = f"{number}-{turn}"
                answer = await wang.post(CASES, {"answers": {}}, key=key)
                while answer.status == 503:
                    answer = await wang.post(CASES, {"answers": {}}, key=key)
                statuses.append(answer.status)

        async with asyncio.timeout(60), asyncio.TaskGroup() as people:
            for number in range(8):
                people.create_task(ask(number))
            await until(lambda: len(statuses) >= 100)
            await leaving.aclose()
            gone.set()
        assert set(statuses) == {200, 422}


async def test_a_department_that_is_out_of_order_takes_no_server_away_from_the_others(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        sick = request.path.startswith("/v1/registers/")
        return web.Response(status=503 if sick else 200, headers={"Retry-After": "30"} if sick else {})

    platform = web.Application()
    platform.router.add_get("/{path:.*}", answer)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(platform))
        proxy = await stack.enter_async_context(
            proxy_servers.before(tmp_path, *[f"http://127.0.0.1:{server.port}"] * 2)
        )
        anyone = Person(await stack.enter_async_context(through(proxy)), proxy.url, None)
        for _ in range(20):
            sick = await anyone.get("/v1/registers/violations")
            assert (sick.status, sick.headers["Retry-After"]) == (503, "30")
            assert (await anyone.get("/v1/items")).status == 200


async def test_nothing_of_a_tip_and_no_ticket_is_in_nginx_s_logs(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {
        "parks": write_department(tmp_path, "parks", UNNAMED),
        "mobile_push": "mobile_push",
    }
    async with (
        open_door(tmp_path, plugins, settings={"mobile_push": {"heartbeat": 0.2}}) as door,
        proxy_servers.before(tmp_path, door.url) as proxy,
        through(proxy) as session,
    ):
        somebody = Person(session, proxy.url, None)
        given = {"User-Agent": "Trace-Agent/1.0", "Content-Type": "image/jpeg"}
        sent = await somebody.call("POST", "/v1/tips/pictures", data=picture(size=(900, 900)), headers=given)
        assert sent.status == 201, sent.body
        wrong = await somebody.call("POST", TIPS, data=b"{", headers={**given, "Content-Type": "text/plain"})
        wrong.problem(415, "unsupported-media-type")
        wang = proxy.person(session, door.citizen("wang"))
        place = (await wang.post("/v1/inbox/stream/tickets")).created()["links"]["stream"]
        ticket = parse_qs(urlsplit(place).query)["ticket"][0]
        async with httpx.AsyncClient(verify=proxy.trust) as page, page.stream("GET", proxy.url + place) as stream:
            assert stream.status_code == 200
            assert (await anext(stream.aiter_lines())).startswith("retry: ")
        # A line is written when its request is over.
        await until(lambda: "GET /v1/inbox/stream/by-ticket " in proxy.log)
    assert not [word for word in ("tips", "Trace-Agent", "127.0.0.1", ticket) if word in proxy.log]
    assert not [word for word in ("tips", "Trace-Agent", ticket) if word in proxy.errors]
    assert not list((proxy.folder / "bodies").rglob("*.*"))
