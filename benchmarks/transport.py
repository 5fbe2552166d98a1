"""The way to Google alone: `FcmProvider.send` against the HTTP client that it uses, and against aiohttp.

    python benchmarks/transport.py            # about three minutes
    python benchmarks/transport.py --short    # a look whether it works at all

Nothing comes from a database and nothing is recorded: `push.py` measures the whole way. The provider checks every
message, and that each phone got one.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import Column, alternate, compare
from benchmarks.shared.processes import python
from benchmarks.shared.provider import LATENCIES_S, Provider, provider

TITLES = {
    "one push": "`FcmProvider.send`, one push for all",
    "many pushes": "`FcmProvider.send`, each another push",
    "pyreqwest": "pyreqwest alone, HTTP/2",
    "aiohttp": "aiohttp alone, HTTP/1.1",
}
COLUMNS = (
    Column("messages/s", "per_second"),
    Column("CPU µs a message", "cpu", ",.1f"),
    Column("provider's CPU µs", "provider", ",.1f"),
)


def side(name: str, to: Provider, count: int) -> Callable[[], dict[str, float]]:
    """One round, in a process of its own."""
    plan = {"sender": name, "count": count, "warm": min(count, 3000)}

    def go() -> dict[str, float]:
        found, seen = to.sent(python("sending/transports.py"), plan)
        assert seen["distinct"] == count, f"{seen['distinct']} of {count} phones got a message"
        return {**found, "provider": seen["cpu"]}

    return go


def main() -> None:
    given = begun(options(__doc__, count=(20_000, 500), rounds=(3, 1)))
    with provider() as to:
        for latency in LATENCIES_S:
            to.behave(latency=latency)
            results = alternate(given.rounds, {name: side(name, to, given.count) for name in TITLES})
            print(f"## {latency * 1000:g} ms: {given.count:,} messages to as many tokens, TLS, 1,000 under way\n")
            compare(results, COLUMNS, TITLES)


if __name__ == "__main__":
    main()
