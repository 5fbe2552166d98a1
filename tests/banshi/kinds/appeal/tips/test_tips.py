"""Tips: handed in without a name, read and answered as any appeal is, and read again with a code."""

from __future__ import annotations

import asyncio
import re
import uuid
from importlib import import_module
from pathlib import Path

import pytest

from banshi.builtin.limits.senders import Senders
from banshi.kernel.cases.case_queries import count_people, people_with_cases
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.appeal.models import AppealRecord, Letter, TipCode
from banshi.kinds.appeal.tips import retention
from banshi.kinds.appeal.tips.flood import FLOOD
from banshi.kinds.appeal.tips.retention import forget
from banshi.testing import open_door
from tests.readers.refusals import faults, refused
from tests.town.parts import APPEALS, UNNAMED, appeals
from tests.town.tips import TIPS, link_of, tipped, uploaded
from tests.town.town import ENGLISH, Town, open_town, picture, written


async def test_a_tip_needs_no_token_and_its_code_is_shown_once(offices: Town, database: str) -> None:
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


async def test_a_tip_is_worked_on_and_answered_as_any_appeal_is(offices: Town, database: str) -> None:
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


async def test_the_unit_and_whoever_sent_a_tip_write_to_each_other(offices: Town, database: str) -> None:
    chen = offices.reviewer()
    tip = await tipped(offices)
    link = await link_of(offices, tip)
    (await offices.act(chen, link, "write", text="几点钟？")).ok()
    photo = (await uploaded(offices, picture("PNG"), "image/png")).created()["id"]
    (await tip.write("夜里两点", photo)).ok()
    for reader in (await offices.shown(chen, link), await tip.read()):
        told = [(one["by"], one["text"], one["attachments"]) for one in reader["details"]["messages"]]
        assert told == [("staff", "几点钟？", []), ("citizen", "夜里两点", [photo])]
        words = [one["by_title"] for one in reader["details"]["messages"]]
        assert words in (["工作人员", "办事人"], ["Staff", "Citizen"])
        assert [one["id"] for one in reader["attachments"]] == [photo]
    assert (await chen.get(f"/v1/attachments/{photo}")).status == 200
    (await tip.write(" ")).problem(422, "invalid-fields")
    (await tip.write("字" * 5001)).problem(422, "invalid-fields")
    # A picture is one tip's, and what was never uploaded nobody's.
    other = await tipped(offices)
    for wrong in (photo, str(uuid.uuid4())):
        assert [at for at, _ in faults(await other.write("再看", wrong))] == ["/details/attachments/0"]
    assert len((await tip.read())["details"]["messages"]) == 2


async def test_what_is_written_after_the_answer_brings_the_tip_back_with_all_its_days(offices: Town) -> None:
    chen = offices.reviewer()
    tip = await tipped(offices)
    link = await link_of(offices, tip)
    offices.later(days=2)
    await offices.answered(chen, link)
    assert (await chen.get("/v1/worklist")).ok()["items"] == []
    (await tip.write("他又来了")).ok()
    read = await tip.read()
    assert (read["state"], read["deadline"]["due_on"]) == ("assigned", "2026-09-10")
    assert [one["links"]["self"] for one in (await chen.get("/v1/worklist")).ok()["items"]] == [link]
    (await offices.act(chen, link, "answer", text="收到。")).ok()
    assert len((await tip.read())["details"]["answers"]) == 2
    # Who was asked answers by writing, too.
    other = await tipped(offices)
    link = await link_of(offices, other)
    (await offices.act(chen, link, "return", "在哪里？")).ok()
    (await other.write("在东门")).ok()
    assert (await other.read())["state"] == "submitted"


async def test_a_question_after_the_answer_takes_nobody_s_right_to_another_reviewer(
    offices: Town, database: str
) -> None:
    chen, zhou = offices.reviewer(), offices.reviewer("zhou")
    tip = await tipped(offices)
    link = await link_of(offices, tip)
    await offices.answered(chen, link)
    (await tip.write("什么时候？")).ok()
    (await offices.act(chen, link, "answer", text="明天。")).ok()
    (await tip.act("rate", details={"rating": 1})).ok()
    await offices.door.settled()
    assert (await tip.read())["state"] == "reopened"
    (await offices.act(chen, link, "answer", text="还是这样。")).problem(409, "action-not-permitted")
    (await offices.act(zhou, link, "answer", text="已修好。")).ok()
    assert (await tip.read())["state"] == "closed"


async def test_one_tip_has_so_many_messages_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("banshi.kinds.appeal.effects"), "MAX_LETTERS", 2)
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        tip = await tipped(offices)
        for text in ("一", "二"):
            (await tip.write(text)).ok()
        assert "at most 2 messages" in (await tip.write("三")).problem(409, "conflict")["detail"]


async def test_a_tip_is_withdrawn_passed_on_and_merged_as_any_appeal(offices: Town, database: str) -> None:
    li, both = offices.door.citizen("li"), offices.door.staff("wu", "parks:reviewer", "works:reviewer")
    gone, moved, first = [await tipped(offices, text) for text in ("算了", "修路的事", "偷灯")]
    named = await offices.asked(li, "灯被偷了")
    (await gone.act("withdraw")).ok()
    (await gone.act("withdraw")).problem(409, "action-not-permitted")
    elsewhere = {"department": "works", "unit": "west"}
    (await offices.act(both, await link_of(offices, moved), "forward", "归他们", **elsewhere)).ok()
    assert (await moved.read())["department"] == "works"
    # The same, by name: its citizen gets the tip's answer as a message, and the tip tells nobody anything.
    link = await link_of(offices, first)
    (await offices.act(both, named, "merge", into=(await first.read())["number"])).ok()
    (await first.act("withdraw")).problem(409, "conflict")
    await offices.answered(both, link)
    assert "明天修好。" in (await offices.inbox(li))[-1]["body"]
    assert (await offices.shown(li, named))["details"]["merged_into"] == {}
    # A tip into what is answered by name: whoever sent it reads the answer.
    late = await tipped(offices, "也是偷灯")
    target = (await offices.shown(both, named))["number"]
    (await offices.act(both, await link_of(offices, late), "merge", into=target)).problem(422, "invalid-fields")
    other = await offices.asked(li, "又一盏")
    await offices.answered(both, other, "换了新灯。")
    number = (await offices.shown(both, other))["number"]
    (await offices.act(both, await link_of(offices, late), "merge", into=number)).ok()
    read = await late.read()
    assert (read["state"], read["details"]["merged_into"]) == ("merged", {})
    assert [one["text"] for one in read["details"]["answers"]] == ["换了新灯。"]
    assert {row.payload["person"] for row in await OutboxRow.filter(topic="message")} == {"li"}
    assert await Case.filter(person="").count() == 4


async def test_tips_count_in_the_statistics_and_teach_the_suggestion(offices: Town, database: str) -> None:
    chen = offices.reviewer()
    for number in range(20):
        tip = await tipped(offices, f"示例路第{number}盏路灯坏了")
        await offices.answered(chen, await link_of(offices, tip))
        if number < 5:
            (await tip.act("rate", details={"rating": 5})).ok()
        # As many as a day brings, and not a flood.
        offices.door.platform[FLOOD].items.clear()
        offices.door.platform[FLOOD].senders = Senders()
    (row,) = (await offices.door.anyone.get("/v1/statistics/appeals")).ok()["items"]
    assert (row["received"], row["answered"], row["on_time_percent"], row["mean_rating"]) == (20, 20, 100, 5.0)
    tip = await tipped(offices, "示例路的路灯坏了")
    suggested = (await offices.shown(chen, await link_of(offices, tip)))["details"]["suggestion"]
    assert (suggested["category"], suggested["unit"]) == ("roads", "east")
    assert "suggestion" not in (await tip.read())["details"]


async def test_a_notice_to_those_who_have_a_case_is_for_nobody_who_sent_a_tip(offices: Town, database: str) -> None:
    await tipped(offices)
    await offices.asked(offices.door.citizen("li"))
    platform, who = offices.door.platform, (["ask-parks"], ["submitted"])
    assert await count_people(platform, *who) == 1
    assert await people_with_cases(platform, *who, limit=10) == ["li"]


async def test_a_named_person_is_told_that_the_unit_wrote(offices: Town) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    link = await offices.asked(li)
    (await offices.act(chen, link, "write", text="请告诉我们时间。")).ok()
    assert "A message to you" in (await offices.told(li))[-1]
    photo = (await li.upload()).created()["id"]
    (await offices.act(li, link, "write", text="昨天", attachments=[photo])).ok()
    case = await offices.shown(chen, link)
    assert case["details"]["anonymous"] is False
    assert [one["by"] for one in case["details"]["messages"]] == ["staff", "citizen"]
    # A picture that came without a name is nobody's who has one.
    stray = (await uploaded(offices, picture())).created()["id"]
    (await offices.act(li, link, "write", text="照片", attachments=[stray])).problem(422, "invalid-fields")
    tip = await tipped(offices)
    own = (await li.upload()).created()["id"]
    (await tip.write("照片", own)).problem(422, "invalid-fields")


# -- with a token, and where tips are not taken ----------------------------------------------------------------------


async def test_who_sends_a_token_along_is_told_to_leave_it_out(offices: Town) -> None:
    tip = await tipped(offices)
    before = await Case.all().count()
    for person in (offices.door.citizen("li"), offices.reviewer(), offices.door.bearing("nonsense")):
        for path, body in (
            (TIPS, {"answers": {"text": "灯"}}),
            ("/v1/tips/read", {"code": tip.code}),
            ("/v1/tips/actions/withdraw", {"code": tip.code}),
        ):
            told = (await person.post(path, body, headers=ENGLISH)).problem(400, "token-not-taken")
            assert "without signing in" in told["detail"]
        headers = {"Content-Type": "image/jpeg"}
        reply = await person.call("POST", "/v1/tips/pictures", data=picture(), headers=headers)
        reply.problem(400, "token-not-taken")
    assert await Case.all().count() == before
    assert await Attachment.all().count() == 0


async def test_an_item_says_whether_it_is_taken_with_a_name_without_or_both(tmp_path: Path) -> None:
    body = {"answers": {"text": "灯坏了"}}
    links = {"never": {"submit"}, "allowed": {"submit", "tip"}, "always": {"tip"}}
    for anonymous, expected in links.items():
        folder = tmp_path / anonymous
        folder.mkdir()
        async with open_town(folder, appeals(APPEALS + f'anonymous = "{anonymous}"\n')) as offices:
            guide = (await offices.door.anyone.get("/v1/items/ask-parks")).ok()
            assert {"submit", "tip"} & guide["links"].keys() == expected
            assert guide["details"]["anonymous"] == anonymous
            li = offices.door.citizen("li")
            named = await li.post("/v1/items/ask-parks/cases", body)
            unnamed = await offices.door.anyone.post(TIPS, body)
            assert (named.status, unnamed.status) == (
                201 if "submit" in expected else 404,
                201 if "tip" in expected else 404,
            )
            if anonymous == "never":
                case = named.created()
                assert "write" not in {one["action"] for one in case["permitted_actions"]}
                assert "messages" not in (await offices.shown(li, case["links"]["self"]))["details"]
            (await offices.door.anyone.post("/v1/items/no-such/tips", body)).problem(404, "not-found")


async def test_everything_wrong_with_a_tip_is_told_at_once_and_nothing_is_stored(offices: Town) -> None:
    anyone = offices.door.anyone
    assert set(faults(await anyone.post(TIPS, {"answers": {"photo": 7}, "sort": "x", "who": "li"}))) == {
        ("/answers/text", "required"),
        ("/answers/photo", "type"),
        ("/sort", "enum"),
        ("/who", "additionalProperties"),
    }
    body = {"answers": {"text": "灯", "photo": str(uuid.uuid4())}}
    assert [at for at, _ in faults(await anyone.post(TIPS, body))] == ["/answers/photo"]
    (await anyone.post(TIPS, {"answers": {"text": "x" * 300_000}})).problem(413, "too-large")
    assert await Case.all().count() == 0


# -- leaving ---------------------------------------------------------------------------------------------------------


async def test_a_tip_leaves_with_its_code_and_all_that_came_with_it(
    offices: Town, tmp_path: Path, database: str
) -> None:
    chen, li = offices.reviewer(), offices.door.citizen("li")
    photo = (await uploaded(offices, picture())).created()["id"]
    over, open_still = await tipped(offices, photo=photo), await tipped(offices)
    (await over.write("还有")).ok()
    link = await link_of(offices, over)
    named = await offices.asked(li)
    (await offices.act(chen, named, "merge", into=(await over.read())["number"])).ok()
    await offices.answered(chen, link)
    await offices.door.settled()
    offices.later(days=29)
    assert await forget(offices.door.platform) == 0
    assert (await over.read())["state"] == "answered"
    offices.later(days=2)
    assert await forget(offices.door.platform) == 1
    (await over.call("/v1/tips/read")).problem(404, "unknown-code")
    (await over.write("还在吗")).problem(404, "unknown-code")
    (await chen.get(link)).problem(404, "not-found")
    assert (await open_still.read())["state"] == "submitted"
    assert list((tmp_path / "data" / "attachments").iterdir()) == []
    assert await Letter.all().count() == await Attachment.all().count() == 0
    assert await TipCode.all().count() == 1
    assert {case.person for case in await Case.all()} == {"li", ""}
    # Whoever was answered with it still has the answer.
    details = (await offices.shown(li, named))["details"]
    assert [one["text"] for one in details["answers"]] == ["明天修好。"]
    assert details["merged_into"] == {}
    assert (await offices.shown(chen, named))["details"]["merged_into"] == {}
    assert await forget(offices.door.platform) == 0


async def test_what_is_written_in_the_moment_of_leaving_is_refused_and_not_lost_in_silence(offices: Town) -> None:
    tip = await tipped(offices)
    await offices.answered(offices.reviewer(), await link_of(offices, tip))
    offices.later(days=31)
    wrote, gone = await asyncio.gather(tip.write("还有"), forget(offices.door.platform))
    assert (wrote.status, gone) in {(200, 0), (404, 1), (409, 1)}
    assert await Case.all().count() == (1 if wrote.status == 200 else 0)
    assert await Letter.all().count() == (1 if wrote.status == 200 else 0)


async def test_a_leaving_that_was_cut_short_is_taken_up_again(offices: Town) -> None:
    tip = await tipped(offices)
    (await tip.act("withdraw")).ok()
    offices.later(days=31)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "remove_case", None)
        assert await forget(offices.door.platform) == 0
    (await tip.call("/v1/tips/read")).problem(404, "unknown-code")
    assert await forget(offices.door.platform) == 1
    assert await Case.all().count() == await AppealRecord.all().count() == 0


async def test_a_tip_that_can_t_leave_keeps_no_other_one(offices: Town, tmp_path: Path) -> None:
    photo = (await uploaded(offices, picture())).created()["id"]
    older, newer = await tipped(offices), await tipped(offices, photo=photo)
    for tip in (older, newer):
        (await tip.act("withdraw")).ok()
    # The newest is looked at first, and what is no file can't be deleted.
    file = tmp_path / "data" / "attachments" / photo
    file.unlink()
    file.mkdir()
    offices.later(days=31)
    assert await forget(offices.door.platform) == 1
    (await older.call("/v1/tips/read")).problem(404, "unknown-code")
    file.rmdir()
    assert await forget(offices.door.platform) == 1


#: A form that can't be filled in without a phone.
PHONE = """anonymous = "always"
[items.form.properties.me]
type = "object"
required = ["phone"]
properties.phone = { type = "string", format = "cn-mobile" }
"""

# -- the declaration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ('anonymous = "sometimes"\n', "'never', 'allowed' or 'always'"),
        ("anonymous = true\n", "'never', 'allowed' or 'always'"),
        ('anonymous = "allowed"\n[items.form.properties.id]\ntype = "string"\nformat = "cn-resident-id"\n', None),
        (PHONE, "/me/phone"),
        ('anonymous = "always"\n[items.messages.answer.title]\nzh-CN = "好"\nen = "Good"\n', "unsent-message"),
    ],
)
async def test_a_declaration_that_names_somebody_in_spite_of_itself_stops_the_start(
    tmp_path: Path, more: str, rule: str | None
) -> None:
    place = written(tmp_path, appeals(APPEALS + more, "parks"))["parks"]
    file = place / "items.toml"
    if "/me/" in str(rule):
        file.write_text(file.read_text().replace('required = ["text"]', 'required = ["text", "me"]'))
    if rule is None:
        async with open_door(tmp_path, {"parks": place}):
            return
    await refused(open_door(tmp_path, {"parks": place}), re.escape(rule))
