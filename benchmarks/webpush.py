"""Messages through Web Push: what the encryption costs and where it is best done, and whole sends against pywebpush's.

    python benchmarks/webpush.py            # about a minute
    python benchmarks/webpush.py --short    # a look whether it works at all, as in continuous integration

The push service decrypts every message on the other core, so it may be what bounds the rate; the cost is the sender's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.shared import figures
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import Column, alternate
from benchmarks.shared.processes import finished, python, running, workspace

ENCRYPTION = {
    "http_ece": "http_ece on the event loop",
    "by hand": "`cryptography` by hand (ours) on the event loop",
    "a hop each": "by hand, a hop to the thread for each",
    "together": "by hand, up to 16 in one hop (ours)",
}
SENDS = {
    "mobile_push": "mobile_push's provider, 100 at once",
    "pywebpush async": "pywebpush `webpush_async`, one session, 100 at once",
    "pywebpush": "pywebpush `webpush`, one session, one after the other",
}


def sender(name: str, folder: Path, url: str, count: int) -> Callable[[], Any]:
    """One round of a sender, in a process of its own."""
    plan = {"sender": name, "folder": str(folder), "url": url, "count": count, "warm": max(10, count // 5)}
    return lambda: finished(python("sending/webpush_senders.py"), side=0, seconds=300, given=plan)


def compare(titles: Mapping[str, str], folder: Path, url: str, given: argparse.Namespace) -> None:
    """Print each one's rate, cost and lag, and its cost as a multiple of the first one's."""
    results = alternate(given.rounds, {name: sender(name, folder, url, given.count) for name in titles})
    against = Column("against the first", "cpu", ".2f", next(iter(titles)))
    cost = Column("messages/s", "per_second"), Column("CPU µs a message", "cpu"), against
    figures.compare(results, (*cost, Column("loop's lag, p99 ms", "lag", ".1f")), titles)


def main() -> None:
    given = begun(options(__doc__, count=(2_000, 200), rounds=(3, 1)))
    with workspace() as folder:
        print("## Encryption by itself\n")
        compare(ENCRYPTION, folder, "", given)
        with running(python("sending/push_server.py", str(folder)), side=1) as server:
            print("## Whole sends over TLS\n")
            compare(SENDS, folder, server.url, given)


if __name__ == "__main__":
    main()
