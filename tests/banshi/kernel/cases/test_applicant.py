"""Staff see in whose name they decide, a certificate names nobody unknown, and nobody else is shown the name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, open_door
from tests.readers import certificate_reader
from tests.town.departments import both, claim, department, item, write
from tests.town.parts import UNNAMED, appeals, postings
from tests.town.tips import link_of, tipped
from tests.town.town import open_town

ITEMS = department("archive", "档案局", "Archive") + item(
    "no-entry",
    "无记录证明",
    "Certificate of no entry",
    result={"kind": "certificate", "title": both("证明", "Certificate")},
    fields={"note": {"type": "string"}},
    credential={"claims": [claim("holder", "姓名", "Name", source="holder")]},
    certificate={"body": both("上述人员没有记录。", "There is no entry about the person named above.")},
)

PATH = "/v1/items/no-entry/cases"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"archive": write(tmp_path, ITEMS, name="archive")}) as opened:
        yield opened


def clerk(door: Door) -> Person:
    return door.staff("li", "archive:reviewer", "archive:approver")


async def test_who_approves_has_seen_the_name_that_the_certificate_bears(door: Door) -> None:
    wang = door.citizen("wang", name="王小明")
    link = (await wang.post(PATH, {"answers": {}})).created()["links"]["self"]
    await door.settled()
    assert (await clerk(door).get(link)).ok()["applicant"] == {"name": "王小明"}
    (await clerk(door).post(f"{link}/actions/approve")).ok()
    seen = certificate_reader.read((await wang.get(f"{link}/certificate.pdf")).body)
    assert seen.says("王小明")
    # What somebody knows already needs no telling: theirs is the only name in their cases.
    assert (await wang.get(link)).ok()["applicant"] is None
    (await door.staff("zhao", "parks:reviewer").get(link)).problem(404, "not-found")


@pytest.mark.parametrize("name", ["", " ", "\u3000\u200b", "\u202e"])
async def test_who_has_no_name_is_told_before_anything_is_stored(name: str, door: Door) -> None:
    told = {"Accept-Language": "zh-CN"}
    problem = (await door.citizen("wang", name=name).post(PATH, {"answers": {}}, headers=told)).problem(
        403, "not-named"
    )
    assert "实名认证" in problem["detail"]
    assert await Case.all().count() == 0


async def test_a_case_without_a_name_from_before_is_not_certified(door: Door) -> None:
    wang = door.citizen("wang", name="王小明")
    link = (await wang.post(PATH, {"answers": {}})).created()["links"]["self"]
    await door.settled()
    await Case.all().update(person_name="")
    assert (await clerk(door).get(link)).ok()["applicant"] == {"name": None}
    (await clerk(door).post(f"{link}/actions/approve")).problem(409, "holder-unknown")
    assert (await clerk(door).get(link)).ok()["state"] == "accepted"
    assert await Pass.all().count() == 0
    (await clerk(door).post(f"{link}/actions/refuse", {"reason": "请重新申请"})).ok()


async def test_a_tip_has_no_applicant_and_says_so(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        tip = await tipped(offices)
        assert (await tip.read())["applicant"] is None
        link = await link_of(offices, tip)
        assert (await offices.shown(offices.reviewer(), link))["applicant"] is None


async def test_what_is_public_of_a_posting_names_nobody(tmp_path: Path) -> None:
    """Its moderators see whose it is; the public list, its readers and whoever writes to the poster don't."""
    async with open_town(tmp_path, postings()) as offices:
        ren, sun = offices.door.citizen("ren", name="任示例"), offices.door.citizen("sun", name="孙示例")
        posting = await offices.published(ren)
        assert (await offices.moderator().get(f"/v1/cases/{posting}")).ok()["applicant"] == {"name": "任示例"}
        made = await sun.post(f"/v1/postings/{posting}/conversations", {"text": "我捡到一个包"})
        link = made.created()["links"]["self"]
        (await sun.get(f"/v1/cases/{posting}")).problem(404, "not-found")
        for reader, path in (
            (offices.door.anyone, "/v1/postings"),
            (offices.door.anyone, f"/v1/postings/{posting}"),
            (sun, f"/v1/postings/{posting}"),
            (sun, "/v1/conversations"),
            (sun, f"{link}/messages"),
        ):
            answer = await reader.get(path)
            assert answer.status == 200
            assert "任示例" not in answer.body.decode()
            assert "applicant" not in answer.body.decode()
