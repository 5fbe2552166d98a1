"""A database that is away is said once when it goes and once when it is back, by each process, whatever it works on."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.running import somebody, started, whole_city
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
        whole_city(tmp_path, f'database = "{database.url}"')
        with started(tmp_path, "serve", "--port", "0", stderr=log) as server:
            url = await asyncio.to_thread(server.line)
            async with aiohttp.ClientSession() as session:
                wang = somebody(tmp_path, session, url)
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
    assert said(tmp_path / "log") == AWAY + BACK
