"""What `benchmarks/turns.py rates` aims at: multiples of the lean handler's figures in the same run, and no seconds."""

from __future__ import annotations

import pytest

from benchmarks.talking.rates import MOST_CPU, MOST_P99, missed


@pytest.mark.parametrize(
    ("cpu", "p99", "aims"),
    [
        (MOST_CPU, MOST_P99, []),
        (MOST_CPU + 0.01, MOST_P99, ["cpu"]),
        (MOST_CPU, MOST_P99 + 0.01, ["p99"]),
        (MOST_CPU * 2, MOST_P99 * 2, ["cpu", "p99"]),
    ],
)
def test_a_turn_misses_an_aim_by_its_multiple_of_the_lean_handler_s(cpu: float, p99: float, aims: list[str]) -> None:
    assert missed(cpu, p99) == aims
