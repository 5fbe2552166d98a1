"""A broadcast by each of the ways to a phone, FCM, APNs and JPush, and by all of them at once, in the same run.

    python benchmarks/ways.py            # about five minutes
    python benchmarks/ways.py --short    # a look whether it works at all
    python benchmarks/ways.py --count 600000 --rounds 1    # a city's phones: what they take of the memory

What a phone costs is the processor time of the platform's own process, from the publication to the last outcome that is
recorded; and once more of what is planned already, so that only sending is left.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import fcm
from benchmarks.shared.figures import Column, alternate, compare
from benchmarks.shared.processes import Running, finished, python, running, workspace
from benchmarks.shared.provider import PER_MINUTE
from mobile_push.sandbox.apns import KEY_ID, TEAM_ID, TOPIC
from mobile_push.sandbox.jpush.receipts import APP_KEY, MASTER_SECRET

COLUMNS = (
    Column("phones/s", "per_second"),
    Column("CPU µs a phone", "cpu", ",.1f"),
    Column("to FCM's", "cpu", ".2f", "fcm"),
    Column("planned already: µs", "planned", ",.1f"),
    Column("grown MiB", "grown", ",.1f"),
)


def settings(folder: Path, url: str) -> dict[str, dict[str, Any]]:
    """mobile_push's, for services at that address, by way."""
    ours = {"key_id": KEY_ID, "team_id": TEAM_ID, "topic": TOPIC, "key_file": str(folder / "apns.p8")}
    app = {"app_key": APP_KEY, "master_secret": MASTER_SECRET}
    same = {"base_url": url, "ca_file": str(folder / "ca.pem")}
    google = {name: str(value) for name, value in fcm(folder, url).items()}
    return {"fcm": {**google, "per_minute": PER_MINUTE}, "apns": {**ours, **same}, "jpush": {**app, **same}}


def side(ways: list[str], to: Running, folder: Path, count: int) -> Callable[[], dict[str, float]]:
    """One round by these ways, in a process of its own."""
    plan = {"sender": "way", "ways": ways, "count": count, "folder": str(folder), "push": settings(folder, to.url)}
    return lambda: finished(python("sending/broadcaster.py"), side=0, seconds=600, given=plan)


def main() -> None:
    given = begun(options(__doc__, count=(60_000, 2_000), rounds=(3, 1)))
    with workspace() as folder, running(python("sending/services.py", str(folder)), side=1) as to:
        ways = {"fcm": ["fcm"], "apns": ["apns"], "jpush": ["jpush"], "all": ["fcm", "apns", "jpush"]}
        sides = {name: side(several, to, folder, given.count) for name, several in ways.items()}
        results = alternate(given.rounds, sides)
        print(f"## {given.count:,} phones, SQLite\n")
        compare(results, COLUMNS)


if __name__ == "__main__":
    main()
