"""The bad network of the fault tests does to a connection what it says, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.servers.fault_proxy import FaultProxy
from tests.waiting import until

#: What a client says and hears while nothing is wrong.
WORDS = b"one two three four five six seven eight\n"


class Echo:
    """A server that says whatever it hears, and remembers how each client left."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.heard = b""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.heard += data
                writer.write(data)
                await writer.drain()
            self.ends.append("closed")
        except ConnectionResetError:
            self.ends.append("reset")
        finally:
            writer.close()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def network(echo: Echo) -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(echo.answer, "127.0.0.1", 0)
    async with FaultProxy(to=server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


async def connected(network: FaultProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
    await said(reader, writer)
    return reader, writer


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """Say the words and hear them all; seconds that it took."""
    begun = time.monotonic()
    writer.write(WORDS)
    assert await asyncio.wait_for(reader.readexactly(len(WORDS)), 20) == WORDS
    return time.monotonic() - begun


async def test_without_a_fault_every_byte_arrives_and_an_end_is_passed_on(network: FaultProxy, echo: Echo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
    much = bytes(range(256)) * 4096
    writer.write(much)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 20) == much
    assert (echo.ends, network.carried) == (["closed"], 1)
    await until(lambda: network.open == 0)


async def test_latency_holds_what_comes_back_both_ways_and_drops_nothing(network: FaultProxy) -> None:
    pair = await connected(network)
    network.latency = 0.1
    assert await said(*pair) > 0.18
    network.heal()
    await said(*pair)


async def test_a_reset_is_heard_by_both_sides_and_the_next_connection_is_good(network: FaultProxy, echo: Echo) -> None:
    reader, _ = await connected(network)
    assert network.reset() == 1
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), 20)
    await until(lambda: echo.ends == ["reset"])
    await connected(network)


async def test_a_half_closed_client_hears_the_end_and_is_still_listened_to(network: FaultProxy, echo: Echo) -> None:
    reader, writer = await connected(network)
    assert network.half_close() == 1
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.write(b"still here\n")
    await until(lambda: echo.heard.endswith(b"still here\n"))
    assert echo.ends == []


async def test_dripping_bytes_come_one_by_one_and_all_of_them(network: FaultProxy) -> None:
    reader, writer = await connected(network)
    network.drip = 0.01
    writer.write(WORDS)
    first = await asyncio.wait_for(reader.read(65_536), 20)
    assert len(first) < len(WORDS)
    assert first + await asyncio.wait_for(reader.readexactly(len(WORDS) - len(first)), 20) == WORDS
    writer.write(WORDS)
    await reader.readexactly(1)
    network.heal()
    assert await asyncio.wait_for(reader.readexactly(len(WORDS) - 1), 20) == WORDS[1:]


async def test_a_black_hole_takes_connections_and_says_nothing_until_it_speaks(network: FaultProxy, echo: Echo) -> None:
    reader, writer = await connected(network)
    network.fall_silent()
    writer.write(b"hello\n")
    other, _ = await asyncio.open_connection("127.0.0.1", network.port)
    for one in (reader, other):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.read(1), 0.1)
    assert not echo.heard.endswith(b"hello\n")
    network.speak()
    assert await asyncio.wait_for(reader.readexactly(6), 20) == b"hello\n"


@pytest.mark.parametrize("why", ["absent", "dead"])
async def test_where_nobody_is_there_a_connection_is_reset(network: FaultProxy, why: str) -> None:
    if why == "absent":
        network.absent = True
    else:
        network.to = 1
    reader, _ = await asyncio.open_connection("127.0.0.1", network.port)
    with suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(1), 20) == b""
    assert (network.open, network.carried) == (0, 0)
