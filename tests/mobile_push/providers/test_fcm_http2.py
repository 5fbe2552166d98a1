"""The FCM provider over real HTTP/2 and TLS, against a server that the `h2` library speaks for."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from pyreqwest.client import Client

from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.providers.http2 import connections
from mobile_push.providers.provider import Outcome, Push, Receipt
from mobile_push.sandbox import Behaviour, FcmSandbox
from tests.waiting import until

PUSH = Push("m-1", "标题", "", "/cases/1", "case", 60, None, "normal")
LATER = Receipt(Outcome.RETRY, "connection")


def silence(*_: Any) -> None:
    """A server's answer that never comes."""


def accept(peer: Peer, stream: int) -> None:
    peer.accept(stream)


class Server:
    """What it was asked, and how it answers: `answer(connection, stream)`."""

    def __init__(self, streams: int = 100) -> None:
        self.streams = streams
        self.answer: Callable[[Peer, int], None] = accept
        self.peers: list[Peer] = []
        self.headers: list[dict[str, str]] = []
        #: Requests by token.
        self.asked: Counter[str] = Counter()
        self.resets = 0
        #: Questions about nothing, by which connections are made beforehand, and whether they are answered.
        self.openings, self.opens = 0, True

    @property
    def alive(self) -> list[Peer]:
        return [peer for peer in self.peers if not peer.transport.is_closing()]


class Peer(asyncio.Protocol):
    """One client's connection."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.bodies: dict[int, bytes] = {}
        self.most = 0
        #: It has said goodbye, and hears no more.
        self.leaves = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        self.server.peers.append(self)
        self.http2.initiate_connection()
        self.http2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self.server.streams})
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self.leaves:
            return
        try:
            events = self.http2.receive_data(data)
        except ProtocolError:
            self.transport.abort()
            raise
        for event in events:
            if isinstance(event, RequestReceived):
                headers = {str(name): str(value) for name, value in event.headers}
                if headers[":method"] == "HEAD":
                    self.server.openings += 1
                    if self.server.opens:
                        self.http2.send_headers(event.stream_id, [(":status", "404")], end_stream=True)
                    continue
                self.server.headers.append(headers)
                self.bodies[event.stream_id] = b""
                self.most = max(self.most, len(self.bodies))
            elif isinstance(event, DataReceived):
                self.bodies[event.stream_id] += event.data
                self.http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded) and event.stream_id in self.bodies:
                self.server.asked[orjson.loads(self.bodies[event.stream_id])["message"]["token"]] += 1
                self.server.answer(self, event.stream_id)
            elif isinstance(event, StreamReset):
                self.server.resets += 1
                self.bodies.pop(event.stream_id, None)
            elif isinstance(event, ConnectionTerminated):
                self.transport.close()
        self.flush()

    def flush(self) -> None:
        self.transport.write(self.http2.data_to_send())

    def send(self, stream: int, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.bodies.pop(stream, None)
        self.http2.send_headers(stream, [(":status", str(status)), *headers])
        self.http2.send_data(stream, body, end_stream=True)

    def accept(self, stream: int) -> None:
        self.send(stream, 200, b'{"name":"projects/p/messages/1"}')

    def later(self, seconds: float, stream: int) -> None:
        def accept() -> None:
            if not self.transport.is_closing() and stream in self.bodies:
                self.accept(stream)
                self.flush()

        asyncio.get_running_loop().call_later(seconds, accept)


@pytest.fixture
async def server(tls: tuple[ssl.SSLContext, Path]) -> AsyncIterator[Server]:
    server = Server()
    tls[0].set_alpn_protocols(["h2"])
    listener = await asyncio.get_running_loop().create_server(lambda: Peer(server), "127.0.0.1", 0, ssl=tls[0])
    server.port = listener.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    yield server
    listener.close()
    for peer in server.peers:
        peer.transport.abort()


@pytest.fixture
def settings(sandbox: FcmSandbox, server: Any, tmp_path: Path, tls: tuple[ssl.SSLContext, Path]) -> FcmSettings:
    key = sandbox.service_account_file(tmp_path / "key.json")
    base = f"https://127.0.0.1:{server.port}/v1/projects"
    return FcmSettings(key, base_url=base, token_uri=f"{sandbox.url}/token", ca_file=tls[1], at_once=100, timeout=5.0)


async def sent(fcm: FcmProvider, count: int, name: str = "phone") -> list[Receipt]:
    return await asyncio.gather(*(fcm.send(PUSH, f"{name}-{number}") for number in range(count)))


def outcomes(receipts: list[Receipt]) -> Counter[str]:
    return Counter(receipt.code for receipt in receipts)


async def test_hundreds_of_messages_share_a_connection_for_each_hundred(server: Server, settings: FcmSettings) -> None:
    server.answer = lambda peer, stream: peer.later(0.05, stream)
    async with FcmProvider(replace(settings, at_once=300)) as fcm:
        for name in "abc":
            assert outcomes(await sent(fcm, 300, name)) == {"OK": 300}
    assert len(server.peers) == 3
    assert max(peer.most for peer in server.peers) > 50
    assert len(server.asked) == sum(server.asked.values()) == 900


async def test_a_client_is_made_when_a_message_needs_it_and_what_cannot_be_used_is_told_at_once(
    server: Server, settings: FcmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Client] = []
    make = connections._client

    def counted(*how: Any) -> Client:
        made.append(make(*how))
        return made[-1]

    monkeypatch.setattr(connections, "_client", counted)
    async with FcmProvider(replace(settings, at_once=1000)) as fcm:
        # One for messages and one for topics.
        assert len(made) == 2
        for number in range(4):
            assert (await fcm.send(PUSH, f"phone-{number}")).outcome is Outcome.ACCEPTED
        assert (len(made), len(server.peers), server.openings) == (2, 1, 0)
        server.answer = lambda peer, stream: peer.later(0.5, stream)
        assert outcomes(await sent(fcm, 900)) == {"OK": 900}
        # Whichever is ready last may find that nothing is left to be sent.
        assert 5 <= len(server.peers) < len(made) <= 11


async def test_a_client_that_is_made_while_the_provider_closes_carries_nothing(
    server: Server, settings: FcmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, waiting, go = connections._client, threading.Event(), threading.Event()

    def late(*how: Any) -> Client:
        waiting.set()
        assert go.wait(10)
        return make(*how)

    async with FcmProvider(replace(settings, at_once=200, timeout=30.0)) as fcm:
        assert (await fcm.send(PUSH, "first")).outcome is Outcome.ACCEPTED
        monkeypatch.setattr(connections, "_client", late)
        server.answer = silence
        messages = asyncio.create_task(sent(fcm, 200, "more"))
        await until(waiting.is_set)
    go.set()
    assert outcomes(await messages) == {LATER.code: 200}
    assert len(server.peers) == 1


async def test_what_is_ready_beforehand_carries_a_hundred_messages_before_the_first_is_answered(
    server: Server, settings: FcmSettings, sandbox: FcmSandbox
) -> None:
    async with FcmProvider(replace(settings, timeout=30.0)) as fcm:
        await fcm.prepare()
        await until(lambda: sandbox.token_requests)
        assert (server.openings, len(server.peers), server.asked) == (1, 1, Counter())
        server.answer = silence
        messages = asyncio.create_task(sent(fcm, 100))
        await until(lambda: len(server.asked) == 100)
    assert outcomes(await messages) == {LATER.code: 100}
    assert (len(server.peers), sandbox.token_requests) == (1, 1)


async def test_a_first_answer_that_takes_long_holds_up_no_other_connection(
    server: Server, settings: FcmSettings
) -> None:
    server.answer = silence
    async with FcmProvider(replace(settings, at_once=300, timeout=30.0)) as fcm:
        messages = asyncio.create_task(sent(fcm, 300))
        # The first of the first connection, and all of the two others.
        await until(lambda: len(server.asked) >= 201)
    assert outcomes(await messages) == {LATER.code: 300}


@pytest.mark.parametrize("fault", ["hang", "token"])
async def test_what_cannot_be_made_ready_costs_no_message(
    server: Server, settings: FcmSettings, sandbox: FcmSandbox, fault: str
) -> None:
    server.opens = fault != "hang"
    sandbox.behaviour = Behaviour(status={"/token": 503} if fault == "token" else {})
    async with FcmProvider(settings) as fcm:
        preparing = asyncio.create_task(fcm.prepare())
        await until(lambda: server.openings and fcm._token._task is None)
        sandbox.behaviour = Behaviour()
        assert outcomes(await sent(fcm, 100)) == {"OK": 100}
        await preparing
    assert len(server.asked) == 100


async def test_a_request_says_what_fcm_needs_and_nothing_else(server: Server, settings: FcmSettings) -> None:
    cookie = ("set-cookie", "a=b")
    server.answer = lambda peer, stream: peer.send(stream, 200, b'{"name":"n"}', cookie)
    async with FcmProvider(settings) as fcm:
        assert outcomes(await sent(fcm, 3)) == {"OK": 3}
    for headers in server.headers:
        assert headers.pop("authorization").startswith("Bearer ")
        assert headers.pop("content-length").isdigit()
        assert headers == {
            ":method": "POST",
            ":scheme": "https",
            ":authority": settings.base_url.split("/")[2],
            ":path": "/v1/projects/banshi-sandbox/messages:send",
            "content-type": "application/json",
            "user-agent": "banshi",
            "accept": "*/*",
        }


async def test_a_server_that_allows_one_stream_at_a_time_gets_every_message(
    server: Server, settings: FcmSettings
) -> None:
    server.streams = 1
    async with FcmProvider(settings) as fcm:
        assert outcomes(await sent(fcm, 100)) == {"OK": 100}
    assert max(peer.most for peer in server.peers) == 1
    assert set(server.asked.values()) == {1}


async def test_a_redirect_is_not_followed(server: Server, settings: FcmSettings) -> None:
    there = ("location", f"{settings.base_url}/other/messages:send")
    server.answer = lambda peer, stream: peer.send(stream, 307, b"", there)
    async with FcmProvider(settings) as fcm:
        assert await fcm.send(PUSH, "phone") == Receipt(Outcome.MISCONFIGURED, "HTTP_307")
    assert server.asked == {"phone": 1}


async def test_messages_that_are_never_answered_time_out_and_those_after_them_do_not(
    server: Server, settings: FcmSettings
) -> None:
    async with FcmProvider(replace(settings, timeout=1.0)) as fcm:
        assert (await fcm.send(PUSH, "first")).outcome is Outcome.ACCEPTED
        server.answer = silence
        started = time.monotonic()
        assert outcomes(await sent(fcm, 100)) == {"timeout": 100}
        assert time.monotonic() - started < 3
        server.answer = accept
        assert outcomes(await sent(fcm, 100, "again")) == {"OK": 100}
    assert server.resets == 100, "a stream that is given up makes room on its connection"
    assert len(server.peers) == 1


async def test_a_first_message_that_is_never_answered_holds_the_others_up_no_longer_than_the_timeout(
    server: Server, settings: FcmSettings
) -> None:
    server.answer = silence
    async with FcmProvider(replace(settings, timeout=1.0)) as fcm:
        for _ in range(2):
            started = time.monotonic()
            assert outcomes(await sent(fcm, 50)) == {"timeout": 50}
            assert time.monotonic() - started < 1.9
        server.answer = accept
        assert outcomes(await sent(fcm, 50, "again")) == {"OK": 50}


async def test_a_connection_that_breaks_means_later_for_what_it_carried_and_one_new_connection(
    server: Server, settings: FcmSettings
) -> None:
    async with FcmProvider(settings) as fcm:
        assert (await fcm.send(PUSH, "first")).outcome is Outcome.ACCEPTED
        arrived = 0

        def break_at_fifty(peer: Peer, stream: int) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == 50:
                peer.transport.abort()

        server.answer = break_at_fifty
        started = time.monotonic()
        receipts = await sent(fcm, 50)
        assert time.monotonic() - started < 2
        assert receipts == [LATER] * 50
        server.answer = accept
        assert outcomes(await sent(fcm, 100, "again")) == {"OK": 100}
    assert len(server.peers) == 2


async def test_a_server_that_says_goodbye_loses_nothing_and_is_asked_on_a_new_connection(
    server: Server, settings: FcmSettings
) -> None:
    arrived = 0

    def goodbye_at_twenty(peer: Peer, stream: int) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 20:
            peer.http2.close_connection(ErrorCodes.NO_ERROR, last_stream_id=stream)
            peer.flush()
            peer.leaves = True
            asyncio.get_running_loop().call_later(0.2, peer.transport.close)
        elif arrived < 20 or peer is not server.peers[0]:
            peer.accept(stream)

    server.answer = goodbye_at_twenty
    async with FcmProvider(settings) as fcm:
        receipts = await sent(fcm, 60)
        assert set(outcomes(receipts)) <= {"OK", "connection"}
        assert outcomes(receipts)["OK"] >= 19
        left = [f"phone-{number}" for number, receipt in enumerate(receipts) if receipt == LATER]
        again = await asyncio.gather(*(fcm.send(PUSH, token) for token in left))
        assert set(again) <= {Receipt(Outcome.ACCEPTED, "OK", None, "projects/p/messages/1")}
    assert len(server.asked) == 60


async def test_a_server_that_refuses_streams_means_later(server: Server, settings: FcmSettings) -> None:
    server.answer = lambda peer, stream: peer.http2.reset_stream(stream, ErrorCodes.ENHANCE_YOUR_CALM)
    async with FcmProvider(settings) as fcm:
        assert await fcm.send(PUSH, "phone") == LATER
        server.answer = accept
        assert (await fcm.send(PUSH, "phone")).outcome is Outcome.ACCEPTED


async def test_a_huge_answer_is_given_up_and_messages_go_on(server: Server, settings: FcmSettings) -> None:
    def huge(peer: Peer, stream: int) -> None:
        peer.http2.send_headers(stream, [(":status", "200"), ("content-length", "1000000000")])
        asyncio.get_running_loop().create_task(flood(peer, stream))

    given = 0

    async def flood(peer: Peer, stream: int) -> None:
        nonlocal given
        while given < 50_000_000:
            try:
                room = min(peer.http2.local_flow_control_window(stream), 16_384)
                peer.http2.send_data(stream, b" " * room)
            except ProtocolError:
                return
            given += room
            peer.flush()
            await asyncio.sleep(0)

    server.answer = huge
    async with FcmProvider(settings) as fcm:
        assert await fcm.send(PUSH, "phone") == Receipt(Outcome.RETRY, "unreadable-answer")
        server.answer = accept
        receipts = [await fcm.send(PUSH, "phone") for _ in range(2)]
        # A busy machine may read the rest over a second after the stream was given up: then the connection ends.
        assert receipts[1].outcome is Outcome.ACCEPTED
        assert receipts[0] in (receipts[1], LATER)
    assert given < 10_000_000


async def test_sends_that_are_cancelled_harm_no_other_and_make_room_when_their_time_is_over(
    server: Server, settings: FcmSettings
) -> None:
    async with FcmProvider(replace(settings, timeout=1.0)) as fcm:
        assert (await fcm.send(PUSH, "first")).outcome is Outcome.ACCEPTED
        server.answer = silence
        tasks = [asyncio.create_task(fcm.send(PUSH, f"phone-{number}")) for number in range(20)]
        await until(lambda: len(server.asked) == 21)
        for task in tasks:
            task.cancel()
        assert {type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)} == {asyncio.CancelledError}
        server.answer = accept
        assert outcomes(await sent(fcm, 100, "again")) == {"OK": 100}
        await until(lambda: server.resets == 20)
    assert len(server.peers) == 1


async def test_closing_while_messages_are_under_way_ends_each_with_a_receipt(
    server: Server, settings: FcmSettings
) -> None:
    server.answer = silence
    async with FcmProvider(replace(settings, timeout=3.0)) as fcm:
        tasks = [asyncio.create_task(fcm.send(PUSH, f"phone-{number}")) for number in range(20)]
        await until(lambda: server.asked)
        started = time.monotonic()
    assert set(await asyncio.gather(*tasks)) == {LATER}
    assert time.monotonic() - started < 2
    await until(lambda: not server.alive)
    assert server.asked.total() == 1, "what waited for the first connection never left"


@pytest.mark.parametrize("end", ["cancel", "close"])
async def test_what_waits_for_its_turn_when_its_send_or_the_provider_ends_never_leaves(
    server: Server, settings: FcmSettings, end: str
) -> None:
    server.answer = silence
    async with FcmProvider(replace(settings, at_once=1, timeout=1.0)) as fcm:
        tasks = [asyncio.create_task(fcm.send(PUSH, f"phone-{number}")) for number in range(5)]
        await until(lambda: server.asked)
        if end == "cancel":
            for task in tasks[1:]:
                task.cancel()
            await asyncio.wait(tasks)
            assert tasks[0].result() == Receipt(Outcome.RETRY, "timeout")
            server.answer = accept
            assert (await fcm.send(PUSH, "after")).outcome is Outcome.ACCEPTED
    if end == "close":
        assert await asyncio.gather(*tasks) == [LATER] * 5
    await until(lambda: not server.alive)
    assert not {"phone-1", "phone-2", "phone-3", "phone-4"} & set(server.asked)


async def test_a_turn_that_never_comes_costs_the_timeout(server: Server, settings: FcmSettings) -> None:
    server.answer = silence
    async with FcmProvider(replace(settings, at_once=1, timeout=1.0)) as fcm:
        started = time.monotonic()
        assert set(outcomes(await sent(fcm, 30))) == {"timeout"}
        assert time.monotonic() - started < 3
        server.answer = accept
        assert outcomes(await sent(fcm, 30)) == {"OK": 30}


async def test_a_proxy_carries_http2_through_its_tunnel(
    server: Any, settings: FcmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b" HTTP")[0].decode())
        there = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    async with proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        async with FcmProvider(settings) as fcm:
            assert (await fcm.send(PUSH, "phone")).outcome is Outcome.ACCEPTED
        assert asked == [f"CONNECT 127.0.0.1:{server.port}"]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with FcmProvider(settings) as fcm:
            assert (await fcm.send(PUSH, "phone")).outcome is Outcome.ACCEPTED
        assert len(asked) == 1


async def test_a_ca_file_of_a_server_instead_of_its_authority_is_named(settings: FcmSettings, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes((tmp_path / "server.pem").read_bytes())
    with pytest.raises(ValueError, match=r"leaf\.pem holds no authority's certificate"):
        async with FcmProvider(replace(settings, ca_file=tmp_path / "leaf.pem")):
            pass
