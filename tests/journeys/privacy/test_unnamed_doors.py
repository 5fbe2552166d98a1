"""Every door that is open to people who don't say who they are, behind the nginx of deploy/: what it leaves in logs.

Each is tried as it is, with a body that is too large, with no server behind nginx, and while one address floods it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from banshi.testing import Person, Reply
from tests.conftest import sqlite_url
from tests.journeys.privacy.test_tip_leaves_no_trace import Place, running
from tests.servers import proxy_servers
from tests.servers.proxy_servers import Proxy
from tests.town.tips import TIPS
from tests.waiting import until

ADDRESS = "https://services.city.example"
BEGIN = "/v1/items/ask-parks/begin"

#: Where a tip is handed in, and whether a page's form does it.
DOORS = {
    "/v1/tips/items/ask-parks/begin": False,
    BEGIN: False,
    TIPS: False,
    "/v1/tips/forms/ask-parks": True,
    "/v1/conversations/forms/ask-parks": True,
}

#: Other doors below the prefix, and a phone without a sign-in; `{}` is no right body of any.
BESIDE = ("/v1/tips/read", "/v1/tips/pictures", "/v1/tips/actions/write", "/v1/devices/anonymous")

#: What would say in a log who handed a tip in, or which door it came by; the addresses are this machine's own.
TRACES = ("127.77.", "tip", "forms", "begin", "anonymous", "ask-parks", "show_form", "hand_in")

#: Our file with a minute between two tips of an address in place of ten seconds, so that a slow machine sees the same.
SLOW = proxy_servers.CONFIGURATION.read_text(encoding="utf-8").replace("rate=6r/m", "rate=1r/m")

HONEST, FLOODING, ELSE = "127.77.0.1", "127.77.0.2", "127.78.0.1"


@asynccontextmanager
async def at(address: str, proxy: Proxy) -> AsyncIterator[Person]:
    """Somebody without a name, whose connections come from that address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0), ssl=proxy.trust)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Person(session, proxy.url, None)


async def hand_in(who: Person, door: str) -> Reply:
    if "/forms/" not in door:
        return await who.post(door, {"answers": {"text": "有人偷路灯"}})
    typed = urlencode({"/answers/text": "有人偷路灯", "/sort": "1"})
    headers = {"Origin": ADDRESS, "Content-Type": "application/x-www-form-urlencoded"}
    return await who.call("POST", door, data=typed.encode(), headers=headers)


async def shouted(proxy: Proxy, address: str, door: str, size: int, *, tls: bool = True) -> int:
    """The status of the answer to a body that is said to be so large, and never comes."""
    port, trust = (proxy.port, proxy.trust) if tls else (proxy.plain_port, None)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, local_addr=(address, 0))
    writer.write(f"POST {door} HTTP/1.1\r\nHost: services.city.example\r\nContent-Length: {size}\r\n\r\n".encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


def found(text: str, words: Iterable[str] = TRACES) -> list[str]:
    return [line for line in text.splitlines() if any(word in line for word in words)]


def requests(log: Path) -> Counter[str]:
    """The operations of which the platform's log has a line."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return Counter(line["operation"] for line in lines if line["event"] == "request")


@asynccontextmanager
async def city(folder: Path) -> AsyncIterator[tuple[Place, Proxy]]:
    chats = '[plugins.conversations]\napi = 1\npackage = "conversations"\n'
    async with (
        running(folder, sqlite_url(folder), f'address = "{ADDRESS}"\ndevelopment = true', chats) as place,
        proxy_servers.before(folder, place.url, text=SLOW, limits=None, level="error") as proxy,
    ):
        yield place, proxy


async def test_a_tip_by_any_door_is_in_no_log(tmp_path: Path) -> None:
    async with city(tmp_path) as (place, proxy):
        before = requests(place.log)
        for number, (door, is_page) in enumerate(DOORS.items()):
            async with at(f"127.77.1.{number}", proxy) as sender:
                if is_page:
                    assert (await sender.get(door)).status == 200
                told = await hand_in(sender, door)
                assert told.status == (200 if is_page else 201), told.body
                assert (await hand_in(sender, door.replace("ask-parks", "nothing"))).status in {401, 404}
        for number, door in enumerate((*DOORS, *BESIDE)):
            address = f"127.77.2.{number}"
            assert await shouted(proxy, address, door, 40_000_000) == 413
            async with at(address, proxy) as sender:
                assert 400 <= (await sender.post(door, {})).status < 500
        # Who has missed the s of https sends the length of a picture ahead.
        assert await shouted(proxy, "127.77.3.1", "/v1/tips/pictures", 2_000_000, tls=False) == 413
        async with at(ELSE, proxy) as somebody:
            assert (await somebody.get("/v1/items")).status == 200
            assert (
                await somebody.post("/v1/items/nothing/begin", {}, headers={"Authorization": "Bearer x"})
            ).status == 401
        await until(lambda: "/begin 401" in proxy.log)
        await until(lambda: requests(place.log)["list_items"] > before["list_items"])
    # A line each of those that say who they are, or ask for what anybody may read, and no other.
    assert [line.split()[1:4] for line in proxy.log.splitlines()[1:]] == [
        ["GET", "/v1/items", "200"],
        ["POST", "/v1/items/nothing/begin", "401"],
    ]
    assert requests(place.log) - before == {"list_items": 1, "begin": 1}
    assert found(place.log.read_text(), TRACES[:1]) == []
    assert found(proxy.errors) == []


async def test_a_tip_by_any_door_is_in_no_log_where_no_server_answers(tmp_path: Path) -> None:
    async with proxy_servers.before(tmp_path, "http://127.0.0.1:1", limits=None, level="error") as proxy:
        for number, door in enumerate((*DOORS, *BESIDE)):
            async with at(f"127.77.1.{number}", proxy) as sender:
                (await hand_in(sender, door)).problem(503, "unavailable")
        async with at(ELSE, proxy) as somebody:
            (await somebody.get("/v1/items")).problem(503, "unavailable")
        await until(lambda: "GET /v1/items 503" in proxy.log)
    assert found(proxy.errors, [ELSE]) != []
    assert found(proxy.log + proxy.errors) == []


async def test_a_network_of_ipv6_is_one_sender_however_its_addresses_are_written(tmp_path: Path) -> None:
    """A household has 2^64 of them. nginx is told by a header here from where a request comes."""
    told = "set_real_ip_from 127.0.0.0/8;\nreal_ip_header X-Comes-From;\n"
    async with (
        proxy_servers.before(tmp_path, "http://127.0.0.1:1", text=told + SLOW, limits=None) as proxy,
        at(ELSE, proxy) as somebody,
    ):

        async def statuses(*addresses: str) -> list[int]:
            sent = [
                somebody.call("POST", TIPS, headers={"X-Comes-From": address})
                for address in addresses
                for _ in range(4)
            ]
            return sorted(reply.status for reply in await asyncio.gather(*sent))

        one = await statuses("2001:db8:1:2::1", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2:ffff::", "2001:db8:1:2:0:1:0:2")
        assert one == [429] * 5 + [503] * 11
        assert await statuses("2001:db8:1:3::1", "2001:db8::1", "::1", "198.51.100.7", "198.51.100.8") == [503] * 20


async def test_an_address_that_floods_every_door_shuts_none_for_another_and_is_in_no_log(tmp_path: Path) -> None:
    async with city(tmp_path) as (place, proxy), at(FLOODING, proxy) as many, at(HONEST, proxy) as honest:
        before = requests(place.log)
        told = [await asyncio.gather(*(hand_in(many, door) for door in DOORS for _ in range(8))) for _ in range(3)]
        statuses = Counter(reply.status for replies in told for reply in replies)
        assert statuses[200] + statuses[201] < 20
        assert statuses[429] > 80
        refused = next(reply for reply in told[-1] if reply.status == 429)
        assert refused.headers["Retry-After"] == "10"
        for door, is_page in DOORS.items():
            assert (await hand_in(honest, door)).status == (200 if is_page else 201)
        assert requests(place.log) - before == {}
    assert found(proxy.log + proxy.errors) == []
    assert proxy.log.count("\n") == 1
