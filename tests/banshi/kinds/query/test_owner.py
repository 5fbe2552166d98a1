"""What an item says of one citizen's record it says to that citizen alone, or to whoever shows why they may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Person, Reply, open_door
from tests.readers.refusals import faults
from tests.town.departments import FILE, both, department, item, write

NUMBER = {"type": "string", "format": "cn-resident-id"}
ABOUT = {"type": "object", "additionalProperties": False, "required": ["number"], "properties": {"number": NUMBER}}
ITEMS = (
    department("archive", "档案局", "Archive")
    + item(
        "own-record",
        owner={"field": "/about/number", "unless": "/guardianship"},
        fields={"about": ABOUT, "guardianship": FILE, "note": {"type": "string"}},
        required=["about"],
    )
    + item(
        "own-question",
        kind="appeal",
        promised_days=5,
        owner={"field": "/number"},
        fields={"number": NUMBER},
        required=["number"],
        appeal={"sorts": ["consult"], "categories": [{"code": "records", "title": both("档案", "Records")}]},
    )
)

#: Its own check would say whether a number is known: it may not be asked about somebody else's.
HANDLER = """
from banshi import Application, FieldProblem, hookimpl

ASKED = []


class Record(Application):
    async def validate(self, submission):
        ASKED.append(submission.answers["about"]["number"])
        return ()


@hookimpl
def banshi_handlers():
    return {"own-record": Record()}
"""

#: The example in GB 11643 itself, and one that can be nobody's.
MINE, OTHERS = "11010519491231002X", "519999196801310006"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"archive": write(tmp_path, ITEMS, HANDLER, "archive")}) as opened:
        yield opened


async def ask(person: Person, number: str, language: str = "en", **more: Any) -> Reply:
    body = {"answers": {"about": {"number": number}, **more}}
    return await person.post("/v1/items/own-record/cases", body, headers={"Accept-Language": language})


def refused(reply: Reply, pointer: str = "/answers/about/number") -> str:
    (one,) = reply.problem(422, "invalid-fields")["problems"]
    assert (one["pointer"], one["code"]) == (pointer, "not-own")
    return str(one["detail"])


async def test_of_two_citizens_each_gets_their_own_record_and_neither_the_other_s(door: Door) -> None:
    wang, sun = door.citizen("wang", resident_id=MINE), door.citizen("sun", resident_id=OTHERS)
    for person, own, other in ((wang, MINE, OTHERS), (sun, OTHERS, MINE)):
        (await ask(person, own)).created()
        assert "guardianship" in refused(await ask(person, other))
        assert "本人" in refused(await ask(person, other, "zh-CN"))
    assert await Case.all().count() == 2


async def test_who_is_not_verified_is_told_so_whatever_they_send(door: Door) -> None:
    wang = door.citizen("wang")
    (await ask(wang, MINE)).problem(403, "not-verified")
    # A form that is wrong is not what keeps them from it, and a file says something of them as well.
    (await wang.post("/v1/items/own-record/cases", {"answers": {}})).problem(403, "not-verified")
    file = (await wang.upload()).created()["id"]
    problem = (await ask(wang, OTHERS, "zh-CN", guardianship=file)).problem(403, "not-verified")
    assert "实名认证" in problem["detail"]


async def test_the_department_is_not_asked_about_another_s_number(door: Door) -> None:
    import banshi_plugins.archive as archive  # type: ignore[import-not-found]

    wang = door.citizen("wang", resident_id=MINE)
    refused(await ask(wang, OTHERS))
    assert OTHERS not in archive.ASKED
    (await ask(wang, MINE)).created()
    assert MINE in archive.ASKED


async def test_the_file_that_lets_somebody_ask_about_another_has_to_be_there_and_theirs(door: Door) -> None:
    wang, sun = door.citizen("wang", resident_id=MINE), door.citizen("sun", resident_id=OTHERS)
    theirs = (await sun.upload()).created()["id"]
    assert faults(await ask(wang, OTHERS, guardianship=theirs)) == [("/answers/guardianship", "attachment")]
    for nothing in ("", "00000000-0000-0000-0000-000000000000"):
        (await ask(wang, OTHERS, guardianship=nothing)).problem(422, "invalid-fields")
    file = (await wang.upload()).created()["id"]
    made = (await ask(wang, OTHERS, guardianship=file)).created()
    assert made["attachments"][0]["id"] == file


async def test_a_correction_is_held_to_it_as_the_submission_was(door: Door) -> None:
    wang, clerk = door.citizen("wang", resident_id=MINE), door.staff("li", "archive:reviewer", "archive:approver")
    file = (await wang.upload()).created()["id"]
    for more in ({}, {"guardianship": file}):
        link = (await ask(wang, MINE, **more)).created()["links"]["self"]
        await door.settled()
        (await clerk.post(f"{link}/actions/return", {"reason": "请补正"})).ok()
        other = {"answers": {"about": {"number": OTHERS}}}
        refused(await wang.post(f"{link}/actions/supplement", other))
        unverified = door.citizen("wang")
        own = {"answers": {"about": {"number": MINE}, "note": "已补正"}}
        (await unverified.post(f"{link}/actions/supplement", own)).problem(403, "not-verified")
        (await wang.post(f"{link}/actions/supplement", own)).ok()
        assert (await Case.get(id=link.rpartition("/")[2])).answers["about"]["number"] == MINE


async def test_an_appeal_is_held_to_it_too(door: Door) -> None:
    wang = door.citizen("wang", resident_id=MINE)
    path = "/v1/items/own-question/cases"
    refused(await wang.post(path, {"answers": {"number": OTHERS}}), "/answers/number")
    (await wang.post(path, {"answers": {"number": MINE}})).created()


async def test_the_app_knows_before_the_form_is_filled(door: Door) -> None:
    guide = (await door.anyone.get("/v1/items/own-record")).ok()
    assert guide["owner"] == {"field": "/about/number", "unless": "/guardianship"}
    document = (await door.anyone.get("/openapi.json")).ok()
    assert "403" in document["paths"]["/v1/items/own-record/cases"]["post"]["responses"]
    assert "owner" in document["components"]["schemas"]["Item"]["required"]
