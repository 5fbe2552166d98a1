"""The measured side of webhooks.py: a platform whose events are sent to receivers, and that makes the events itself.

Reads a plan as JSON from its first argument: {"folder", "database", "ports", "hostile", "authority", "secret", "rate",
"seconds", "mode", "spread"}. With `spread` each event is for one receiver, otherwise for all. Prints a result as JSON
once everything was delivered to those that take it.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from peers.webhook_sender import STEPS, data_of

from banshi import Write
from banshi.foundation import logs
from banshi.sdk.events import Event, event_rows
from banshi.sdk.outgoing import SEAL
from banshi.testing import Door, open_door

ROOT = Path(__file__).resolve().parents[1]

#: Seconds between two groups of events.
TICK = 0.01

#: Seconds that deliveries may take behind the last event.
PATIENCE = 60.0


async def subscribe(door: Door, plan: dict[str, Any]) -> None:
    """A client, and a webhook a receiver, as if each had allowed it."""
    clients, models = (importlib.import_module(f"banshi_plugins.{name}.models") for name in ("clients", "webhooks"))
    now = datetime.now(UTC)
    one = clients.ApiClient(id="bc_1", name="load", contact="ops@example.com", mode="live", created_at=now)
    one.scopes = ["webhooks"]
    rows: list[Any] = [one]
    secret = door.platform[SEAL].sealed(plan["secret"])
    urls = [f"http://127.0.0.1:{port}/" for port in plan["ports"]]
    for number, url in enumerate([*plan["hostile"], *urls]):
        own = number - len(plan["hostile"])
        rows.append(
            models.Subscription(
                client="bc_1",
                url=url,
                mode=plan["mode"],
                types=[],
                departments=[],
                items=[f"item-{own}"] if plan["spread"] and own >= 0 else [],
                scopes=["webhooks"],
                secrets=[{"secret": secret, "until": None}],
                state="active",
                created_at=now,
                position=0,
            )
        )
    await door.platform.store.commit(Write(rows=rows))


async def make(door: Door, plan: dict[str, Any]) -> int:
    """Make events at the rate, each in a transaction as a case's step would be; how many."""
    platform, rate, receivers = door.platform, plan["rate"], len(plan["ports"])
    begun, made, late = time.monotonic(), 0, 0.0

    def write(number: int) -> Write:
        receiver, step = number % receivers, number // receivers
        case, version = f"{receiver:04}-{step // STEPS:08}", step % STEPS + 1
        event = Event(
            id=f"{case}-{version}",
            type="banshi.case.accept",
            at=platform.now(),
            subject=case,
            version=version,
            department="parks",
            item=f"item-{receiver}",
            data=data_of(case, receiver, version),
        )
        return Write(rows=event_rows(platform, event))

    while (passed := time.monotonic() - begun) < plan["seconds"]:
        due = int(passed * rate)
        if due > made:
            # Two steps of one case are never in one group: there are more receivers than events in it.
            group = range(made, min(due, made + receivers))
            await asyncio.gather(*(platform.store.commit(write(number)) for number in group))
            made = group.stop
            late = max(late, (due - made) / rate)
        await asyncio.sleep(TICK)
    return made


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds, for as long as patience lasts."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            return
        await asyncio.sleep(0.005)


async def main() -> None:
    plan = json.loads(sys.argv[1])
    outgoing = {"networks": ["127.0.0.0/8"]} | ({"ca_file": plan["authority"]} if plan["authority"] else {})
    platform = {"outgoing": outgoing, "address": "https://city.example", "database": plan["database"]}
    if not plan["database"]:
        # As `banshi serve` has it: each commit is synced.
        file = Path(plan["folder"]) / "data" / "banshi.sqlite3"
        platform["database"] = f"sqlite://{file}?synchronous=FULL&wal_autocheckpoint=8000&busy_timeout=5000"
    plugins = {name: ROOT / "plugins" / "integrations" / name for name in ("clients", "webhooks")}
    async with open_door(Path(plan["folder"]), plugins, platform=platform) as door:
        await subscribe(door, plan)
        office = door.platform[importlib.import_module("banshi_plugins.webhooks.delivery.dispatcher").OFFICE]
        office.changed()
        everybody = len(plan["ports"]) + len(plan["hostile"])
        await until(lambda: len(office.receivers) == everybody)
        begun, cpu = time.monotonic(), time.process_time()
        made = await make(door, plan)
        ended = time.monotonic()
        good = [one for one in office.receivers.values() if one.row.url.startswith("http://")]
        await door.settled()
        await until(lambda: all(one.live.position >= office.tail.top and not one.waiting for one in good))
        result = {
            "made": made,
            "seconds": ended - begun,
            "behind": time.monotonic() - ended,
            "cpu": time.process_time() - cpu,
            "wall": time.monotonic() - begun,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    logs.configure("error")
    uvloop.run(main())
