"""What refusals cost: a notice with 1 % of 429 and 0.5 % of dead tokens, against the same one without.

    python benchmarks/refusals.py            # 100,000 messages each, about three minutes
    python benchmarks/refusals.py --short

The whole of mobile_push in a process of its own, over TLS and HTTP/2, to the provider that `push.py` uses.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from processes import Running, alternate, finished, machine, median, python, running, table
from push import ask

sys.path.append(str(Path(__file__).with_name("peers")))

#: Seconds that a refusal asks for, and the shares of refusals and of phones that are gone.
RETRY_AFTER, QUOTA, GONE = 2, 0.01, 0.005


async def send(plan: dict[str, Any]) -> dict[str, Any]:
    """One notice to so many phones, from its publication to the last outcome recorded."""
    from population import dealt_with, phones, published

    from banshi.testing import open_door
    from mobile_push.tables.models import Chunk, Device

    folder = Path(plan["folder"])
    fcm = {
        "service_account_file": str(folder / "account.json"),
        "base_url": f"{plan['url']}/v1/projects",
        "ca_file": str(folder / "ca.pem"),
    }
    with tempfile.TemporaryDirectory(prefix="banshi-refusals-") as own:
        settings = {"mobile_push": {"fcm": fcm}}
        async with open_door(Path(own), {"mobile_push": "mobile_push"}, settings=settings) as door:
            await phones(door.platform, plan["count"])
            cpu, started = time.process_time(), time.perf_counter()
            await dealt_with(await published(door.platform, everyone=True))
            result = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
            result["chunks"] = await Chunk.all().count()
            result["left"] = await Device.all().count()
            return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="a look whether it works at all")
    parser.add_argument("--count", type=int, help="messages in each round")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    count = given.count or (2_000 if given.short else 100_000)
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        with running(python("peers/provider.py", str(folder)), side=1) as provider:
            sides = {kind: lambda kind=kind: round_of(kind, provider, folder, count) for kind in ("clean", "refused")}
            results = alternate(given.rounds, sides)
    clean, refused = results["clean"], results["refused"]
    rows = []
    for title, key, form in (
        ("seconds", "seconds", ".1f"),
        ("CPU µs a message", "each", ".0f"),
        ("chunks", "chunks", ".0f"),
    ):
        ours, theirs = (median([one[key] for one in side]) for side in (clean, refused))
        rows.append([title, f"{ours:{form}}", f"{theirs:{form}}", f"{theirs / ours:.2f}"])
    table(["", "clean", f"{QUOTA:.0%} 429, {GONE:.1%} 404", "ratio"], rows)
    late = median([two["seconds"] - one["seconds"] for one, two in zip(clean, refused, strict=True)])
    print(f"{late:.1f} s later than the clean one; Retry-After was {RETRY_AFTER} s, and three times that is allowed.")
    lost, early = (sum(one[key] for one in (*clean, *refused)) for key in ("lost", "early"))
    print(f"lost: {lost}; sent before their Retry-After: {early}; refused: {[one['refused'] for one in refused]}")
    return 1 if lost or early else 0


def round_of(kind: str, provider: Running, folder: Path, count: int) -> dict[str, Any]:
    bad = kind == "refused"
    ask(provider, folder, "/sandbox/behaviour", {"quota_share": QUOTA * bad, "quota_retry_after": RETRY_AFTER})
    ask(provider, folder, "/provider/shares", {"unregistered": GONE * bad})
    ask(provider, folder, "/provider/report")
    plan = {"folder": str(folder), "url": provider.url, "count": count}
    result: dict[str, Any] = finished(python("refusals.py", "--send"), side=0, seconds=600, given=plan)
    seen = ask(provider, folder, "/provider/report")
    gone = seen["answers"].get("UNREGISTERED", 0)
    # A phone that is gone is forgotten, and nothing else may be missing.
    result |= {"lost": count - seen["distinct"] - gone, "early": seen["early"], "refused": seen["refused"]}
    assert result["left"] == count - gone, f"{result['left']} phones are left of {count - gone}"
    result["each"] = result["cpu"] / count * 1e6
    return result


if __name__ == "__main__":
    if sys.argv[1:] == ["--send"]:
        import uvloop

        with redirect_stdout(sys.stderr):
            document = uvloop.run(send(json.load(sys.stdin)))
        print(json.dumps(document))
    else:
        sys.exit(main())
