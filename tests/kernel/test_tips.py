"""Tips: handed in without a name, read and answered as any appeal is, and read again with a code."""

from __future__ import annotations

from pathlib import Path

from banshi.kinds.appeal.models import TipCode
from banshi.models import Case, CaseEvent, IdempotencyKey, OutboxRow
from tests.kernel.appeals_office import ENGLISH
from tests.kernel.tips_office import TIPS, link_of, open_tips, picture, tipped, uploaded


async def test_a_tip_needs_no_token_and_its_code_is_shown_once(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        reply = await offices.door.anyone.post(TIPS, {"answers": {"text": "有人偷路灯"}}, key="once", headers=ENGLISH)
        made = reply.created()
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Location" not in reply.headers
        tip = made["tip"]
        assert (tip["state"], tip["deadline"]["due_on"]) == ("submitted", "2026-09-08")
        assert [one["action"] for one in tip["timeline"]] == ["submit", "register"]
        assert [one["action"] for one in tip["permitted_actions"]] == ["withdraw", "write"]
        assert {"id", "links"}.isdisjoint(tip)
        reply = await offices.door.anyone.post("/v1/tips/read", {"code": made["code"]}, headers=ENGLISH)
        assert reply.ok() == tip
        assert reply.headers["Cache-Control"] == "no-store"
        case = await Case.get()
        assert (case.person, case.person_name) == ("", "")
        assert {event.actor_id for event in await CaseEvent.all()} == {""}
        (kept,) = await TipCode.all()
        assert made["code"].replace("-", "") not in kept.id.upper()
        # Nobody is told anything, and no answer is kept under a key.
        assert await OutboxRow.all().count() == await IdempotencyKey.all().count() == 0


async def test_a_tip_is_worked_on_and_answered_as_any_appeal_is(tmp_path: Path, database: str) -> None:
    async with open_tips(tmp_path, database=database) as offices:
        chen, zhou = offices.reviewer(), offices.reviewer("zhou")
        photo = (await uploaded(offices, picture())).created()
        tip = await tipped(offices, photo=photo["id"])
        link = await link_of(offices, tip)
        seen = await offices.shown(chen, link)
        assert seen["details"]["anonymous"] is True
        assert (await chen.get(seen["attachments"][0]["links"]["self"])).status == 200
        assert (await offices.door.citizen("li").get(link)).status == 404
        (await offices.act(chen, link, "return", "是哪条路？")).ok()
        assert (await tip.read())["reason"] == "是哪条路？"
        (await tip.act("supplement", answers={"text": ""})).problem(422, "invalid-fields")
        (await tip.act("supplement", answers={"text": "示例路", "photo": photo["id"]})).ok()
        await offices.answered(chen, link)
        read = await tip.read()
        assert [one["text"] for one in read["details"]["answers"]] == ["明天修好。"]
        assert [one["action"] for one in read["permitted_actions"]] == ["rate", "write"]
        (await tip.act("rate", details={"rating": 9})).problem(422, "invalid-fields")
        (await tip.act("rate", details={"rating": 1, "text": "没有人来"})).ok()
        await offices.door.settled()
        assert (await tip.read())["state"] == "reopened"
        (await offices.act(chen, link, "answer", text="还是这样。")).problem(409, "action-not-permitted")
        (await offices.act(zhou, link, "answer", text="已抓获。")).ok()
        read = await tip.read()
        assert read["state"] == "closed"
        assert [one["text"] for one in read["details"]["answers"]] == ["明天修好。", "已抓获。"]
        assert read["details"]["rating"]["rating"] == 1
        assert read["permitted_actions"] == []
