"""Whether a case waits for its citizen: its state table says it, and a client needs to know no states."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from banshi.app import loaded
from banshi.kernel.cases.representations import waits
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Person
from tests.conftest import good_answers
from tests.places import ROOT
from tests.town.parts import UNNAMED, appeals
from tests.town.tips import link_of, tipped
from tests.town.town import open_town


def test_of_every_item_a_case_waits_in_the_states_that_its_citizen_alone_ends() -> None:
    """What they may do but need not is none: rating, writing, moving an appointment, ending a posting early."""
    registry = loaded(read_configuration(ROOT / "plugins.toml"))
    found: dict[str, set[str]] = defaultdict(set)
    for item in (one for one in registry.items.with_cases() if one.steps):
        states = {step.state for step in item.steps}
        kind = registry.kinds[item.kind]
        found[item.kind] |= {state for state in states if waits(kind, item.steps, Case(state=state))}
    assert found == {
        "application": {"returned"},
        "appeal": {"returned"},
        "appointment": {"offered"},
        "posting": {"returned"},
    }


async def turn(person: Person, link: str) -> list[bool]:
    """What the list, the case and the case's actions say of it."""
    (row,) = [one for one in (await person.get("/v1/cases")).ok()["items"] if one["links"]["self"] == link]
    case = (await person.get(link)).ok()
    return [row["your_turn"], case["your_turn"], any(one["forward"] for one in case["permitted_actions"])]


async def test_a_case_that_was_returned_is_its_citizen_s_turn_until_they_have_answered(bare_door: Door) -> None:
    wang, staff = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer")
    answers = await good_answers(wang)
    begun = (await wang.post("/v1/items/zone-pass/begin", {"answers": answers})).created()["case"]
    await bare_door.settled()
    link = begun["links"]["self"]
    assert begun["your_turn"] is False
    assert await turn(wang, link) == [False] * 3
    returned = (await staff.post(f"{link}/actions/return", {"reason": "请补充照片"})).ok()
    assert returned["your_turn"] is False, "it is not the turn of whoever has returned it"
    assert await turn(wang, link) == [True] * 3
    assert (await staff.get(link)).ok()["your_turn"] is False
    handed_in = (await wang.post(f"{link}/actions/supplement", {"answers": answers})).ok()
    assert handed_in["your_turn"] is False
    await bare_door.settled()
    assert await turn(wang, link) == [False] * 3
    listed = (await staff.get("/v1/worklist")).ok()["items"]
    assert [one["your_turn"] for one in listed] == [False] * len(listed)


async def test_the_sender_of_a_tip_that_was_returned_reads_that_it_is_their_turn(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        tip = await tipped(offices)
        link = await link_of(offices, tip)
        assert (await tip.read())["your_turn"] is False, "they may write at any time, and nobody waits for it"
        chen = offices.door.staff("chen", "parks:reviewer", "works:reviewer")
        (await chen.post(f"{link}/actions/return", {"reason": "请说明在哪里"})).ok()
        assert (await tip.read())["your_turn"] is True
