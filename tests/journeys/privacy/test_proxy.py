"""Behind the nginx of deploy/ the API is what it is without, and nginx keeps nothing that it should not."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from banshi.kinds.appeal.tips.codes import new_code
from banshi.testing import Door, Person, open_door
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.servers import proxy_servers
from tests.servers.proxy_servers import Proxy
from tests.town.parts import UNNAMED, appeals
from tests.town.tips import TIPS
from tests.town.town import open_town, picture, written
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
    async with proxy_servers.before(tmp_path / "nobody", "http://127.0.0.1:1") as proxy, through(proxy) as session:
        away = await Person(session, proxy.url, None).get("/v1/items")
        away.problem(503, "unavailable")
        assert away.headers["Retry-After"] == "2"
        assert "max-age" in away.headers["Strict-Transport-Security"]


async def test_a_person_without_tls_is_led_on_and_a_program_is_refused(door: Door, tmp_path: Path) -> None:
    """OWASP ASVS 5: 4.1.2, 3.4.1. Led on, a program would go on sending its token for all to read, unnoticed."""
    async with proxy_servers.before(tmp_path, door.url) as proxy, through(proxy) as session:
        plain = f"http://127.0.0.1:{proxy.plain_port}"
        async with session.get(f"{plain}/docs", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, "https://services.city.example/docs")
        for path in ("/v1/cases", "/v1/items?q=1", "/docs/x", "/oauth/token"):
            (await Person(session, plain, door.citizen("wang").token).get(path)).problem(403, "forbidden")
        answers = await Person(session, proxy.url, None).get("/v1/items")
        assert answers.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(
    ("version", "ciphers", "taken"),
    [
        (ssl.TLSVersion.TLSv1_3, "DEFAULT", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", True),
        (ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384", False),  # without forward secrecy
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AES:!AESGCM:!AESCCM", False),  # CBC
        (ssl.TLSVersion.TLSv1_1, "DEFAULT:@SECLEVEL=0", False),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
async def test_nginx_speaks_tls_1_2_and_1_3_with_forward_secrecy_alone(
    tmp_path: Path, version: ssl.TLSVersion, ciphers: str, taken: bool
) -> None:
    async with proxy_servers.before(tmp_path, "http://127.0.0.1:1") as proxy:
        trust = proxy.trust
        trust.set_ciphers(ciphers)
        trust.minimum_version = trust.maximum_version = version
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trust)
        except (ssl.SSLError, ConnectionError):
            assert not taken
        else:
            writer.close()
            assert taken


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
    plugins = written(tmp_path, appeals(UNNAMED, "parks"))
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


async def test_no_secret_of_an_address_is_in_nginx_s_logs_where_no_server_answers(tmp_path: Path) -> None:
    """OWASP ASVS 5: 14.2.1."""
    async with proxy_servers.before(tmp_path, "http://127.0.0.1:1") as proxy, through(proxy) as session:
        anyone = Person(session, proxy.url, None)
        for address in (
            *("/open311/v2/requests.json?api_key=bak_secret", "/v1/inbox/stream/by-ticket?ticket=secret"),
            *("/v1/conversations/sign-in/secret", "/v1/conversations/rest/secret", "/open311/v2/tokens/secret.xml"),
            *("/v1/conversations/signed-in?code=secret&state=secret", "/v1/conversations/opened?code=secret"),
            *("/v1/wechat/bureau?signature=secret&openid=secret", "/v1/weibo/bureau?signature=secret"),
        ):
            (await anyone.call("GET", address)).problem(503, "unavailable")
        (await anyone.get("/v1/items")).problem(503, "unavailable")
        await until(lambda: "GET /v1/items 503" in proxy.log)
    assert "/v1/items" in proxy.errors
    assert [line.split()[2] for line in proxy.log.splitlines() if "-" in line.split()[2][-2:]] == [
        *("/v1/conversations/sign-in/-", "/v1/conversations/rest/-", "/open311/v2/tokens/-"),
    ]
    assert "secret" not in proxy.log + proxy.errors


async def test_too_much_from_one_address_is_a_problem_that_the_app_understands(door: Door, tmp_path: Path) -> None:
    """With a second between two requests in place of a fiftieth, so that a slow machine reaches the end too."""
    text = proxy_servers.CONFIGURATION.read_text(encoding="utf-8").replace("rate=50r/s", "rate=1r/s")
    async with proxy_servers.before(tmp_path, door.url, text=text, limits=None) as proxy, through(proxy) as session:
        wang = proxy.person(session, door.citizen("wang"))
        answers = await asyncio.gather(*(wang.get("/v1/cases") for _ in range(300)))
        assert {answer.status for answer in answers} == {200, 429}
        refused = next(answer for answer in answers if answer.status == 429)
        theirs = refused.problem(429, "too-many-requests")
        assert theirs.keys() == (await door.citizen("wang").get("/v1/nothing")).document.keys()
        assert refused.headers["Retry-After"] == "10"
        assert "max-age" in refused.headers["Strict-Transport-Security"]
    # Whoever asked too much is named nowhere.
    assert "limiting" not in proxy.log


async def test_no_address_uses_up_what_the_platform_takes_of_tips(tmp_path: Path) -> None:
    async with (
        open_town(tmp_path, appeals(UNNAMED, "parks")) as town,
        proxy_servers.before(tmp_path, town.door.url, limits=None) as proxy,
        through(proxy) as session,
    ):
        somebody = Person(session, proxy.url, None)
        replies = await asyncio.gather(*(somebody.post(TIPS, {"answers": {"text": "灯"}}) for _ in range(15)))
        assert {reply.status for reply in replies} == {201, 429}
        refused = next(reply for reply in replies if reply.status == 429)
        assert refused.problem(429, "too-many-requests")["detail"].startswith("您所在的网络地址")
        # The platform has some left for those who come another way, and codes are read as before.
        (await town.door.anyone.post(TIPS, {"answers": {"text": "灯"}})).created()
        assert (await somebody.post("/v1/tips/read", {"code": new_code()})).status == 404
    assert "tips" not in proxy.errors


async def test_requests_under_way_are_counted_and_streams_are_not(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        await response.write(b"retry: 1\n\n")
        await go.wait()
        return response

    platform = web.Application()
    platform.router.add_get("/{path:.*}", answer)
    text = proxy_servers.CONFIGURATION.read_text(encoding="utf-8").replace("banshi_under_way 200", "banshi_under_way 3")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(platform))
        url = f"http://127.0.0.1:{server.port}"
        proxy = await stack.enter_async_context(proxy_servers.before(tmp_path, url, text=text))
        session = await stack.enter_async_context(through(proxy))
        streams = (
            "inbox/stream",
            "inbox/stream/by-ticket",
            "notices/1/report/stream",
            "alerts/1/report/stream",
        )
        for place in (*streams, *streams):
            reply = await stack.enter_async_context(session.get(f"{proxy.url}/v1/{place}"))
            assert (reply.status, await reply.content.readline()) == (200, b"retry: 1\n")
        for place in ("items", "items", "road/stream"):
            await stack.enter_async_context(session.get(f"{proxy.url}/v1/{place}"))
        # Of a stream without a name nobody else knows whose it is.
        for place in ("items", "road/stream"):
            (await Person(session, proxy.url, None).get(f"/v1/{place}")).problem(429, "too-many-requests")
        go.set()
