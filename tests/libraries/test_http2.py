"""The server's side of HTTP/2 that sandboxes stand on, by clients that aren't ours: h2 and httpx."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import trustme
from aiohttp import web
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, SettingsFrame
from hypothesis import given
from hypothesis import strategies as st

from sandboxes.faults import Faults
from sandboxes.header_blocks import HeaderBlocks, fields_of
from sandboxes.http2 import PREFACE, STREAMS, Connection
from sandboxes.sandbox import Call, Sandbox, answered

LONG = b"0123456789" * 50_000


class Echo(Sandbox[Faults]):
    """It answers what it was asked."""

    MAX_REQUEST_BYTES = 100_000

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(Faults(), "127.0.0.1", 0, tls=tls, http2=True)
        self.heard: list[str] = []
        #: The connection goes away at the so-manieth request from now on.
        self.leaves_at = 0

    def calls(self) -> Mapping[str, Call]:
        return {"/echo": self._echo, "/long": self._long, "/never": self._never}

    def respond(self, connection: Connection, stream: int, headers: dict[str, str], body: bytes) -> None:
        self.leaves_at -= 1
        if not self.leaves_at:
            connection.go_away()
        super().respond(connection, stream, headers, body)

    async def _echo(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode()
        self.heard.append(body)
        return answered({"body": body, "n": request.query.get("n"), "method": request.method})

    async def _long(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=LONG)

    async def _never(self, _: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    def refused(self, code: int | str) -> web.StreamResponse:
        raise ValueError(code)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with Echo() as sandbox:
        yield sandbox


class Client:
    """A client by h2, which takes what comes on each stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.http2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.http2.initiate_connection()
        self.bodies: dict[int, bytes] = {}
        self.statuses: dict[int, str] = {}
        self.ended: set[int] = set()
        self.reset: dict[int, int] = {}
        self.closed = False

    def ask(self, path: str, body: bytes = b"") -> int:
        stream = self.http2.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", path)]
        self.http2.send_headers(stream, head, end_stream=not body)
        for start in range(0, len(body), 16_384):
            self.http2.send_data(stream, body[start : start + 16_384], end_stream=start + 16_384 >= len(body))
        return stream

    async def until(self, met: Any) -> None:
        """Read until `met()`, or the end of the connection."""
        async with asyncio.timeout(20):
            while not met() and not self.closed:
                self.writer.write(self.http2.data_to_send())
                data = await self.reader.read(65_536)
                self.closed = not data
                for event in self.http2.receive_data(data) if data else ():
                    self.take(event)

    def take(self, event: Any) -> None:
        if isinstance(event, ResponseReceived):
            self.statuses[event.stream_id] = dict(event.headers)[":status"]
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.ended.add(event.stream_id)
        elif isinstance(event, StreamReset):
            self.reset[event.stream_id] = event.error_code


@pytest.fixture
async def client(echo: Echo) -> AsyncIterator[Client]:
    one = Client(*await asyncio.open_connection("127.0.0.1", echo.port))
    yield one
    one.writer.close()


@pytest.mark.parametrize("alpn", [["h2", "http/1.1"], ["http/1.1"], None], ids=["h2", "only HTTP/1.1", "none"])
async def test_over_tls_it_speaks_as_the_client_does_whatever_alpn_says(tmp_path: Path, alpn: list[str] | None) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    trusted = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    if alpn:
        trusted.set_alpn_protocols(alpn)
    async with Echo(context) as echo:
        one = Client(*await asyncio.open_connection("127.0.0.1", echo.port, ssl=trusted))
        stream = one.ask("/echo", b"by h2")
        await one.until(lambda: stream in one.ended)
        assert one.bodies[stream] == b'{"body":"by h2","n":null,"method":"POST"}'
        one.writer.close()
        url = f"{echo.url}/echo?n=1"
        async with aiohttp.ClientSession() as session, session.post(url, data=b"x", ssl=trusted) as got:
            assert await got.json() == {"body": "x", "n": "1", "method": "POST"}


async def test_without_tls_httpx_speaks_http2_and_the_controls_answer_it(echo: Echo) -> None:
    async with httpx.AsyncClient(http1=False, http2=True, base_url=echo.url) as session:
        said = await session.post("/echo?n=7", content=b"text")
        assert (said.http_version, said.json()) == ("HTTP/2", {"body": "text", "n": "7", "method": "POST"})
        assert (await session.put("/sandbox/faults", json={"status": {"/echo": 503}})).status_code == 200
        assert (await session.post("/echo")).status_code == 503
        assert (await session.get("/nowhere")).status_code == 404


async def test_an_answer_longer_than_what_the_client_lets_us_send_comes_whole(client: Client) -> None:
    first, second = client.ask("/long"), client.ask("/long")
    await client.until(lambda: {first, second} <= client.ended)
    assert client.bodies == {first: LONG, second: LONG}


async def asked_at_once(echo: Echo, paths: list[str]) -> tuple[int, list[int]]:
    """Ask for these in one packet, frame by frame: the last stream that GOAWAY names, and those that were answered.

    h2 itself hears nothing behind a GOAWAY.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    encoder, packet = Encoder(), PREFACE + SettingsFrame(0).serialize()
    for number, path in enumerate(paths):
        head = HeadersFrame(2 * number + 1, flags=["END_HEADERS", "END_STREAM"])
        named = [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", path)]
        head.data = encoder.encode(named)
        packet += head.serialize()
    writer.write(packet)
    async with asyncio.timeout(20):
        said = await reader.read(-1)
    writer.close()
    last, answered_ = 0, []
    while said:
        frame, length = Frame.parse_frame_header(memoryview(said[:9]))
        frame.parse_body(memoryview(said[9 : 9 + length]))
        said = said[9 + length :]
        if isinstance(frame, GoAwayFrame):
            last = frame.last_stream_id
        elif "END_STREAM" in frame.flags:
            answered_.append(frame.stream_id)
    return last, sorted(answered_)


async def test_of_a_connection_that_goes_away_all_up_to_the_last_stream_is_answered_and_nothing_behind_it(
    echo: Echo,
) -> None:
    echo.leaves_at = 3
    last, streams = await asked_at_once(echo, ["/echo?n=1", "/echo?n=2", "/echo?n=3", "/echo?n=4", "/echo?n=5"])
    assert (last, streams) == (5, [1, 3, 5])
    assert len(echo.heard) == 3


async def test_more_streams_than_there_may_be_are_refused_and_given_up_ones_make_room(client: Client) -> None:
    streams = [client.ask("/never") for _ in range(STREAMS)]
    client.http2.remote_settings.update({3: STREAMS + 1})
    client.http2.remote_settings.acknowledge()
    await client.until(lambda: True)
    one_more = client.ask("/echo", b"x")
    await client.until(lambda: client.reset or client.ended)
    assert client.reset == {one_more: 7}
    client.http2.reset_stream(streams[0])
    again = client.ask("/echo", b"y")
    await client.until(lambda: again in client.ended)
    assert client.statuses[again] == "200"


async def test_a_body_longer_than_the_sandbox_reads_is_reset_and_the_connection_goes_on(
    echo: Echo, client: Client
) -> None:
    small = client.ask("/echo", b"small")
    await client.until(lambda: small in client.ended)
    stream = client.http2.get_next_available_stream_id()
    head = [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/echo")]
    client.http2.send_headers(stream, head)
    for _ in range(echo.MAX_REQUEST_BYTES // 16_384 + 1):
        client.http2.send_data(stream, b"x" * 16_384)
    await client.until(lambda: client.reset)
    assert client.reset == {stream: 11}
    again = client.ask("/echo", b"again")
    await client.until(lambda: again in client.ended)
    assert echo.heard == ["small", "again"]


async def test_what_is_neither_of_them_ends_its_own_connection_alone(echo: Echo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
    async with asyncio.timeout(20):
        said = await reader.read()
    assert b"400" in said.split(b"\r\n")[0]
    writer.close()
    one = Client(*await asyncio.open_connection("127.0.0.1", echo.port))
    stream = one.ask("/echo", b"whole")
    await one.until(lambda: stream in one.ended)
    assert one.statuses[stream] == "200"
    one.writer.close()


async def test_a_connection_that_is_lost_leaves_no_work_behind(echo: Echo, client: Client) -> None:
    client.ask("/never")
    quick = client.ask("/echo", b"x")
    await client.until(lambda: quick in client.ended)
    waiting = [task for task in asyncio.all_tasks() if "Sandbox._respond" in repr(task)]
    assert len(waiting) == 1
    client.writer.close()
    async with asyncio.timeout(20):
        await asyncio.gather(*waiting, return_exceptions=True)
    assert waiting[0].cancelled()


TEXT = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=200)
PAIRS = st.lists(st.tuples(st.sampled_from(["apns-id", ":path", "x", "authorization"]) | TEXT, TEXT, st.integers(0, 2)))


@given(st.lists(PAIRS, max_size=12), st.booleans())
def test_header_blocks_are_read_as_hpack_reads_them_field_by_field(
    blocks: list[list[tuple[str, str, int]]], huffman: bool
) -> None:
    encoder, judge = Encoder(), Decoder()
    header_blocks = HeaderBlocks()
    for pairs in blocks:
        kinds = (HeaderTuple, NeverIndexedHeaderTuple, HeaderTuple)
        whole = encoder.encode([kinds[kind](name, value) for name, value, kind in pairs], huffman=huffman)
        assert b"".join(fields_of(whole)) == whole
        expected = {str(name): str(value) for name, value in judge.decode(whole)}
        assert header_blocks.read(whole) == expected
