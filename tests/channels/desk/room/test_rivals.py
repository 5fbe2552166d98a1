"""Eight people at one desk behind two servers do everything at once: one holds each conversation, at any time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.channels.desk.room.race import raced

#: Rounds of all eight; in the long form as many as `benchmarks/claims.py` has.
ROUNDS = 2_000 if os.environ.get("BANSHI_TEST_LONG") else 40


@pytest.mark.timeout(1_800)
async def test_eight_who_claim_answer_hand_over_take_over_and_reassign_at_two_servers_leave_one_holder(
    tmp_path: Path, postgres: str
) -> None:
    told = await raced(tmp_path, postgres, ROUNDS)
    assert {"claim", "answers", "transfer", "take-over", "held-by-other"} <= told.keys()
