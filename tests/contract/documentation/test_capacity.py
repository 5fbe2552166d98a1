"""docs/capacity.md: every figure in its tables is what its own inputs give; benchmarks/capacity.py simulates it."""

from __future__ import annotations

import pytest

from benchmarks import capacity_paper as paper
from tests.places import ROOT

TEXT = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")


def test_the_tables_hold_and_have_every_step() -> None:
    assert paper.wrong_on_paper(TEXT) == []
    people = {100_000, 1_000_000, 4_700_000, 20_000_000, 100_000_000}
    assert {step.people for step in paper.steps(TEXT)} == people
    assert {day.people for day in paper.loads(TEXT)} == people
    assert paper.half(TEXT) > 1
    assert {(one.people, one.years) for one in paper.growths(TEXT)} == {
        (people, years) for people in (5_000_000, 20_000_000) for years in (1, 10)
    }
    assert {"banshi_case", "banshi_outbox", "push_device"} <= {one.name for one in paper.tables(TEXT)}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("| 376 | 470 | quota |", "| 367 | 470 | quota |", "4,700,000 people: an alert"),
        ("| 376 | 470 | quota |", "| 376 | 376 | quota |", "4,700,000 people: a notice"),
        ("| 752 | 940 | sends at once |", "| 752 | 940 | quota |", "the first bottleneck is sends at once"),
        ("| 6,000,000 | 11 |", "| 6,000,000 | 10 |", "the first bottleneck is workers"),
        ("| 100,000,000 | 80,000,000 | 600,000 |", "| 100,000,000 | 8,000,000 | 600,000 |", "people: phones"),
        ("| 319,149 |", "| 391,149 |", "people: visits"),
        ("| 5.21 |", "| 52.1 |", "people: submissions a second"),
        ("| 13 | 50 |", "| 13 | 5 |", "people: processes"),
        ("| 13 | 50 |", "| 1.3 | 50 |", "people: GiB"),
        ("| 5,000,000 | 10 | 1,808,511 |", "| 5,000,000 | 1 | 1,808,511 |", "what stays of cases"),
        ("| `banshi_outbox` | case | 6.37 |", "| `banshi_outbox` | phone | 6.37 |", "10 years: phones"),
        ("| 2.52 |", "| 25.2 |", "1 years: files"),
        ("## A day\n", "## Another day\n", ""),
    ],
)
def test_a_wrong_figure_is_found(right: str, wrong: str, told: str) -> None:
    assert TEXT.count(right) >= 1
    changed = TEXT.replace(right, wrong)
    if told:
        assert told in "\n".join(paper.wrong_on_paper(changed))
    elif "day" in right:
        with pytest.raises((IndexError, ValueError)):
            paper.wrong_on_paper(changed)
