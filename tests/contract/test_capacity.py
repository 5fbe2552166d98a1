"""docs/capacity.md: every figure in its tables is what its own inputs give; benchmarks/capacity.py simulates it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def paper() -> ModuleType:
    spec = importlib.util.spec_from_file_location("capacity_paper", ROOT / "benchmarks" / "capacity_paper.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_tables_hold_and_have_every_step(paper: ModuleType) -> None:
    assert paper.wrong_on_paper(TEXT) == []
    people = {100_000, 1_000_000, 4_700_000, 20_000_000, 100_000_000}
    assert {step.people for step in paper.steps(TEXT)} == people
    assert {day.people for day in paper.loads(TEXT)} == people
    assert paper.half(TEXT) > 1


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
        ("## A day\n", "## Another day\n", ""),
    ],
)
def test_a_wrong_figure_is_found(paper: ModuleType, right: str, wrong: str, told: str) -> None:
    assert TEXT.count(right) >= 1
    changed = TEXT.replace(right, wrong)
    if told:
        assert told in "\n".join(paper.wrong_on_paper(changed))
    elif "day" in right:
        with pytest.raises((IndexError, ValueError)):
            paper.wrong_on_paper(changed)
