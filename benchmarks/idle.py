"""What servers cost that have nothing to do: statements, by process and by their text, and processor time.

    python benchmarks/idle.py    # a minute each
    python benchmarks/idle.py --short

The project's plugins with FCM and a WeChat account: one server on SQLite; two servers and a worker on PostgreSQL,
by its own signals and by Redis's. The aims, for each process: on PostgreSQL 2 statements a second with Redis and 4
without, BEGIN and COMMIT included; 0.3 % of a core. What looks by itself every five minutes does so after this ends:
some thirty statements each time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import project
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import table
from benchmarks.shared.processes import python, workspace
from benchmarks.shared.provider import Provider, provider
from benchmarks.shared.servers import Server
from tests.waiting import until

REDIS = os.environ.get("BANSHI_TEST_REDIS", "redis://127.0.0.1:6379")

#: Statements a second, with Redis and without, and the share of a core: what a process may cost.
MAX_STATEMENTS, MAX_WITHOUT_REDIS, MAX_SHARE = 2.0, 4.0, 0.003

#: Statements that are printed.
SHOWN = 20

ACCOUNT = {"appid": "wx0123456789abcdef", "secret": "made-up", "token": "madeup", "aes_key": "a" * 43}


class Probed(Server):
    """A process that counts (`peers/probed.py`)."""

    def __init__(self, name: str, config: Path) -> None:
        self.name, self._told = name, config.parent / f"{name}.json"
        program = python("peers/probed.py", str(self._told), "--config", str(config))
        super().__init__(config, config.parent / f"{name}.log", command=(name.partition("-")[0],), program=program)

    async def told(self) -> dict[str, Any]:
        """What it has counted so far."""
        self._told.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR2)
        await until(self._told.exists)
        found: dict[str, Any] = json.loads(self._told.read_text())
        return found


async def quiet(servers: list[Probed], given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What each process did in those seconds, once the work of its start is over: by second."""
    async with aiohttp.ClientSession() as session, AsyncExitStack() as up:
        for server in servers:
            await up.enter_async_context(server.up(session))
        await asyncio.sleep(given.settle)
        first = {server.name: await server.told() for server in servers}
        await asyncio.sleep(given.seconds)
        return {server.name: spent(first[server.name], await server.told()) for server in servers}


def spent(first: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    seconds, sent = last["at"] - first["at"], Counter(last["statements"])
    sent.subtract(first["statements"])
    return {
        "statements": {text: count / seconds for text, count in sent.items() if count},
        "cpu": (last["cpu"] - first["cpu"]) / seconds,
    }


def measured(folder: Path, given: argparse.Namespace, how: str, fcm: Provider) -> dict[str, Any]:
    with postgres_if(how != "SQLite") as url:
        account = {**ACCOUNT, "base_url": fcm.url}
        redis = {"url": REDIS, "name": folder.name[-20:]} if "Redis" in how else {}
        config = project(
            folder, push={"fcm": fcm.settings()}, wechat={"accounts": {"bureau": account}}, database=url, redis=redis
        )
        names = ["serve-1"] if how == "SQLite" else ["serve-1", "serve-2", "worker"]
        names = names[-2:] if given.short else names
        return asyncio.run(quiet([Probed(name, config) for name in names], given))


def tell(how: str, found: Mapping[str, Any]) -> None:
    print(f"## {how}\n")
    rows = [[name, f"{sum(one['statements'].values()):.2f}", f"{one['cpu']:.2%}"] for name, one in found.items()]
    table(["process", "statements a second", "of a core"], rows)
    sent = Counter[str]()
    for one in found.values():
        sent.update(one["statements"])
    rows = [[f"`{text}`", f"{count / len(found):.2f}"] for text, count in sent.most_common(SHOWN)]
    table(["a process's mean, by statement", "a second"], rows)


def missed(how: str, found: Mapping[str, Any]) -> list[str]:
    most = MAX_STATEMENTS if "Redis" in how else MAX_WITHOUT_REDIS
    return [
        f"{how}, {name}: {sum(one['statements'].values()):.2f} statements a second, {one['cpu']:.2%} of a core"
        for name, one in found.items()
        if (how != "SQLite" and sum(one["statements"].values()) > most) or one["cpu"] > MAX_SHARE
    ]


def has_redis() -> bool:
    import redis

    try:
        return bool(redis.Redis.from_url(REDIS, socket_connect_timeout=1).ping())
    except redis.RedisError:
        print(f"Redis is left out: nothing answers at {REDIS}\n")
        return False


def main() -> int:
    parser = options(__doc__, seconds=(60.0, 5.0), settle=(15.0, 3.0))
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these: sqlite, postgres, redis")
    given = begun(parser, pinned="not pinned")
    ways = {"sqlite": "SQLite"}
    if has_postgres():
        ways["postgres"] = "PostgreSQL"
        if has_redis():
            ways["redis"] = "PostgreSQL and Redis"
    chosen = given.parts or (["sqlite", list(ways)[-1]] if given.short else list(ways))
    late = []
    with provider(side=None) as fcm:
        for how in [ways[part] for part in chosen if part in ways]:
            with workspace() as folder:
                found = measured(folder, given, how, fcm)
            tell(how, found)
            late += missed(how, found)
    print("\n".join(late) or "The aims are met.")
    return 1 if late and not given.short else 0


if __name__ == "__main__":
    sys.exit(main())
