"""The suggestion of category and unit: how good it is on a synthetic set, who sees it, and that it decides nothing."""

from __future__ import annotations

import uuid
from pathlib import Path

from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appeal.sorting.suggestion import LEARNT, MIN_APPEALS, MIN_SURENESS, Class, learn, parts_of
from tests.town.town import Town

#: Made up for these tests: 80 short texts in five categories.
SYNTHETIC = Path(__file__).with_name("appeals_synthetic.txt")


def texts() -> list[tuple[str, Class]]:
    lines = [line for line in SYNTHETIC.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [(text, (category, "east")) for category, text in (line.split("\t") for line in lines)]


def test_of_texts_that_it_has_not_seen_it_names_most_rightly_and_says_how_sure_it_is() -> None:
    """Each of the 80 synthetic texts is left out in turn. Chance alone would name 20 %."""
    known = texts()
    said = []
    for place, (text, right) in enumerate(known):
        found = learn(known[:place] + known[place + 1 :]).most_probable(text)
        said.append((found is not None and found[0] == right, found[1] if found else 0.0))
    every = sum(right for right, _ in said) / len(said)
    shown = [right for right, sure in said if sure >= MIN_SURENESS]
    print(f"{every:.0%} of {len(said)} right; shown {len(shown)}, of these {sum(shown) / len(shown):.0%} right")
    assert every >= 0.6
    assert len(shown) >= 0.4 * len(said)
    assert sum(shown) / len(shown) >= 0.8
    # Surer is righter: what it says of itself means something.
    surest = [right for right, _ in sorted(said, key=lambda one: -one[1])[:20]]
    assert sum(surest) / len(surest) >= 0.9


def test_too_few_past_appeals_and_words_that_were_never_seen_suggest_nothing() -> None:
    known = texts()
    assert learn(known[: MIN_APPEALS - 1]).most_probable(known[0][0]) is None
    assert learn(known).most_probable("xyzzy") is None
    assert learn(known).most_probable("") is None
    assert list(parts_of("红灯 OK!")) == ["红", "灯", "红灯", "ok"]


async def learnt_from(offices: Town, department: str, unit: str) -> None:
    """So many answered appeals of the department, put into the database at once."""
    platform = offices.door.platform
    item, person = platform.registry.items[f"ask-{department}"], Principal(subject="past")
    rows: list[Case | AppealRecord] = []
    for text, (category, _) in texts():
        case, _ = new_case(platform, item, person, {"text": text})
        case.state, case.unit = "closed", unit
        rows += [case, AppealRecord(case_id=case.id, sort="consult", category=category, received_at=case.created_at)]
    await platform.store.commit(Write(rows=rows))


async def test_staff_see_what_it_probably_is_and_nothing_is_decided(offices: Town, database: str) -> None:
    await learnt_from(offices, "parks", "west")
    li, chen = offices.door.citizen("li"), offices.reviewer()
    link = await offices.asked(li, "路口没有红绿灯，堵车，孩子过马路危险")
    suggested = (await offices.shown(chen, link))["details"]["suggestion"]
    assert (suggested["category"], suggested["unit"], suggested["from"]) == ("traffic", "west", len(texts()))
    assert MIN_SURENESS <= suggested["sure"] <= 1
    assert "suggestion" not in (await offices.shown(li, link))["details"]
    case = await Case.get(id=uuid.UUID(link.rpartition("/")[2]))
    assert (case.state, case.unit, (await AppealRecord.get(case_id=case.id)).category) == ("submitted", "east", "")
    await offices.answered(chen, link)
    assert (await offices.shown(chen, link))["details"]["suggestion"] is None


async def test_another_department_s_past_is_not_learnt_from(offices: Town, database: str) -> None:
    await learnt_from(offices, "works", "west")
    link = await offices.asked(offices.door.citizen("li"), "路口没有红绿灯，堵车")
    assert (await offices.shown(offices.reviewer(), link))["details"]["suggestion"] is None
    assert list(offices.door.platform[LEARNT]) == ["parks"]
