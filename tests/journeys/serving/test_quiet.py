"""A database that is away is said once when it goes and once when it is back, by each process, whatever it works on."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from banshi.testing import Person
from tests.places import ROOT
from tests.processes import commands
from tests.servers import postgres_servers

#: Requests while the database is away, a second apart; seconds within which a start or a return has to be.
ASKED, START_S = 6, 60.0

#: What an operator reads; signals go over the same server, and have a word of their own.
DEVELOPMENT = Counter(["this is for development"])
AWAY = DEVELOPMENT + Counter(["the database is away", "no signals from other processes; all goes on, slower"])
BACK = Counter(["the database is back"])


def said(log: Path) -> Counter[str]:
    """The lines of a process's log, without those of requests and of its start."""
    lines = [json.loads(one) for one in log.read_text().splitlines() if one.startswith("{")]
    return Counter(str(one["event"]) for one in lines if one["level"] != "info" or "database" in one["event"])


@pytest.mark.long
@pytest.mark.sqlite
async def test_a_database_that_is_away_is_one_line_and_one_when_it_is_back(tmp_path: Path) -> None:
    with postgres_servers.alone(tmp_path / "postgres") as database, (tmp_path / "log").open("wb") as log:
        text = (ROOT / "plugins.toml").read_text()
        text = text.replace('data = "data"', f'data = "{tmp_path / "data"}"\ndatabase = "{database.url}"')
        config = tmp_path / "plugins.toml"
        config.write_text(text.replace('path = "plugins/', f'path = "{ROOT}/plugins/'))
        server = commands.begin(ROOT, "--config", config, "serve", "--port", "0", stderr=log)
        try:
            assert server.stdout is not None
            line = await asyncio.wait_for(asyncio.to_thread(server.stdout.readline), START_S)
            async with aiohttp.ClientSession() as session:
                token = development_token(Settings(data=tmp_path / "data"), "wang")
                wang = Person(session, line.split()[-1], token)
                (await wang.get("/v1/cases")).ok()
                await asyncio.to_thread(database.kill, signal.SIGQUIT)
                for _ in range(ASKED):
                    (await wang.get("/v1/cases")).problem(503, "unavailable")
                    await asyncio.sleep(1.0)
                assert said(tmp_path / "log") == AWAY
                await asyncio.to_thread(database.begin_again)
                async with asyncio.timeout(START_S):
                    while said(tmp_path / "log") != AWAY + BACK:  # noqa: ASYNC110 - another process writes it
                        await asyncio.sleep(0.1)
                (await wang.get("/v1/cases")).ok()
                counted = (await wang.get("/metrics")).body.decode()
                failures = next(one for one in counted.splitlines() if one.startswith("banshi_database_failures_total"))
                assert float(failures.split()[-1]) > ASKED
        finally:
            server.close()
    assert said(tmp_path / "log") == AWAY + BACK
