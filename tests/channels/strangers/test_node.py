"""The example of a channel in plain Node.js, by HTTP alone: every item, and nothing lost or twice when it is killed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from banshi.sdk.outgoing import new_secret
from tests.channels.strangers import judge
from tests.channels.strangers.gateway import KEY, Gateway, opened_gateway
from tests.plugins.services_office import INTEGRATIONS
from tests.processes import commands
from tests.servers.ports import free_port
from tests.town.programs import SECRET, program_at
from tests.waiting import WAIT_TIMEOUT_S

EXAMPLE = judge.ROOT / "docs" / "examples" / "channel.mjs"
needs_node = pytest.mark.skipif(
    not shutil.which("node") and os.environ.get("CI") != "true", reason="Node.js is not installed"
)


@dataclass
class Program:
    """The example, which is begun again whenever it is killed."""

    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def begin(self) -> None:
        errors = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(
            "node", str(EXAMPLE), env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )

    async def registered(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), WAIT_TIMEOUT_S)).decode().strip()

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def again(self) -> None:
        await self.end()
        await self.begin()


@asynccontextmanager
async def running(gateway: Gateway, url: str, client: str, secret: str) -> AsyncIterator[Program]:
    """The example between that gateway and the city."""
    own = f"http://127.0.0.1:{free_port()}"
    told = {"BANSHI_URL": url, "CLIENT_ID": client, "CLIENT_SECRET": secret, "SECRET": new_secret()}
    told |= {"ENDPOINT": f"{own}/banshi", "GATEWAY": gateway.url, "GATEWAY_KEY": KEY}
    gateway.inbound, gateway.receipts = f"{own}/in", f"{own}/receipt"
    program = Program({**os.environ, **told})
    try:
        await program.begin()
        yield program
    finally:
        await program.end()


def test_it_has_200_lines_at_most_and_no_package() -> None:
    text = EXAMPLE.read_text()
    assert len(text.splitlines()) <= 200
    assert all('from "node:' in line for line in text.splitlines() if line.startswith("import "))


@needs_node
@pytest.mark.long
async def test_every_item_ends_by_a_program_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes long: a third of all items is talked to its end."""
    plugins: dict[str, Path | str] = {"clients": INTEGRATIONS / "clients", "http_channel": "http_channel"}
    async with opened_gateway() as gateway, judge.sample_city(tmp_path, plugins, {}) as door:
        await program_at(door, "bc_sms", ["channels"])
        async with running(gateway, door.url, "bc_sms", SECRET + "bc_sms") as program:
            assert await program.registered() == "registered as http:sms"
            wanted = judge.share_of(door, 1)
            assert await judge.talk_all(door, gateway, wanted, monkeypatch) == judge.ends_of(wanted)


@needs_node
@pytest.mark.long
async def test_killed_twenty_times_with_its_program_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, postgres: str
) -> None:
    """It takes long: a server is begun anew after each kill."""
    plugins = f'[plugins.clients]\npath = "{INTEGRATIONS / "clients"}"\napi = 1\n'
    plugins += '[plugins.http_channel]\npackage = "http_channel"\napi = 1\n'
    config, port = judge.written_config(tmp_path, postgres, plugins), free_port()
    asked = ("client", "add", "SMS", "--contact", "it@sms.example", "--scope", "channels", "--mode", "live")
    shown = await asyncio.to_thread(commands.run, judge.ROOT, "--config", config, *asked)
    client, secret = (line.split()[1] for line in shown.stdout.splitlines()[:2])
    async with opened_gateway() as gateway, running(gateway, f"http://127.0.0.1:{port}", client, secret) as program:
        killed = judge.Killed(config, port, "http:sms", gateway, part=1)
        await killed.run(program.again, gateway.receipts_are_taken)
        assert await killed.judge(tmp_path, postgres, ends="delivered") > judge.PHONES * judge.LAST


@needs_node
async def test_what_the_gateway_or_the_city_has_not_signed_is_refused(tmp_path: Path) -> None:
    async with opened_gateway() as gateway, running(gateway, "http://127.0.0.1:9", "bc_sms", "none"):
        for address in (gateway.inbound, gateway.receipts, gateway.inbound.replace("/in", "/banshi")):
            while not await is_there(gateway, address):  # noqa: ASYNC110 - another process begins
                await asyncio.sleep(0.05)
            async with gateway.session.post(address, data={"id": "1", "from": "1", "text": "a", "sign": "0"}) as answer:
                assert answer.status in (401, 403), address


async def is_there(gateway: Gateway, address: str) -> bool:
    try:
        async with gateway.session.get(address):
            return True
    except OSError:
        return False
