"""Long tests are dealt to several workers, each of whom begins with them."""

from __future__ import annotations

import pytest

from tests.harness.dealing import dealt

LONG, REST = [f"long {number}" for number in range(9)], [f"short {number}" for number in range(91)]


@pytest.mark.parametrize(("workers", "beginning"), [(1, {0: 9}), (2, {0: 9}), (3, {0: 5, 66: 4}), (4, {0: 5, 50: 4})])
def test_every_second_worker_s_part_begins_with_long_ones(workers: int, beginning: dict[int, int]) -> None:
    ordered = dealt(LONG, REST, workers)
    assert sorted(ordered) == sorted(LONG + REST)
    assert [one for one in ordered if one in REST] == REST
    for first, count in beginning.items():
        assert set(ordered[first : first + count]) <= set(LONG)
        assert ordered[first : first + count] == LONG[LONG.index(ordered[first]) :][:count], "neighbours stay together"


@pytest.mark.parametrize("workers", range(1, 9))
@pytest.mark.parametrize("long", [LONG, LONG[:1], []])
@pytest.mark.parametrize("rest", [REST, REST[:3], []])
def test_none_is_lost_or_doubled(long: list[str], rest: list[str], workers: int) -> None:
    assert sorted(dealt(long, rest, workers)) == sorted(long + rest)
