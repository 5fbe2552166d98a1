"""A plugin that is taken out takes its kind with it: its cases stay, for everybody who could see them."""

from __future__ import annotations

from pathlib import Path

from banshi.testing import Door, open_door
from tests.banshi.kernel.cases.test_cases import TRAFFIC
from tests.harness import documented
from tests.town import survey_plugin


async def addresses(door: Door, case: str) -> list[str]:
    """Those that are read with nothing but the case named, as the published document has them."""
    paths = (await door.anyone.get("/openapi.json")).ok()["paths"]
    told = [path.replace("/v1/cases/{id}", f"/v1/cases/{case}", 1) for path, verbs in paths.items() if "get" in verbs]
    return [path for path in told if "{" not in path]


async def test_whoever_reads_anything_of_a_case_whose_kind_is_gone_gets_an_answer(tmp_path: Path) -> None:
    place = survey_plugin.make(tmp_path)
    async with open_door(tmp_path, {"works": place, "traffic": TRAFFIC}) as door:
        asked = {"answers": {"choice": "bridge"}}
        case = (await door.citizen("wang").post("/v1/items/new-bridge/cases", asked)).created()
        await door.settled()
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        roles = ("works:reviewer", "works:auditor", "works:operator")
        people = [door.citizen("wang"), door.staff("chief", *roles), door.anyone]
        read = [path for path in await addresses(door, case["id"]) if "stream" not in path]
        assert sum(case["id"] in path for path in read) > 5
        told = [(path, (await person.get(path)).status) for person in people for path in read]
        assert [one for one in told if one[1] == 500] == []
        shown = (await people[0].get(case["links"]["self"])).ok()
        assert (shown["state"], shown["answers"], shown["permitted_actions"]) == ("counted", asked["answers"], [])
    # The words of what is gone are in no list of the description, which says so beside each.
    listed = ("/kind: ", "state: ")
    others = {one for one in documented.UNDOCUMENTED if not any(word in one for word in listed)}
    documented.UNDOCUMENTED.clear()
    assert others == set()
