"""docs/faults.md is true: every fault has tests and a long form, and each that it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from benchmarks.town.rows import ROWS
from tests.contract.documentation.named_tests import functions
from tests.places import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")

#: The faults that are promised for. One that is to be added is added here first.
FAULTS = (
    "A worker is killed in mid-send",
    "The server is killed on SQLite",
    "Redis is restarted, flushed, absent",
    "PostgreSQL is restarted at once",
    "PostgreSQL's standby takes over",
    "A provider's access token can't be had, or the provider itself",
    "A provider answers 429, 503, times out",
    "A poison message; a plugin removed with work under way",
    "SIGTERM, a rolling deploy",
    "The disk is full",
    "The clock jumps an hour",
    "A plugin raises, exits, hangs, leaks",
    "The same submission twice",
    "A race for a slot; two approvers at once",
    "Bombs and malformed uploads; path traversal",
    "Slowloris",
    "A QR code that was altered",
    "A screenshot of a pass",
    "A replayed webhook",
    "A restore from a backup",
)


@dataclass(frozen=True)
class Section:
    fault: str
    tests: tuple[str, ...]
    forms: tuple[str, ...]


def sections(page: str) -> list[Section]:
    found = []
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        fault, _, text = part.partition("\n")
        forms = re.search(r"^Long form: ((?:`[\w-]+`(?:, )?)+)", text, re.MULTILINE)
        tests = tuple(re.findall(r"^- `(\S+::\w+)`$", text, re.MULTILINE))
        found.append(Section(fault, tests, tuple(re.findall(r"`([\w-]+)`", forms[1])) if forms else ()))
    return found


def wrong(page: str) -> Iterator[str]:
    """Everything that the page says and that isn't so."""
    rows, found = {row.name: row for row in ROWS}, sections(page)
    for fault in FAULTS:
        if fault not in {one.fault for one in found}:
            yield f"{fault}: has no section"
    for one in found:
        if one.fault not in FAULTS:
            yield f"{one.fault}: is on no list"
        if not one.tests:
            yield f"{one.fault}: has no test"
        if not one.forms:
            yield f"{one.fault}: has no long form"
        for node in one.tests:
            file, _, name = node.partition("::")
            if name not in functions(ROOT / file):
                yield f"{one.fault}: there is no {node}"
        for form in one.forms:
            row = rows.get(form)
            if row is None or row.function not in functions(ROOT / "benchmarks" / "faults" / f"{row.module}.py"):
                yield f"{one.fault}: chaos.py has no {form}"
    for name in rows.keys() - {form for one in found for form in one.forms}:
        yield f"{name}: is a long form of no fault"


def test_every_fault_of_the_list_has_tests_and_a_long_form_that_are_there() -> None:
    assert list(wrong(PAGE)) == []


ONE, OTHER = (
    "tests/banshi/kernel/http/test_bad_input.py::test_a_body_that_never_ends_is_given_up",
    "Long form: `slowloris`",
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("## Slowloris", "## Slow loris", "Slowloris: has no section"),
        ("## Slowloris", "## Slow loris", "Slow loris: is on no list"),
        (ONE, f"{ONE}_not", f"Slowloris: there is no {ONE}_not"),
        (ONE, ONE.replace("kernel", "kernels"), "Slowloris: there is no tests/banshi/kernels/http/test_bad_input.py"),
        (OTHER, "Long form: to come", "Slowloris: has no long form"),
        (OTHER, "Long form: `loris`", "Slowloris: chaos.py has no loris"),
        ("Long form: `worker-killed`, ", "Long form: ", "worker-killed: is a long form of no fault"),
    ],
)
def test_what_is_gone_is_told(old: str, new: str, told: str) -> None:
    assert old in PAGE
    assert any(one.startswith(told) for one in wrong(PAGE.replace(old, new, 1)))


def test_a_section_without_any_test_is_told() -> None:
    page = re.sub(r"^- `tests/journeys/serving/test_restore.*?\n- .*?\n", "", PAGE, flags=re.MULTILINE)
    assert list(wrong(page)) == ["A restore from a backup: has no test"]


def test_continuous_integration_runs_all_long_forms_briefly() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    (line,) = (one for one in lines if "benchmarks/chaos.py" in one)
    assert line == "said benchmarks/chaos.py --short --at-once 2", "no fault is named: all are run"
