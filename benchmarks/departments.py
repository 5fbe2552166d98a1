"""Takes each department out of plugins.toml in turn, and drives every item of the others over HTTP.

The long form of tests/plugins/test_without_a_department.py. Run it from the repository's root:
`python benchmarks/departments.py`, or with the names of some departments.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter

from benchmarks.shared.processes import workspace
from benchmarks.shared.quiet import quiet
from tests.plugins.driving import rest_driven
from tests.plugins.test_departments import NAMES


def main() -> None:
    # A line for each request is not what is looked for here.
    quiet(logging.WARNING)
    for gone in sys.argv[1:] or NAMES:
        begun = time.monotonic()
        with workspace() as folder:
            reached = asyncio.run(rest_driven(folder, gone, every=True))
        states = ", ".join(f"{count} {state}" for state, count in sorted(Counter(reached.values()).items()))
        print(f"without {gone}: {len(reached)} items driven, {states}; {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
