"""The way to Google alone: `FcmProvider.send` against the HTTP client that it uses, and against aiohttp.

    python benchmarks/transport.py            # about three minutes
    python benchmarks/transport.py --short    # a look whether it works at all

Nothing comes from a database and nothing is recorded: `push.py` measures the whole way. The provider checks every
message, and that each phone got one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processes import Running, alternate, finished, machine, median, python, running, table
from push import ask

TITLES = {
    "one push": "`FcmProvider.send`, one push for all",
    "many pushes": "`FcmProvider.send`, each another push",
    "pyreqwest": "pyreqwest alone, HTTP/2",
    "aiohttp": "aiohttp alone, HTTP/1.1",
}
LATENCIES = (0.0, 0.05)


def side(name: str, provider: Running, folder: Path, count: int) -> Callable[[], dict[str, Any]]:
    """One round, in a process of its own."""
    plan = {"sender": name, "folder": str(folder), "url": provider.url, "count": count, "warm": min(count, 3000)}

    def go() -> dict[str, Any]:
        ask(provider, folder, "/provider/report")  # what it counts begins anew
        before = provider.cpu()
        result: dict[str, Any] = finished(python("peers/transports.py"), side=0, seconds=300, given=plan)
        seen = ask(provider, folder, "/provider/report")
        assert seen["distinct"] == count, f"{seen['distinct']} of {count} phones got a message"
        there = (provider.cpu() - before) / seen["taken"] * 1e6
        return {"rate": count / result["seconds"], "cpu": result["cpu"] / count * 1e6, "there": there}

    return go


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    count, rounds = (500, 1) if parser.parse_args().short else (20_000, 3)
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        with running(python("peers/provider.py", str(folder)), side=1) as provider:
            for latency in LATENCIES:
                ask(provider, folder, "/sandbox/behaviour", {"latency": latency})
                results = alternate(rounds, {name: side(name, provider, folder, count) for name in TITLES})
                rows = []
                for one, all_rounds in results.items():
                    rate, cpu, there = (median([r[key] for r in all_rounds]) for key in ("rate", "cpu", "there"))
                    rows.append([TITLES[one], f"{rate:,.0f}", f"{cpu:,.1f}", f"{there:,.1f}"])
                print(f"## {latency * 1000:g} ms: {count:,} messages to as many tokens, TLS, 1,000 under way\n")
                table(["", "messages/s", "CPU µs a message", "provider's CPU µs"], rows)


if __name__ == "__main__":
    main()
