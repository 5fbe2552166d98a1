"""Messages through Web Push: what the encryption costs and where it is best done, and whole sends against pywebpush's.

    python benchmarks/webpush.py            # about a minute
    python benchmarks/webpush.py --short    # a look whether it works at all, as in continuous integration

The push service decrypts every message on the other core, so it may be what bounds the rate; the cost is the sender's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from processes import alternate, finished, machine, median, python, running, table

ENCRYPTION = {
    "http_ece": "http_ece on the event loop",
    "by hand": "`cryptography` by hand on the event loop",
    "a hop each": "http_ece, a hop to the thread for each",
    "together": "http_ece, up to 16 in one hop (ours)",
}
SENDS = {
    "mobile_push": "mobile_push's provider, 100 at once",
    "pywebpush async": "pywebpush `webpush_async`, one session, 100 at once",
    "pywebpush": "pywebpush `webpush`, one session, one after the other",
}


def sender(name: str, folder: Path, url: str, count: int) -> Callable[[], dict[str, Any]]:
    """One round of a sender, in a process of its own."""
    plan = {"sender": name, "folder": str(folder), "url": url, "count": count, "warm": max(10, count // 5)}

    def go() -> dict[str, Any]:
        result: dict[str, Any] = finished(python("peers/webpush_senders.py"), side=0, seconds=300, given=plan)
        return {"rate": count / result["seconds"], "cpu": result["cpu"] / count * 1e6, "lag": result["lag"] * 1e3}

    return go


def compare(titles: Mapping[str, str], folder: Path, url: str, count: int, rounds: int) -> None:
    """Print each one's rate, cost and lag, and its cost as a multiple of the first one's."""
    results = alternate(rounds, {name: sender(name, folder, url, count) for name in titles})
    first = next(iter(results.values()))
    rows = []
    for name, own in results.items():
        rate, cpu, lag = (median([one[key] for one in own]) for key in ("rate", "cpu", "lag"))
        ratio = median([one["cpu"] / base["cpu"] for one, base in zip(own, first, strict=True)])
        rows.append([titles[name], f"{rate:,.0f}", f"{cpu:,.0f}", f"{ratio:.2f}", f"{lag:.1f}"])
    table(["", "messages/s", "CPU µs a message", "against the first", "loop's lag, p99 ms"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    short = parser.parse_args().short
    count, rounds = (200, 1) if short else (2_000, 3)
    print(f"{machine()}\n")
    if short:
        print("The short form looks whether everything works; its figures say little.\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        print("## Encryption by itself\n")
        compare(ENCRYPTION, folder, "", count, rounds)
        with running(python("peers/push_server.py", str(folder)), side=1) as server:
            print("## Whole sends over TLS\n")
            compare(SENDS, folder, server.url, count, rounds)


if __name__ == "__main__":
    main()
