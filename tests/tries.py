"""How often a property is tried: a few times whenever the tests run, and as often as found anything with
`BANSHI_TEST_LONG=1`."""

from __future__ import annotations

import os


def tries(few: int, many: int) -> int:
    """How many examples, of which `few` are enough to see that the property is broken by a plain mistake."""
    return many if os.environ.get("BANSHI_TEST_LONG") else few
