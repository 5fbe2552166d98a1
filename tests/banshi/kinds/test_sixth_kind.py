"""A kind of item can be a plugin: the public names are enough, and the platform does for it what it does for all."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.app import inspected
from banshi.foundation.findings import Finding
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import Settings
from banshi.testing import Door, open_door
from tests.readers.refusals import faults
from tests.town import survey_plugin


@pytest.fixture
async def works(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"works": survey_plugin.make(tmp_path), "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        yield door


async def test_a_kind_out_of_a_plugin_goes_from_the_phone_to_its_end(works: Door) -> None:
    wang, guide = works.citizen("wang"), (await works.anyone.get("/v1/items/new-bridge")).ok()
    assert (guide["kind"], guide["details"]) == ("survey", {"kind": "survey", "until": "2099-12-31"})
    address = guide["links"]["submit"]
    assert set(faults(await wang.post(address, {"answers": {"choice": "ferry"}, "more": 1}))) == {
        ("/more", "additionalProperties"),
        ("/answers/choice", "enum"),
    }
    # The plugin's handler answers as any department's.
    ((pointer, _),) = faults(await wang.post(address, {"answers": {"choice": "tunnel"}}))
    assert pointer == "/answers/why"
    made = (await wang.post(address, {"answers": {"choice": "bridge"}, "newsletter": True}, key="once")).created()
    assert (
        await wang.post(address, {"answers": {"choice": "bridge"}, "newsletter": True}, key="once")
    ).created() == made
    await works.settled()
    link = made["links"]["self"]
    case = (await wang.get(link)).ok()
    assert (case["state"], case["details"]) == ("counted", {"kind": "survey", "until": "2099-12-31"})
    assert [one["action"] for one in case["permitted_actions"]] == ["revise", "withdraw"]
    told = (await wang.get("/v1/inbox")).ok()["items"][-1]
    assert "2099年12月31日" in told["body"]
    (await wang.post(address, {"answers": {"choice": "bridge"}})).problem(409, "conflict")
    assert (await works.anyone.get(guide["links"]["survey_results"])).ok() == {"results": {"bridge": 2}}
    # Answers may be changed, and are counted again.
    (await wang.post(f"{link}/actions/revise")).problem(422, "invalid-fields")
    better = {"answers": {"choice": "tunnel", "why": "安静"}}
    (await wang.post(f"{link}/actions/revise", better)).ok()
    await works.settled()
    assert (await works.anyone.get(guide["links"]["survey_results"])).ok() == {"results": {"tunnel": 2}}
    # Staff have it in their worklist, and an action takes what its step says.
    li = works.staff("li", "works:reviewer")
    assert [one["id"] for one in (await li.get("/v1/worklist")).ok()["items"]] == [made["id"]]
    (await li.post(f"{link}/actions/remark")).problem(422, "invalid-fields")
    (await li.post(f"{link}/actions/remark", {"details": {"text": "收到"}})).ok()
    (await wang.post(f"{link}/actions/withdraw")).problem(409, "action-not-permitted")
    assert (await wang.get(link)).ok()["state"] == "closed"


async def test_of_two_steps_at_once_in_a_plugin_s_kind_one_wins(works: Door) -> None:
    wang, li = works.citizen("wang"), works.staff("li", "works:reviewer")
    made = (await wang.post("/v1/items/new-bridge/cases", {"answers": {"choice": "bridge"}})).created()
    await works.settled()
    path = f"{made['links']['self']}/actions"
    remark = {"details": {"text": "收到"}}
    replies = await asyncio.gather(wang.post(f"{path}/withdraw"), li.post(f"{path}/remark", remark))
    assert sorted(reply.status for reply in replies) == [200, 409]


async def test_the_description_of_the_api_has_the_kind_s_verbs_and_forms(works: Door) -> None:
    paths = (await works.anyone.get("/openapi.json")).ok()["paths"]
    schema = paths["/v1/items/new-bridge/cases"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"answers", "newsletter"}
    assert any(
        one["get"]["operationId"].startswith("survey_results") for path, one in paths.items() if "results" in path
    )
    listed = (await works.anyone.get("/v1/items?kind=survey")).ok()["items"]
    assert [one["code"] for one in listed] == ["new-bridge"]


def findings_of(folder: Path) -> list[Finding]:
    """What is wrong with the plugin in a folder."""
    entries = {"works": Entry(api=1, path=folder)}
    return list(inspected(Configuration(folder.parent / "plugins.toml", Settings(), entries))[1])


def test_a_survey_imports_public_names_alone() -> None:
    modules = {
        node.module
        for node in ast.walk(ast.parse(survey_plugin.KIND))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "banshi"
    }
    assert {one for one in modules if not one.startswith("banshi.sdk.")} == {"banshi"}


@pytest.mark.parametrize(
    ("wrong", "right", "rule", "advice"),
    [
        (
            "until = 2099-12-31",
            "untill = 2099-12-31",
            "wrong-value",
            "new-bridge.survey.untill is not a known key",
        ),
        (
            '"survey"',
            '"surveys"',
            "unknown-kind",
            "kind is 'surveys'; write one of appeal, application, appointment",
        ),
        ("[items.form]", "[items.forms]", "wrong-value", "items.new-bridge.forms is not a known key"),
    ],
)
def test_an_item_of_a_plugin_s_kind_is_held_to_it(
    tmp_path: Path, wrong: str, right: str, rule: str, advice: str
) -> None:
    folder = survey_plugin.make(tmp_path, survey_plugin.ITEMS.replace(wrong, right))
    found = findings_of(folder)
    assert any(one.rule == rule and advice in one.advice and one.plugin == "works" for one in found), found


def test_what_a_plugin_s_kind_finds_wrong_itself_is_told_under_its_rule(tmp_path: Path) -> None:
    folder = survey_plugin.make(tmp_path, survey_plugin.ITEMS.partition("[items.form]")[0])
    (folder / "__init__.py").write_text(survey_plugin.KIND.replace('{"new-bridge": Doubled()}', "{}"))
    assert [(one.plugin, one.rule) for one in findings_of(folder) if not one.warning] == [("works", "no-questions")]


def test_a_state_table_that_leads_nowhere_is_the_plugin_s_own_fault(tmp_path: Path) -> None:
    folder = survey_plugin.make(tmp_path)
    broken = survey_plugin.KIND.replace(
        'action="count", who=SYSTEM, to="counted"', 'action="count", who=SYSTEM, to="couted"'
    )
    (folder / "__init__.py").write_text(broken)
    assert {(one.plugin, one.rule) for one in findings_of(folder) if not one.warning} == {("works", "state-table")}


IN_CASE = '''
async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """Nobody takes a tunnel back, and a remark is one of three."""
    from dataclasses import replace

    tones = {"enum": ["thanks", "noted", "sorry"]}
    schema = {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": tones}}
    remark = Form.from_schema(schema)
    found = [replace(step, takes=remark) if step.action == "remark" else step for step in steps]
    return [step for step in found if step.action != "withdraw" or case.answers["choice"] != "tunnel"]


SURVEY = Kind(
'''


async def test_what_a_plugin_s_kind_takes_in_one_case_is_shown_and_held(tmp_path: Path, database: str) -> None:
    place = survey_plugin.make(tmp_path)
    code = survey_plugin.KIND.replace("SURVEY = Kind(\n", IN_CASE)
    code = code.replace(
        "    check=check,\n)", '    check=check,\n    in_case=in_case,\n    corrects=frozenset({"revise"}),\n)'
    )
    (place / "__init__.py").write_text(code)
    plugins: dict[str, Path | str] = {"works": place, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        wang, li = door.citizen("wang"), door.staff("li", "works:reviewer")
        answers = {"choice": "tunnel", "why": "安静"}
        link = (await wang.post("/v1/items/new-bridge/cases", {"answers": answers})).created()["links"]["self"]
        await door.settled()
        (revise,) = (await wang.get(link)).ok()["permitted_actions"]
        assert revise["body"]["required"] == ["answers"]
        assert revise["body"]["properties"]["answers"]["properties"]["choice"] == {"enum": ["bridge", "tunnel"]}
        assert faults(await wang.post(f"{link}/actions/revise", {})) == [("/answers", "required")]
        # The state table has it; what can't be said of this case in `in_case` the kind's effects say.
        (remark,) = (await li.get(link)).ok()["permitted_actions"]
        assert remark["takes"]["properties"]["text"] == {"enum": ["thanks", "noted", "sorry"]}
        for body, pointer, code in (
            ({}, "/details/text", "required"),
            ({"details": {"text": "no"}}, "/details/text", "enum"),
            ({"details": {"text": "noted"}, "answers": answers}, "/answers", "unexpected"),
        ):
            assert faults(await li.post(f"{link}/actions/remark", body)) == [(pointer, code)]
        (await li.post(f"{link}/actions/remark", {"details": {"text": "noted"}})).ok()
