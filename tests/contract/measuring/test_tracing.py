"""benchmarks/tracing.py fails where what it compares is not what it says."""

from __future__ import annotations

import pytest

from benchmarks import tracing


@pytest.mark.parametrize(
    ("few", "every", "asked", "found"),
    [
        (900, 80_000, 5000, 0),
        (0, 80_000, 200, 0),
        (0, 80_000, 5000, 1),
        (80_000, 80_000, 5000, 1),
        (0, 0, 200, 1),
        (0, 0, 5000, 2),
    ],
)
def test_spans_that_did_not_come_or_that_nothing_was_drawn_of_are_said(
    few: int, every: int, asked: int, found: int
) -> None:
    came, requests = {tracing.FEW: few, tracing.EVERY: every}, dict.fromkeys((tracing.FEW, tracing.EVERY), asked)
    assert len(tracing.wrong(came, requests)) == found
