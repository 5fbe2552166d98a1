"""docs/security.md is true: each requirement stands there once, with a way or a reason, and what it names is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.contract.documentation.named_tests import functions
from tests.places import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

#: ASVS 5.0.0, levels 1 and 2: how many each section has. They are numbered from 1 on without a gap; level 3 comes last.
SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2
8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4
11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7
16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""
NUMBERS = {
    f"{section}.{number}"
    for section, _, most in (one.partition(":") for one in SECTIONS.split())
    for number in range(1, int(most) + 1)
}
RISKS = {f"API{number}" for number in range(1, 11)}

NOT_MET, NOT_APPLICABLE = "**not met**", "*not applicable*:"


@dataclass(frozen=True)
class Row:
    numbers: tuple[str, ...]
    asks: str
    way: str
    shown: str


def rows(page: str) -> list[Row]:
    """Those of both tables."""
    found = []
    for line in re.findall(r"^\| ((?:\d+\.\d+\.\d+|API\d).*) \|$", page, re.MULTILINE):
        first, *rest = re.split(r" *\| *", line)
        if risk := re.match(r"(API\d+) (.+)", first):
            found.append(Row((risk[1],), risk[2], *rest))
        else:
            found.append(Row(tuple(expanded(first)), *rest))
    return found


def expanded(cell: str) -> Iterator[str]:
    """`1.2.6–1.2.8, 1.3.1` are four numbers."""
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        section, begin = first.rsplit(".", 1)
        end = last.removeprefix(f"{section}.") or begin
        yield from (f"{section}.{number}" for number in range(int(begin), int(end) + 1))


def wrong(page: str) -> Iterator[str]:
    """Everything that the page says and that isn't so."""
    found = rows(page)
    counted = Counter(number for row in found for number in row.numbers)
    for number in sorted(NUMBERS | RISKS):
        if counted[number] != 1:
            yield f"{number}: stands there {counted[number]} times"
    for number in counted.keys() - NUMBERS - RISKS:
        yield f"{number}: is none of OWASP's"
    for row in found:
        open_ = NOT_MET in row.way.lower() or row.way.startswith(NOT_APPLICABLE)
        if len(row.way.removeprefix(NOT_APPLICABLE).strip()) < 3 or not row.asks:
            yield f"{row.numbers[0]}: has neither a way nor a reason"
        elif not row.shown and not open_ and "](" not in row.way:
            yield f"{row.numbers[0]}: has no test"
    for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", page):
        if not name.startswith("test_") or name not in functions(ROOT / file):
            yield f"there is no {file}::{name}"
    for file in re.findall(r"`((?:platform|mobile_push|plugins|deploy|tests|tools)/[\w/.-]+)`", page):
        if not (ROOT / file).exists():
            yield f"there is no {file}"
    if counts(found) not in page:
        yield f"the page has to say: {counts(found)}"


def counts(found: list[Row]) -> str:
    """How many requirements of ASVS are met and how many are not."""
    of_asvs = [row for row in found if row.numbers[0] in NUMBERS]
    unmet = sum(len(row.numbers) for row in of_asvs if NOT_MET in row.way)
    beside = sum(len(row.numbers) for row in of_asvs if row.way.startswith(NOT_APPLICABLE))
    met = sum(len(row.numbers) for row in of_asvs) - unmet - beside
    return f"Of {len(NUMBERS)} requirements {met} are met, {beside} are not applicable, and {unmet} are not met"


def test_each_requirement_stands_there_once_with_a_way_or_a_reason_and_what_it_names_is_there() -> None:
    assert len(NUMBERS) == 253
    assert list(wrong(PAGE)) == []


FILE = "tests/banshi/foundation/files/test_sniff.py"
ONE = f"{FILE}::test_whatever_else_is_nothing_that_we_know"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("| 1.3.4 |", "| 1.3.5 |", "1.3.4: stands there 0 times"),
        ("| 1.3.4 |", "| 1.3.3–1.3.4 |", "1.3.3: stands there 2 times"),
        ("| 1.3.4 |", "| 1.3.4, 1.3.12 |", "1.3.12: is none of OWASP's"),
        ("| API4 ", "| API5 ", "API4: stands there 0 times"),
        (f"`{ONE}`", "", "1.3.4: has no test"),
        (ONE, f"{ONE}_not", f"there is no {ONE}_not"),
        (ONE, ONE.replace("sniff", "snuff"), f"there is no {FILE.replace('sniff', 'snuff')}"),
        ("`mobile_push/cap/signature.py`", "`mobile_push/cap/sign.py`", "there is no mobile_push/cap/sign.py"),
        ("*not applicable*: no mail is sent", "*not applicable*: ", "1.3.11: has neither a way nor a reason"),
        ("Of 253 requirements", "Of some", "the page has to say"),
    ],
)
def test_what_is_untrue_is_told(old: str, new: str, told: str) -> None:
    assert old in PAGE
    assert any(one.startswith(told) for one in wrong(PAGE.replace(old, new, 1)))


def test_every_file_of_keys_is_in_the_inventory() -> None:
    """OWASP ASVS 5: 11.1.2. A file of keys that the code names stands in the table, by its name."""
    sources = [
        file for room in ("platform", "libraries", "mobile_push", "plugins") for file in (ROOT / room).rglob("*.py")
    ]
    named = {name for file in sources for name in re.findall(r'"([a-z-]+\.(?:key|pem))"', file.read_text("utf-8"))}
    table = PAGE.partition("## Keys")[2].partition("\n## ")[0]
    assert len(named) > 5
    assert [name for name in sorted(named) if f"`{name}`" not in table] == []
