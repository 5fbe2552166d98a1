"""What refusals cost: a notice with 1 % of 429 and 0.5 % of dead tokens, against the same one without.

    python benchmarks/refusals.py            # 100,000 messages each, about three minutes
    python benchmarks/refusals.py --short

The whole of mobile_push in a process of its own, over TLS and HTTP/2, to the provider that `push.py` uses.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.figures import alternate, median, table
from benchmarks.shared.processes import python
from benchmarks.shared.provider import Provider, provider

#: Seconds that a refusal asks for, and the shares of refusals and of phones that are gone.
RETRY_AFTER_S, QUOTA_SHARE, GONE_SHARE = 2, 0.01, 0.005
#: Phones of a broadcast's end that nothing accepted came after.
MAX_DOUBTED = 5


def main() -> int:
    given = begun(options(__doc__, count=(100_000, 2_000), rounds=(1, 1)))
    with provider() as to:
        sides = {kind: partial(round_of, kind, to, given.count) for kind in ("clean", "refused")}
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
    table(["", "clean", f"{QUOTA_SHARE:.0%} 429, {GONE_SHARE:.1%} 404", "ratio"], rows)
    late = median([two["seconds"] - one["seconds"] for one, two in zip(clean, refused, strict=True)])
    print(f"{late:.1f} s later than the clean one; Retry-After was {RETRY_AFTER_S} s, and three times that is allowed.")
    lost, early = (sum(one[key] for one in (*clean, *refused)) for key in ("lost", "early"))
    print(f"lost: {lost}; sent before their Retry-After: {early}; refused: {[one['refused'] for one in refused]}")
    return 1 if lost or early else 0


def round_of(kind: str, to: Provider, count: int) -> dict[str, Any]:
    bad = kind == "refused"
    to.behave(quota_share=QUOTA_SHARE * bad, quota_retry_after=RETRY_AFTER_S)
    to.ask("/provider/shares", {"unregistered": GONE_SHARE * bad})
    result, seen = to.sent(python("sending/broadcaster.py"), {"sender": "refused", "count": count}, 600)
    gone = seen["answers"].get("UNREGISTERED", 0)
    # The last that are gone are forgotten once another message was accepted.
    assert 0 <= result["left"] - count + gone <= MAX_DOUBTED, f"{result['left']} phones are left of {count - gone}"
    # A phone that is gone is forgotten, and nothing else may be missing.
    return {**result, "lost": count - seen["distinct"] - gone, "early": seen["early"], "refused": seen["refused"]}


if __name__ == "__main__":
    sys.exit(main())
