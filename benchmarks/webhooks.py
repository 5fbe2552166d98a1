"""Webhooks: 1,000 events a second to 100 receivers from one process, and what good receivers notice of bad ones.

    python benchmarks/webhooks.py              # 30 seconds each, on SQLite, and on PostgreSQL where there is one
    python benchmarks/webhooks.py --short      # a few seconds each, as in continuous integration

Each event is a row in the outbox, written in a transaction of its own in the measured process, as a step of a case is.
Receivers are a port each on this machine, over plain HTTP, in a process on the other core; they note the order within
each case, and verify every hundredth signature with the library `standardwebhooks`. Ends with 1 where anything is lost
or out of order, where five hostile receivers delay a good one by more than a second, and where the rate is not
sustained, which --short forgives.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from banshi.sdk.outgoing import new_secret
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.fetching import document
from benchmarks.shared.figures import table
from benchmarks.shared.processes import finished, python, running, workspace

RECEIVERS, RATE = 100, 1000

#: The peer's script.
LEAN = "peers/webhook_sender.py"

#: Of the receivers of batches every so many-th reads each event; a Python process can't read 100,000 a second.
READING = 20

#: Seconds that everything may take beside its own.
BESIDE_S = 120.0

#: What a fault begins with that a busy machine explains.
SLOW = "not sustained:"

#: The most that a hostile receiver may delay another, in seconds.
MAX_DELAY_S = 1.0


def sent(script: str, plan: dict[str, Any]) -> dict[str, Any]:
    """One run of a sender; what it says, and what the receivers got since the last time."""
    told = finished(python(script, json.dumps(plan)), side=0, seconds=plan["seconds"] + BESIDE_S)
    return told | document(f"http://127.0.0.1:{plan['ports'][0]}/report")


def ours(said: dict[str, Any], secret: str, database: str, **how: Any) -> dict[str, Any]:
    """One run of the platform."""
    with workspace() as folder:
        plan = {"folder": str(folder), "database": database, "ports": said["ports"], "secret": secret}
        plan |= {"hostile": [], "authority": said.get("authority", ""), "rate": RATE, **how}
        return sent("peers/webhooks_office.py", plan)


def row(name: str, one: dict[str, Any], peer: float = 0.0) -> list[str]:
    """A line of the table: how it went, and the processor time of one delivery against the peer's."""
    cost = one["cpu"] / max(1, one["events"]) * 1e6
    return [
        name,
        f"{one['events'] / one['seconds']:,.0f}",
        f"{one['requests'] / one['seconds']:,.0f}",
        f"{one['late']['median'] * 1000:,.0f} / {one['late']['p99'] * 1000:,.0f} / {one['late']['most'] * 1000:,.0f}",
        f"{one.get('behind', 0):.2f}",
        f"{cost:,.0f}",
        f"{peer / cost:.2f}" if peer else "",
        f"{one.get('memory', 0):,.0f}",
    ]


def wrong(name: str, one: dict[str, Any], expected: int) -> list[str]:
    """What is lost, out of order, or not signed."""
    faults = []
    if one["events"] != expected:
        faults.append(f"{name}: {one['events']} events came of {expected}")
    if one["disordered"] or one["refused"] or not one["verified"]:
        faults.append(f"{name}: {one['disordered']} out of order, {one['refused']} wrongly signed of the verified")
    return faults


def throughput(seconds: float, databases: list[tuple[str, str]]) -> list[str]:
    """A thousand events a second, in both readings."""
    faults, secret = [], new_secret()
    plans = [json.dumps({"receivers": RECEIVERS, "secret": secret, "every": every}) for every in (1, READING)]
    with (
        running(python("peers/webhook_receivers.py", plans[0]), side=1) as receivers,
        running(python("peers/webhook_receivers.py", plans[1]), side=1) as counters,
    ):
        said, counting = json.loads(receivers.said), json.loads(counters.said)
        at_rate, fastest = (
            sent(LEAN, {"ports": said["ports"], "secret": secret, "rate": rate, "seconds": most})
            for rate, most in ((RATE, seconds), (0, min(seconds, 10.0)))
        )
        peer = at_rate["cpu"] / at_rate["events"] * 1e6
        rows = [
            row(f"lean aiohttp sender, {RATE:,} a second", at_rate),
            row("lean aiohttp sender, as fast as it can", fastest, peer),
        ]
        for name, url in databases:
            for title, where, how in (
                ("each event for one receiver, one a request", said, {"spread": True, "mode": "structured"}),
                (f"each event for all {RECEIVERS}, in batches", counting, {"spread": False, "mode": "batch"}),
            ):
                with postgres_if(url) as database:
                    one = ours(where, secret, database, seconds=seconds, **how)
                rows.append(row(f"webhooks on {name}, {title}", one, peer))
                faults += wrong(f"{name}, {title}", one, one["made"] * (1 if how["spread"] else RECEIVERS))
                if one["made"] < RATE * seconds * 0.95 or one["behind"] > 2.0:
                    faults.append(
                        f"{SLOW} {name}, {title}: {one['made']} made, {one['behind']:.1f} s behind at the end"
                    )
    print(f"\n## {RATE:,} events a second, {RECEIVERS} receivers, {seconds:g} s\n")
    head = ["what", "deliveries/s", "requests/s", "late ms: median / p99 / most", "behind at the end, s"]
    table([*head, "CPU µs a delivery", "ratio", "MiB"], rows)
    return faults


def hostile(seconds: float) -> list[str]:
    """Good receivers, alone and beside five hostile ones."""
    secret = new_secret()
    plans = [json.dumps({"receivers": count, "secret": secret, "hostile": not count}) for count in (10, 0)]
    runs: dict[str, dict[str, Any]] = {}
    with (
        running(python("peers/webhook_receivers.py", plans[0]), side=1) as receivers,
        running(python("peers/webhook_receivers.py", plans[1]), side=1) as others,
    ):
        said = json.loads(others.said) | {"ports": json.loads(receivers.said)["ports"]}
        for name, beside in (("alone", []), ("beside five hostile ones", said["hostile"])):
            how = {"spread": False, "mode": "structured", "rate": 20, "hostile": beside}
            runs[name] = ours(said, secret, "", seconds=seconds, **how)
    print("\n## Ten good receivers, and five hostile ones: hangs, 500, redirects inside, expired, sends 1 GiB\n")
    rows = [
        [name, *(f"{run['late'][what] * 1000:,.0f}" for what in ("median", "p99", "most"))]
        for name, run in runs.items()
    ]
    table(["good receivers", "median ms", "p99 ms", "most ms"], rows)
    alone, beside = runs.values()
    added = beside["late"]["most"] - alone["late"]["most"]
    print(f"The worst delay added to a good receiver: {added * 1000:,.0f} ms")
    faults = [fault for name, run in runs.items() for fault in wrong(name, run, run["made"] * 10)]
    return faults + ([f"a good receiver waited {added:.2f} s for hostile ones"] if added > MAX_DELAY_S else [])


def main() -> int:
    given = begun(options(__doc__, seconds=(30.0, 5.0)))
    databases = [("SQLite", ""), *([] if given.short or not has_postgres() else [("PostgreSQL", "own")])]
    faults = throughput(given.seconds, databases) + hostile(min(given.seconds, 15.0))
    for fault in faults:
        print(f"WRONG: {fault}", file=sys.stderr)
    # A machine that others use as well is no reason for continuous integration to fail.
    return 1 if any(not given.short or not fault.startswith(SLOW) for fault in faults) else 0


if __name__ == "__main__":
    sys.exit(main())
