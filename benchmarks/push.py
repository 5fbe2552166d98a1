"""Messages through FCM: mobile_push's whole way against pyfcm and firebase-admin, at two latencies of the provider.

    python benchmarks/push.py            # everything, about ten minutes
    python benchmarks/push.py --only Node broadcast    # these alone: names of senders, or how their names begin
    python benchmarks/push.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
import json
import ssl
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from databases import has_postgres, postgres
from node import VERSION, Missing, firebase_admin
from processes import HERE, Running, alternate, finished, machine, median, python, running, table

#: Names of the senders, the peer of the aim first.
PEERS = ("pyfcm async", "pyfcm notify", "firebase-admin")
#: The peer in Node.js by the name of its sender: how many batches of 500 it has in flight. Its best counts.
FLIGHTS = {f"Node, {number} in flight": number for number in (1, 4, 8, 16)}
NODE = f"firebase-admin {VERSION} for Node.js `sendEach`"
#: Our ways: a broadcast, and a message to each of as many persons.
OURS = ("broadcast", "personal")

#: What each is called in the table.
TITLES = {
    "pyfcm async": "pyfcm `async_notify_multiple_devices`",
    "pyfcm notify": "pyfcm `notify` in a loop",
    "firebase-admin": "firebase-admin `send_each_async`, batches of 500",
    **{name: f"{NODE}, batches of 500, {number} in flight" for name, number in FLIGHTS.items()},
    "broadcast": "mobile_push, the whole way of a broadcast",
    "personal": "mobile_push, the whole way of messages to persons",
    "broadcast on PostgreSQL": "… of a broadcast, on PostgreSQL",
    "personal on PostgreSQL": "… of messages to persons, on PostgreSQL",
}

#: Seconds that the provider takes for an answer.
LATENCIES = (0.0, 0.05)


@dataclass(frozen=True, slots=True)
class Length:
    """How much is sent, and by whom: messages that count, messages before them, rounds; senders in Node.js."""

    count: int
    warm: int
    rounds: int
    flights: tuple[str, ...]
    #: How the names of the senders begin; all if not said.
    only: tuple[str, ...] = ("",)


FULL = Length(count=5_000, warm=1_000, rounds=3, flights=tuple(FLIGHTS))
SHORT = Length(count=300, warm=100, rounds=1, flights=("Node, 4 in flight",))

#: How many times as many messages we and the peer in Node.js are given: a second of them has to last for a second, and
#: sixteen batches in flight have to be in flight for more than a moment.
FAST_SHARE = 4

#: More than one process sends: what it could do is measured, not Google's quota.
PER_MINUTE = 60_000_000


def ask(provider: Running, folder: Path, path: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the provider for a document, or tell it one."""
    trusted = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    body, method = (None, "GET") if told is None else (json.dumps(told).encode(), "PUT")
    request = urllib.request.Request(f"{provider.url}{path}", data=body, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10, context=trusted) as answer:  # noqa: S310 - our own server
        assert answer.status == 200
        document: dict[str, Any] = json.load(answer)
        return document


def plan_of(name: str, length: Length, latency: float) -> dict[str, Any]:
    """What a sender is told to send."""
    way = name.partition(" on ")[0]
    share: float = FAST_SHARE if way in OURS or way in FLIGHTS else 1
    if name == "pyfcm notify" and latency:
        # One message after the other takes minutes at 50 ms each, and the thousandth tells nothing new.
        share = 1 / 25
    plan = {"sender": way, "count": max(10, int(length.count * share)), "warm": max(5, int(length.warm * share))}
    if way in FLIGHTS:
        return {**plan, "in_flight": FLIGHTS[way], "modules": str(firebase_admin())}
    return {**plan, "per_minute": PER_MINUTE}


def sender(name: str, provider: Running, folder: Path, plan: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """One round of a sender, in a process of its own."""
    node = ["node", str(HERE / "peers" / "firebase_admin_node.mjs")]
    command = node if name in FLIGHTS else python("peers/senders.py")
    where = {"folder": str(folder), "url": provider.url}

    def go() -> dict[str, Any]:
        with postgres() if " on " in name else nullcontext(None) as database:
            return measured({**plan, **where, "database": database})

    def measured(given: dict[str, Any]) -> dict[str, Any]:
        ask(provider, folder, "/provider/report")  # what it counts begins anew
        before = provider.cpu()
        trusted = str(folder / "ca.pem")  # the senders in Python see to it themselves
        result: dict[str, Any] = finished(command, side=0, seconds=300, given=given, NODE_EXTRA_CA_CERTS=trusted)
        seen = ask(provider, folder, "/provider/report")
        assert seen["distinct"] == plan["count"] + plan["warm"], f"{seen['distinct']} phones got a message"
        result["per_second"] = plan["count"] / result["seconds"]
        result["cpu"] = result["cpu"] / plan["count"] * 1e6
        result["provider"] = (provider.cpu() - before) / (plan["count"] + plan["warm"]) * 1e6
        return result

    return go


def compare(length: Length, provider: Running, folder: Path, latency: float, missing: str) -> None:
    """Print every sender's rate and cost at one latency, and ours as a multiple of each peer's."""
    ask(provider, folder, "/sandbox/behaviour", {"latency": latency})
    flights = () if missing else length.flights
    names = [*PEERS, *flights, *OURS, *(f"{one} on PostgreSQL" for one in OURS if has_postgres())]
    names = [name for name in names if name.startswith(length.only)]
    ours = [name for name in OURS if name in names]
    sides = {name: sender(name, provider, folder, plan_of(name, length, latency)) for name in names}
    results = alternate(length.rounds, sides)
    rates = {name: median([one["per_second"] for one in rounds]) for name, rounds in results.items()}
    best = max((name for name in flights if name in rates), key=rates.__getitem__, default=None)
    rows = []
    for name, rounds in results.items():
        cpu, there = (median([one[key] for one in rounds]) for key in ("cpu", "provider"))
        cells = [f"{rates[name]:,.0f}", f"{cpu:,.0f}", f"{there:,.0f}"]
        for own in ours:
            pairs = list(zip(results[own], rounds, strict=True))
            cells.append(f"{median([us['per_second'] / one['per_second'] for us, one in pairs]):.1f}")
            cells.append(f"{median([one['cpu'] / us['cpu'] for us, one in pairs]):.1f}")
        rows.append([f"{TITLES[name]}, its best" if name == best and len(flights) > 1 else TITLES[name], *cells])
    if missing:
        rows.append([NODE, f"not measured: {missing}", *[""] * (2 + 2 * len(ours))])
    print(f"## {latency * 1000:g} ms: {length.count:,} messages to as many tokens, TLS\n")
    head = ["", "messages/s", "CPU µs a message", "provider's CPU µs"]
    for own in ours:
        head += [f"{own} is faster by", "and cheaper by"]
    table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    parser.add_argument("--rounds", type=int, help="rounds of each sender, in alternation")
    parser.add_argument("--only", nargs="+", metavar="SENDER", help=f"of {', '.join((*PEERS, *FLIGHTS, *OURS))}")
    given = parser.parse_args()
    length = SHORT if given.short else FULL
    if given.rounds:
        length = replace(length, rounds=given.rounds)
    if given.only:
        length = replace(length, only=tuple(given.only))
    missing = ""
    try:
        firebase_admin()
    except Missing as error:
        missing = str(error)
    print(f"{machine()}\n")
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        with running(python("peers/provider.py", str(folder)), side=1) as provider:
            for latency in LATENCIES:
                compare(length, provider, folder, latency, missing)


if __name__ == "__main__":
    main()
