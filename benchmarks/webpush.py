"""Messages through Web Push: whole sends against pywebpush's.

    python benchmarks/webpush.py            # about a minute
    python benchmarks/webpush.py --short    # a look whether it works at all, as in continuous integration

The push service decrypts every message on the other core, so it may be what bounds the rate; the cost is the sender's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import Column, alternate, compare
from benchmarks.shared.processes import finished, python, running, workspace

SENDS = {
    "mobile_push": "mobile_push's provider, 100 at once",
    "pywebpush async": "pywebpush `webpush_async`, one session, 100 at once",
    "pywebpush": "pywebpush `webpush`, one session, one after the other",
}
COLUMNS = (
    *(Column("messages/s", "per_second"), Column("CPU µs a message", "cpu")),
    *(Column("against the first", "cpu", ".2f", "mobile_push"), Column("loop's lag, p99 ms", "lag", ".1f")),
)


def sender(name: str, folder: Path, url: str, count: int) -> Callable[[], Any]:
    """One round of a sender, in a process of its own."""
    plan = {"sender": name, "folder": str(folder), "url": url, "count": count, "warm": max(10, count // 5)}
    return lambda: finished(python("sending/webpush_senders.py"), side=0, seconds=300, given=plan)


def main() -> None:
    given = begun(options(__doc__, count=(2_000, 200), rounds=(3, 1)))
    with workspace() as folder, running(python("sending/services.py", str(folder)), side=1) as server:
        results = alternate(given.rounds, {name: sender(name, folder, server.url, given.count) for name in SENDS})
        print("## Whole sends over TLS\n")
        compare(results, COLUMNS, SENDS)


if __name__ == "__main__":
    main()
