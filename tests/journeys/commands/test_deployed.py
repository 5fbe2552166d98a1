"""What deploy/ starts really starts: the compose file's own command lines, on PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.ops.cli.server import serve
from tests.contract.shipped.test_deploy import ROOT, text
from tests.journeys.running import ran, started
from tests.servers import deployed, redis_servers


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_the_compose_file_s_commands_migrate_serve_and_work_and_end_in_time(
    tmp_path: Path, empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis_servers.alone(tmp_path) as redis, ExitStack() as stack:
        set_environment(monkeypatch, tmp_path, empty_postgres, redis.port)
        processes = deployed.of_compose(text("compose.yaml"), text("Dockerfile"))
        lines = {one.where.rpartition(" ")[2]: here(one.arguments) for one in processes}
        assert "schema-too-old" in (await ran(tmp_path, *lines["server"], status=2)).stderr
        assert "applied" in (await ran(tmp_path, *lines.pop("migrate"))).stdout
        running = {name: stack.enter_context(started(tmp_path, *line)) for name, line in lines.items()}
        assert running.keys() == {"server", "worker-cases", "worker-broadcasts"}
        async with aiohttp.ClientSession() as session:
            for process in running.values():
                url = await asyncio.to_thread(process.line, r"(http://127\.0\.0\.1:\d+)")
                async with session.get(f"{url}/readyz") as answer:
                    assert answer.status == 200
        for process in running.values():
            begun = time.monotonic()
            assert await asyncio.to_thread(process.stop) == 0
            assert time.monotonic() - begun < serve.END_TIMEOUT_S


def set_environment(patch: pytest.MonkeyPatch, folder: Path, database: str, redis: int) -> None:
    patch.setenv("BANSHI_DATA", str(folder / "data"))
    patch.setenv("BANSHI_DATABASE", database)
    patch.setenv("BANSHI_REDIS", f"redis://127.0.0.1:{redis}/0")
    patch.setenv("BANSHI_ADDRESS", "https://services.city.example")
    patch.setenv("BANSHI_ISSUER", "http://127.0.0.1:1")
    patch.setenv("BANSHI_AUDIENCE", "banshi")


def here(arguments: Any) -> list[str]:
    """The same command line on this machine: the repository where it is, loopback alone, and a free port."""
    changed = {"0.0.0.0": "127.0.0.1", "8080": "0"}
    return [changed.get(one, one.replace(deployed.PLACE, f"{ROOT}/")) for one in arguments]
