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
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from banshi import Write
from banshi.foundation import logs
from banshi.sdk.events import Event, event_rows
from banshi.sdk.outgoing import SEAL
from banshi.testing import Door, open_door
from benchmarks.peers.webhook_sender import STEPS, data_of
from benchmarks.shared.cities import SYNCED
from benchmarks.shared.figures import cost
from benchmarks.shared.processes import ROOT
from tests.waiting import until

#: Seconds between two groups of events.
TICK_S = 0.01

#: Seconds that deliveries may take behind the last event.
DELIVERY_TIMEOUT_S = 60.0


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
        items = [f"item-{own}"] if plan["spread"] and own >= 0 else []
        what = {"mode": plan["mode"], "types": [], "departments": [], "items": items, "scopes": ["webhooks"]}
        how = {"secrets": [{"secret": secret, "until": None}], "state": "active", "created_at": now, "position": 0}
        rows.append(models.Subscription(client="bc_1", url=url, **what, **how))
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
        await asyncio.sleep(TICK_S)
    return made


async def main() -> None:
    plan = json.loads(sys.argv[1])
    outgoing = {"networks": ["127.0.0.0/8"]} | ({"ca_file": plan["authority"]} if plan["authority"] else {})
    platform = {"outgoing": outgoing, "address": "https://city.example", "database": plan["database"]}
    if not plan["database"]:
        platform["database"] = f"sqlite://{Path(plan['folder']) / 'data' / 'banshi.sqlite3'}?{SYNCED}"
    plugins = {name: ROOT / "plugins" / "integrations" / name for name in ("clients", "webhooks")}
    async with open_door(Path(plan["folder"]), plugins, platform=platform) as door:
        await subscribe(door, plan)
        office = door.platform[importlib.import_module("banshi_plugins.webhooks.delivery.dispatcher").DISPATCHER]
        office.changed()
        everybody = len(plan["ports"]) + len(plan["hostile"])
        await until(lambda: len(office.receivers) == everybody, DELIVERY_TIMEOUT_S)
        with cost() as whole:
            with cost() as making:
                made = await make(door, plan)
                good = [one for one in office.receivers.values() if one.row.url.startswith("http://")]
            await door.settled()
            # Whoever reads the events on may not have seen the last ones yet.
            top = await importlib.import_module("banshi_plugins.webhooks.events.journal").top()
            with suppress(AssertionError):  # what has not come by then, its receiver misses
                await until(
                    lambda: all(one.live.position >= top and not one.waiting for one in good), DELIVERY_TIMEOUT_S
                )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        behind = whole.seconds - making.seconds
    result = {"made": made, "seconds": making.seconds, "behind": behind, "cpu": whole.cpu, "memory": memory}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    logs.configure("error")
    uvloop.run(main())
