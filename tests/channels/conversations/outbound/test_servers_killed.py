"""Two servers that die at once in the middle of sending: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from banshi.testing import open_door
from conversations.tables.models import Said
from tests.channels.provider import opened_provider
from tests.places import ROOT
from tests.processes import commands
from tests.waiting import WAIT_TIMEOUT_S, until

OUTLET = ROOT / "tests" / "channels" / "outlet"
PETITIONS = ROOT / "plugins" / "departments" / "petitions"


@asynccontextmanager
async def server(config: Path) -> AsyncIterator[tuple[str, commands.Process]]:
    """A server of its own, which is killed at the end."""
    process = commands.begin(ROOT, "--config", config, "serve", "--port", "0")
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), WAIT_TIMEOUT_S)
        yield said.split()[-1], process
    finally:
        process.close()


async def test_servers_that_are_killed_lose_nothing_and_send_nothing_twice(tmp_path: Path, database: str) -> None:
    """All is accepted, but what nobody can know: that was sent once at most, and says so."""
    config = tmp_path / "plugins.toml"

    async def post(url: str, contact: str, text: str) -> None:
        async with session.post(url, json={"contact": contact, "text": text}) as answer:
            assert answer.status == 200, await answer.text()

    async with opened_provider() as provider, aiohttp.ClientSession() as session:
        config.write_text(
            f'[platform]\ndata = "{tmp_path / "data"}"\ndatabase = "{database}"\nlog_level = "error"\n'
            f'[plugins.petitions]\npath = "{PETITIONS}"\napi = 1\n'
            '[plugins.conversations]\npackage = "conversations"\napi = 1\n'
            f'[plugins.outlet]\npath = "{OUTLET}"\napi = 1\n[plugins.outlet.settings]\nurl = "{provider.url}"\n'
        )
        for silent in (False, True):
            people = [f"o-{silent}-{number}" for number in range(20)]
            async with server(config) as (url, _), server(config):
                await asyncio.gather(*(post(f"{url}/v1/outlet/heard", one, f"{one} 你好") for one in people))
                if silent:  # it takes and says nothing: both are killed while they wait for its word
                    provider.answers.clear()
                before, posted = provider.asked, [(one, f"{one} 第{number}条") for number in range(3) for one in people]
                await asyncio.gather(*(post(f"{url}/v1/outlet/said", *one) for one in posted))
                await until(lambda before=before: provider.asked > before)
            provider.answers.set()
        plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "outlet": OUTLET}
        own = {"outlet": {"url": provider.url}}
        async with open_door(tmp_path, plugins, settings=own, platform={"database": database}):
            await Said.filter(state="waiting").update(lease_until=0)  # a minute later
            await until(nothing_waits)
            rows = await Said.all()
    states, got = Counter(row.state for row in rows), Counter(provider.texts)
    assert (len(rows), {*states}, max(got.values())) == (120, {"accepted", "unknown"}, 1), states
    assert {row.words["text"] for row in rows if row.state == "accepted"} <= {*got}


async def nothing_waits() -> bool:
    return not await Said.filter(state="waiting").exists()
