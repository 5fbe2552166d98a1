"""Messages through FCM: mobile_push's whole way against pyfcm and firebase-admin, at two latencies of the provider.

    python benchmarks/push.py            # everything, about ten minutes
    python benchmarks/push.py --only Node broadcast    # these alone: names of senders, or how their names begin
    python benchmarks/push.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.sending.firebase_node import VERSION, Missing, firebase_admin
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import has_postgres, postgres_if
from benchmarks.shared.figures import Column, alternate, median, rows_of, table
from benchmarks.shared.processes import HERE, python
from benchmarks.shared.provider import LATENCIES_S, PER_MINUTE, Provider, provider

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

#: How many times as many messages we and the peer in Node.js are given: a second of them has to last for a second, and
#: sixteen batches in flight have to be in flight for more than a moment.
FAST_SHARE = 4


def plan_of(name: str, given: argparse.Namespace, latency: float) -> dict[str, Any]:
    """What a sender is told to send."""
    way = name.partition(" on ")[0]
    share: float = FAST_SHARE if way in OURS or way in FLIGHTS else 1
    if name == "pyfcm notify" and latency:
        # One message after the other takes minutes at 50 ms each, and the thousandth tells nothing new.
        share = 1 / 25
    plan = {"sender": way, "count": max(10, int(given.count * share)), "warm": max(5, int(given.warm * share))}
    if way in FLIGHTS:
        return {**plan, "in_flight": FLIGHTS[way], "modules": str(firebase_admin())}
    return {**plan, "per_minute": PER_MINUTE}


def sender(name: str, to: Provider, plan: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """One round of a sender, in a process of its own."""
    node = ["node", str(HERE / "sending" / "firebase_admin_node.mjs")]
    command = node if name in FLIGHTS else python("sending/senders.py")

    def go() -> dict[str, Any]:
        with postgres_if(" on " in name) as database:
            result, seen = to.sent(command, {**plan, "database": database})
        assert seen["distinct"] == plan["count"] + plan["warm"], f"{seen['distinct']} phones got a message"
        return {**result, "provider": seen["cpu"]}

    return go


def compare(given: argparse.Namespace, to: Provider, latency: float, missing: str) -> None:
    """Print every sender's rate and cost at one latency, and ours as a multiple of each peer's."""
    to.behave(latency=latency)
    flights = [] if missing else list(FLIGHTS)[1:2] if given.short else list(FLIGHTS)
    names = [*PEERS, *flights, *OURS, *(f"{one} on PostgreSQL" for one in OURS if has_postgres())]
    names = [name for name in names if name.startswith(tuple(given.only))]
    ours = [name for name in OURS if name in names]
    results = alternate(given.rounds, {name: sender(name, to, plan_of(name, given, latency)) for name in names})
    rates = {name: median([one["per_second"] for one in rounds]) for name, rounds in results.items()}
    best = max((name for name in flights if name in rates), key=rates.__getitem__, default=None)
    columns = [Column("messages/s", "per_second"), Column("CPU µs a message", "cpu")]
    columns.append(Column("provider's CPU µs", "provider"))
    for own in ours:
        columns.append(Column(f"{own} is faster by", "per_second", ".1f", own, turned=True))
        columns.append(Column("and cheaper by", "cpu", ".1f", own))
    titles = TITLES | ({best: f"{TITLES[best]}, its best"} if best and len(flights) > 1 else {})
    rows = rows_of(results, columns, titles)
    if missing:
        rows.append([NODE, f"not measured: {missing}", *[""] * (len(columns) - 1)])
    print(f"## {latency * 1000:g} ms: {given.count:,} messages to as many tokens, TLS\n")
    table(["", *(one.head for one in columns)], rows)


def main() -> None:
    parser = options(__doc__, count=(5_000, 300), warm=(1_000, 100), rounds=(3, 1))
    words = f"of {', '.join((*PEERS, *FLIGHTS, *OURS))}"
    parser.add_argument("--only", nargs="+", metavar="SENDER", default=[""], help=words)
    given = begun(parser)
    missing = ""
    try:
        firebase_admin()
    except Missing as error:
        missing = str(error)
    with provider() as to:
        for latency in LATENCIES_S:
            compare(given, to, latency, missing)


if __name__ == "__main__":
    main()
