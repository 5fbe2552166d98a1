"""Tips that were merged: whoever holds the code of one, and no other, still writes with those who work on it."""

from __future__ import annotations

import asyncio

import pytest

from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply, TipCode
from banshi.kinds.appeal.tips import representations
from banshi.kinds.appeal.tips.retention import forget
from banshi.testing import Person
from tests.town.tips import TIPS, Tipster, link_of, tipped, uploaded
from tests.town.town import Town, picture


async def merged(offices: Town, person: Person) -> tuple[Tipster, Tipster, str, str]:
    """A tip whose answer never came through, and the one that was sent again, merged into it, with their addresses."""
    lost, again = await tipped(offices), await tipped(offices)
    first, second = await link_of(offices, lost), await link_of(offices, again)
    (await offices.act(person, second, "merge", into=(await lost.read())["number"])).ok()
    return lost, again, first, second


async def test_whoever_has_the_code_of_a_merged_tip_alone_reads_and_writes(offices: Town, database: str) -> None:
    chen = offices.reviewer()
    _, again, first, second = await merged(offices, chen)
    (noted,) = (await offices.shown(chen, first))["details"]["merged"]
    assert (noted["links"]["self"], noted["messages"], noted["waits"]) == (second, 0, False)
    (await offices.act(chen, second, "write", text="几点钟？")).ok()
    read = await again.read()
    assert [one["text"] for one in read["details"]["messages"]] == ["几点钟？"]
    assert [one["action"] for one in read["permitted_actions"]] == ["write"]
    photo = (await uploaded(offices, picture())).created()["id"]
    before = (await Case.get(id=first.rpartition("/")[2])).version
    (await again.write("夜里两点", photo)).ok()
    assert (await Case.get(id=first.rpartition("/")[2])).version == before + 1
    target = await offices.shown(chen, first)
    (noted,) = target["details"]["merged"]
    assert (noted["messages"], noted["waits"], target["state"]) == (2, True, "submitted")
    told = (await offices.shown(chen, second))["details"]["messages"]
    assert [(one["by"], one["text"]) for one in told] == [("staff", "几点钟？"), ("citizen", "夜里两点")]
    assert (await chen.get(f"/v1/attachments/{photo}")).status == 200
    await offices.answered(chen, first)
    assert [one["text"] for one in (await again.read())["details"]["answers"]] == ["明天修好。"]


async def test_a_letter_in_a_merged_tip_is_work_as_one_in_the_other_would_be(offices: Town, database: str) -> None:
    chen = offices.reviewer()
    _, again, first, _ = await merged(offices, chen)
    # As one of an item can be whose citizens have names.
    await Case.filter(id=first.rpartition("/")[2]).update(state="returned", clock_since=None)
    (await again.write("示例路")).ok()
    target = await offices.shown(chen, first)
    assert (target["state"], target["deadline"]["running"]) == ("submitted", True)
    await offices.answered(chen, first)
    assert (await chen.get("/v1/worklist")).ok()["items"] == []
    offices.later(days=2)
    (await again.write("他又来了")).ok()
    target = await offices.shown(chen, first)
    assert (target["state"], target["deadline"]["due_on"]) == ("assigned", "2026-09-10")
    assert [one["links"]["self"] for one in (await chen.get("/v1/worklist")).ok()["items"]] == [first]
    step = target["timeline"][-1]
    assert (step["action"], step["by"], step["state"]) == ("absorb", "citizen", "assigned")
    (await offices.act(chen, first, "answer", text="已抓获。")).ok()
    assert [one["text"] for one in (await again.read())["details"]["answers"]] == ["明天修好。", "已抓获。"]


async def test_two_senders_don_t_read_each_other_s_letters(offices: Town) -> None:
    chen = offices.reviewer()
    one, other, first, second = await merged(offices, chen)
    (await offices.act(chen, first, "write", text="第一个")).ok()
    (await offices.act(chen, second, "write", text="第二个")).ok()
    (await one.write("甲")).ok()
    (await other.write("乙")).ok()
    texts = [[row["text"] for row in (await tip.read())["details"]["messages"]] for tip in (one, other)]
    assert texts == [["第一个", "甲"], ["第二个", "乙"]]
    assert "merged" not in (await one.read())["details"]


async def test_what_was_merged_goes_where_the_other_one_goes(offices: Town, database: str) -> None:
    """Those who work on the one that is answered see all that was merged into it, and nobody else does any more."""
    both = offices.door.staff("wu", "parks:reviewer", "works:reviewer")
    east, west = offices.reviewer(), offices.reviewer("zhou", "parks/west")
    works = offices.reviewer("qian", "works/west")
    lost = await tipped(offices)
    first = await link_of(offices, lost)
    (await offices.act(both, first, "forward", "归西科", unit="west")).ok()
    again, third = await tipped(offices), await tipped(offices)
    second, last = await link_of(offices, again), await link_of(offices, third)
    (await offices.act(both, last, "merge", into=(await again.read())["number"])).ok()
    (await offices.act(both, second, "merge", into=(await lost.read())["number"])).ok()
    for link in (second, last):
        assert (await east.get(link)).status == 404
        (await offices.act(west, link, "write", text="几点钟？")).ok()
    elsewhere = {"department": "works", "unit": "west"}
    (await offices.act(west, first, "forward", "归他们", **elsewhere)).ok()
    assert (await west.get(second)).status == 404
    for link in (second, last):
        (await offices.act(works, link, "write", text="在哪里？")).ok()
    assert len((await offices.shown(works, first))["details"]["merged"]) == 2
    (await offices.act(works, first, "assign", unit="")).problem(422, "invalid-fields")
    assert (await again.read())["department"] == "works"


async def test_where_nobody_works_on_it_any_more_its_sender_is_told_so(offices: Town) -> None:
    chen = offices.reviewer()
    one, again, first, _ = await merged(offices, chen)
    await offices.answered(chen, first)
    (await one.act("rate", details={"rating": 5})).ok()
    await offices.door.settled()
    photo = (await uploaded(offices, picture())).created()["id"]
    told = (await again.write("还有", photo)).problem(409, "conflict")
    assert "hand in a new one" in told["detail"]
    assert (await again.read())["details"]["messages"] == []
    assert (await Attachment.get(id=photo)).case_id is None


async def test_staff_close_a_merged_one_and_its_sender_still_reads_the_answer(offices: Town) -> None:
    chen = offices.reviewer()
    _, again, first, second = await merged(offices, chen)
    (await offices.act(chen, second, "close")).ok()
    (await again.write("还有")).problem(409, "action-not-permitted")
    await offices.answered(chen, first)
    assert [one["text"] for one in (await again.read())["details"]["answers"]] == ["明天修好。"]


async def test_letters_and_steps_at_once_lose_nothing(offices: Town, database: str) -> None:
    chen = offices.reviewer()
    one, again, first, second = await merged(offices, chen)
    (await offices.act(chen, first, "assign", category="roads")).ok()
    replies = await asyncio.gather(
        *(again.write(f"信{number}") for number in range(4)),
        one.write("甲"),
        offices.act(chen, second, "write", text="乙"),
        offices.act(chen, first, "answer", text="明天修好。"),
    )
    # Who was beaten too often by the others is told so, and tries again.
    assert {reply.status for reply in replies} <= {200, 409}
    written = sum(reply.status == 200 for reply in replies[:6])
    assert await Letter.all().count() == written > 0


async def test_a_failure_while_a_tip_is_shown_leaves_none_whose_code_nobody_has(
    offices: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = (await uploaded(offices, picture())).created()["id"]

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    body = {"answers": {"text": "有人偷路灯", "photo": photo}}
    with monkeypatch.context() as patch:
        patch.setattr(representations, "case_document", fails)
        assert (await offices.door.anyone.post(TIPS, body)).status == 500
    assert await Case.all().count() == await CaseEvent.all().count() == await TipCode.all().count() == 0
    made = (await offices.door.anyone.post(TIPS, body)).created()
    assert [one["id"] for one in made["tip"]["attachments"]] == [photo]


async def test_what_others_wait_for_is_not_returned_and_nothing_merges_into_what_was(offices: Town) -> None:
    chen = offices.reviewer()
    _, _, first, _ = await merged(offices, chen)
    told = (await offices.act(chen, first, "return", "是哪条路？")).problem(409, "conflict")
    assert "ask its sender in a message" in told["detail"]
    (await offices.act(chen, first, "write", text="是哪条路？")).ok()
    alone, more = await tipped(offices), await tipped(offices)
    link, other = await link_of(offices, alone), await link_of(offices, more)
    (await offices.act(chen, link, "return", "是哪条路？")).ok()
    told = (await offices.act(chen, other, "merge", into=(await alone.read())["number"])).problem(422, "invalid-fields")
    assert "Merge that one into this one" in told["problems"][0]["detail"]
    (await offices.act(chen, link, "merge", into=(await more.read())["number"])).ok()
    (await offices.answered(chen, other))
    assert [one["text"] for one in (await alone.read())["details"]["answers"]] == ["明天修好。"]
    # A named citizen is told, and can still be asked.
    named, third = await offices.asked(offices.door.citizen("li")), await tipped(offices)
    number = (await offices.shown(chen, named))["number"]
    (await offices.act(chen, await link_of(offices, third), "merge", into=number)).ok()
    (await offices.act(chen, named, "return", "是哪条路？")).ok()


async def test_a_returned_tip_that_others_wait_for_doesn_t_leave(offices: Town, database: str) -> None:
    chen, li = offices.reviewer(), offices.door.citizen("li")
    lost, named = await tipped(offices), await offices.asked(li)
    first = await link_of(offices, lost)
    (await offices.act(chen, named, "merge", into=(await lost.read())["number"])).ok()
    await Case.filter(id=first.rpartition("/")[2]).update(state="returned")
    offices.later(days=31)
    assert await forget(offices.door.platform) == 0
    assert (await lost.read())["state"] == "returned"


@pytest.mark.parametrize("first_gone", ["target", "duplicate"])
async def test_the_answers_of_a_tip_leave_with_the_last_one_that_has_them(
    offices: Town, database: str, first_gone: str
) -> None:
    chen = offices.reviewer()
    target, again, first, second = await merged(offices, chen)
    await offices.answered(chen, first)
    later = second if first_gone == "target" else first
    offices.later(days=31)
    await Case.filter(id=later.rpartition("/")[2]).update(updated_at=offices.now)
    assert await forget(offices.door.platform) == 1
    kept = again if first_gone == "target" else target
    assert [one["text"] for one in (await kept.read())["details"]["answers"]] == ["明天修好。"]
    offices.later(days=31)
    assert await forget(offices.door.platform) == 1
    assert await Reply.all().count() == await AppealRecord.all().count() == await Case.all().count() == 0


async def test_all_at_once_leave_with_their_answers(offices: Town, database: str) -> None:
    _, _, first, _ = await merged(offices, offices.reviewer())
    await offices.answered(offices.reviewer(), first)
    offices.later(days=31)
    await asyncio.gather(*(forget(offices.door.platform) for _ in range(3)))
    assert await Reply.all().count() == await AppealRecord.all().count() == await Case.all().count() == 0
