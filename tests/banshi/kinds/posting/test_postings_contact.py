"""Contact about a posting: two people write to each other through the platform, and learn nothing of each other."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.posting import scheduler
from banshi.kinds.posting.contact.turns import MAX_CONVERSATIONS_PER_DAY, MAX_MESSAGES_PER_HOUR
from banshi.kinds.posting.models import Conversation, ConversationMessage
from banshi.testing import Person, Reply
from tests.readers.pages import pages
from tests.readers.refusals import faults, understood
from tests.town.town import ENGLISH, Town


async def begin(person: Person, posting: str, text: str = "我捡到一个包", **rest: Any) -> Reply:
    return await person.post(f"/v1/postings/{posting}/conversations", {"text": text}, headers=ENGLISH, **rest)


async def write(person: Person, link: str, text: str = "是什么颜色？", **rest: Any) -> Reply:
    return await person.post(f"{link}/messages", {"text": text}, headers=ENGLISH, **rest)


async def texts(person: Person, link: str) -> list[tuple[str, str]]:
    """Who wrote what, the oldest first."""
    page = (await person.get(f"{link}/messages")).ok()["items"]
    return [(one["by"], one["text"]) for one in reversed(page)]


async def begun(offices: Town) -> tuple[Person, Person, str, str]:
    """A poster, a writer, the posting, and the address of their conversation."""
    li, sun = offices.door.citizen("li", name="李示例"), offices.door.citizen("sun", name="孙示例")
    posting = await offices.published(li)
    link: str = (await begin(sun, posting)).created()["links"]["self"]
    return li, sun, posting, link


async def test_two_people_write_to_each_other_and_learn_neither_name_nor_number(offices: Town, database: str) -> None:
    li, sun = offices.door.citizen("li", name="李示例"), offices.door.citizen("sun", name="孙示例")
    posting = await offices.published(li)
    contact = (await offices.door.anyone.get(f"/v1/postings/{posting}")).ok()["links"]["contact"]
    first = (await sun.post(contact, {"text": "我捡到一个包"}, key="once")).created()
    assert (await sun.post(contact, {"text": "我捡到一个包"}, key="once")).created() == first
    link = first["links"]["self"]
    offices.later(minutes=1)
    (await write(li, link, key="again")).created()
    (await write(li, link, key="again")).created()
    offices.later(minutes=1)
    (await write(sun, link, "黑色的")).created()
    expected = [("writer", "我捡到一个包"), ("poster", "是什么颜色？"), ("writer", "黑色的")]
    assert await texts(li, link) == await texts(sun, link) == expected
    for person, side in ((li, "poster"), (sun, "writer")):
        answer = await person.get("/v1/conversations")
        assert [(one["you"], one["is_open"]) for one in answer.ok()["items"]] == [(side, True)]
        shown = answer.body + (await person.get(f"{link}/messages")).body
        for secret in ("李示例", "孙示例", '"li"', '"sun"', "13800000000"):
            assert secret.encode() not in shown
    assert "case" not in (await sun.get(link)).ok()["links"]


async def test_each_message_is_announced_once_without_its_text(offices: Town) -> None:
    li, sun, _, link = await begun(offices)
    (await write(li, link, "SECRET-1")).created()
    (await write(sun, link, "SECRET-2")).created()
    (await write(sun, link, "SECRET-3")).created()
    assert sum("new message" in one for one in await offices.told(li)) == 3
    assert sum("new message" in one for one in await offices.told(sun)) == 1
    inbox = (await offices.inbox(li))[-1]
    assert inbox["link"] == link
    assert "黑色双肩包" in inbox["title"]
    assert not [row for row in await OutboxRow.all() if "SECRET" in str(row.payload)]
    assert "SECRET" not in str(await offices.inbox(li))


async def test_nobody_else_reads_writes_or_even_finds_a_conversation(offices: Town) -> None:
    li, _, posting, link = await begun(offices)
    anyone, others = offices.door.anyone, [offices.door.citizen("qian"), offices.moderator()]
    (await anyone.get(link)).problem(401, "unauthenticated")
    (await begin(anyone, posting)).problem(401, "unauthenticated")
    (await begin(offices.moderator(), posting)).problem(403, "forbidden")
    for other in others:
        (await other.get(link)).problem(404, "not-found")
        (await other.get(f"{link}/messages")).problem(404, "not-found")
    for path in ("messages", "reports"):
        body = {"text": "x"} if path == "messages" else {"reason": "x"}
        (await others[0].post(f"{link}/{path}", body)).problem(404, "not-found")
    for verb in ("PUT", "DELETE"):
        (await others[0].call(verb, f"{link}/block")).problem(404, "not-found")
    assert (await others[0].get("/v1/conversations")).ok()["items"] == []
    (await begin(li, posting)).problem(409, "own-posting")
    (await begin(others[0], "00000000-0000-4000-8000-000000000000")).problem(404, "not-found")
    waiting = (await offices.post(li)).created()["id"]
    (await begin(others[0], waiting)).problem(404, "not-found")


async def test_one_person_has_one_conversation_about_a_posting_however_often_they_begin(
    offices: Town, database: str
) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    posting = await offices.published(li)
    answers = await asyncio.gather(*(begin(sun, posting, f"{number}") for number in range(8)))
    assert Counter(one.status for one in answers) == {201: 1, 409: 7}
    again = (await begin(sun, posting)).problem(409, "already-talking")
    link = next(one for one in answers if one.status == 201).document["links"]["self"]
    assert again["links"]["self"] == link
    assert await Conversation.all().count() == await ConversationMessage.all().count() == 1
    same = await asyncio.gather(*(write(sun, link, "x", key="k") for _ in range(4)))
    assert {one.status for one in same} <= {201, 409}
    assert await ConversationMessage.all().count() == 2


async def test_a_message_that_says_nothing_or_too_much_is_told(offices: Town) -> None:
    _, sun, posting, link = await begun(offices)
    for path in (f"{link}/messages", f"/v1/postings/{posting}/conversations"):
        for wrong in (None, "", "  \n", "\u202e\x07", "x" * 1001, 7):
            body = {} if wrong is None else {"text": wrong}
            assert {pointer for pointer, _ in faults(await sun.post(path, body))} == {"/text"}, (path, wrong)
        assert {pointer for pointer, _ in faults(await sun.post(path, {"text": "x", "to": "wang"}))} == {"/to"}
    assert await ConversationMessage.all().count() == 1


async def test_either_side_blocks_for_both_and_takes_back_only_its_own_block(offices: Town) -> None:
    li, sun, _, link = await begun(offices)
    assert (await li.call("PUT", f"{link}/block")).status == 204
    assert (await li.call("PUT", f"{link}/block")).status == 204
    (await write(sun, link)).problem(409, "conversation-closed")
    (await write(li, link)).problem(409, "conversation-closed")
    shown = (await sun.get(link)).ok()
    assert (shown["is_open"], shown["blocked_by_you"]) == (False, False)
    assert (await sun.delete(f"{link}/block")).status == 204
    (await write(sun, link)).problem(409, "conversation-closed")
    assert (await li.get(link)).ok()["blocked_by_you"] is True
    assert (await sun.call("PUT", f"{link}/block")).status == 204
    assert (await li.delete(f"{link}/block")).status == 204
    (await write(li, link)).problem(409, "conversation-closed")
    assert (await sun.delete(f"{link}/block")).status == 204
    (await write(li, link)).created()


async def test_a_block_holds_against_a_message_of_the_same_moment(offices: Town, database: str) -> None:
    li, sun, _, link = await begun(offices)
    answers = await asyncio.gather(li.call("PUT", f"{link}/block"), *(write(sun, link) for _ in range(6)))
    assert {one.status for one in answers[1:]} <= {201, 409}
    written = sum(one.status == 201 for one in answers[1:])
    assert await ConversationMessage.all().count() == 1 + written
    (await write(sun, link)).problem(409, "conversation-closed")


async def test_staff_read_what_was_reported_and_nothing_else(offices: Town) -> None:
    li, sun, _, link = await begun(offices)
    qian = offices.door.citizen("qian")
    other = (await begin(qian, (await sun.get(link)).ok()["posting"]["id"])).created()["links"]["self"]
    moderator, works = offices.moderator(), offices.moderator("zhao", "works")
    desk = offices.moderator("zhou", unit="/other")
    assert (await moderator.get("/v1/reported-conversations")).ok()["items"] == []
    (await li.post(f"{link}/reports", {"reason": "\x07"})).problem(422, "invalid-fields")
    shown = (await li.post(f"{link}/reports", {"reason": "他要钱"}, key="r")).created()
    assert (await li.post(f"{link}/reports", {"reason": "他要钱"}, key="r")).created() == shown
    assert shown["report"]["is_reviewed"] is False
    (await li.post(f"{link}/reports", {"reason": "再说一次"})).problem(409, "already-reported")
    assert (await sun.get(link)).ok()["report"] is None
    listed = (await moderator.get("/v1/reported-conversations")).ok()["items"]
    assert [(one["links"]["self"], one["report"]["reason"]) for one in listed] == [(link, "他要钱")]
    assert await texts(moderator, link) == [("writer", "我捡到一个包")]
    (await moderator.get(other)).problem(404, "not-found")
    for stranger in (
        works,
        desk,
        offices.door.staff("p", "parks:clerk"),
        offices.door.staff("li", "parks:reviewer"),
    ):
        (await stranger.get(link)).problem(404, "not-found")
        (await stranger.post(f"{link}/reviews", {"outcome": "close", "reason": "x"})).problem(404, "not-found")
    for stranger in (works, desk):
        assert (await stranger.get("/v1/reported-conversations")).ok()["items"] == []
    (await moderator.post(f"{link}/messages", {"text": "x"})).problem(403, "forbidden")
    assert (await moderator.call("PUT", f"{link}/block")).status == 403


async def test_a_review_closes_a_conversation_for_good_or_leaves_it_open_and_says_why(offices: Town) -> None:
    li, sun, _, link = await begun(offices)
    moderator = offices.moderator()
    (await li.post(f"{link}/reports", {"reason": "不礼貌"})).created()
    (await moderator.post(f"{link}/reviews", {"outcome": "burn", "reason": "x"})).problem(422, "invalid-fields")
    (await moderator.post(f"{link}/reviews", {"outcome": "keep"})).problem(422, "invalid-fields")
    kept = {"outcome": "keep", "reason": "内容正常"}
    (await moderator.post(f"{link}/reviews", kept, key="v")).created()
    (await moderator.post(f"{link}/reviews", kept, key="v")).created()
    (await moderator.post(f"{link}/reviews", kept)).problem(409, "not-reported")
    assert (await moderator.get("/v1/reported-conversations")).ok()["items"] == []
    assert "内容正常" in (await offices.inbox(li))[-1]["body"]
    assert not [one for one in await offices.told(sun) if "report" in one]
    (await write(sun, link)).created()
    (await sun.post(f"{link}/reports", {"reason": "要我转账"})).created()
    closing = {"outcome": "close", "reason": "涉嫌诈骗"}
    both = await asyncio.gather(*(moderator.post(f"{link}/reviews", closing) for _ in range(3)))
    assert sorted(one.status for one in both) == [201, 409, 409]
    for person in (li, sun):
        assert sum("涉嫌诈骗" in one["body"] for one in await offices.inbox(person)) == 1
        (await write(person, link)).problem(409, "conversation-closed")
        assert (await person.delete(f"{link}/block")).status == 204
        (await write(person, link)).problem(409, "conversation-closed")
        (await person.post(f"{link}/reports", {"reason": "x"})).problem(409, "already-reported")


async def test_neither_side_learns_that_the_other_reported_them_and_both_reasons_are_read(
    offices: Town, database: str
) -> None:
    li, sun, _, link = await begun(offices)
    (await li.post(f"{link}/reports", {"reason": "不礼貌"})).created()
    assert (await sun.get(link)).ok()["report"] is None
    mine = (await sun.post(f"{link}/reports", {"reason": "要我转账"}, key="r")).created()
    assert (mine["report"]["by"], mine["report"]["reason"], mine["other_report"]) == ("writer", "要我转账", None)
    (await sun.post(f"{link}/reports", {"reason": "要我转账"}, key="r")).created()
    for person in (li, sun):
        again = await person.post(f"{link}/reports", {"reason": "再次"}, headers=ENGLISH)
        told = again.problem(409, "already-reported")
        assert told["detail"].startswith("You have reported")
    seen = (await li.get(link)).ok()
    assert (seen["report"]["reason"], seen["other_report"]) == ("不礼貌", None)
    moderator = offices.moderator()
    read = (await moderator.get(link)).ok()
    assert (read["report"]["reason"], read["other_report"]["reason"]) == ("不礼貌", "要我转账")
    (await moderator.post(f"{link}/reviews", {"outcome": "keep", "reason": "内容正常"})).created()
    for person in (li, sun):
        assert sum("内容正常" in one["body"] for one in await offices.inbox(person)) == 1
    # A new one is one alone.
    (await sun.post(f"{link}/reports", {"reason": "又来了"})).created()
    read = (await moderator.get(link)).ok()
    assert (read["report"]["reason"], read["report"]["by"], read["other_report"]) == ("又来了", "writer", None)


async def test_both_report_at_once_and_neither_reason_is_lost(offices: Town, database: str) -> None:
    li, sun, _, link = await begun(offices)
    replies = await asyncio.gather(*(one.post(f"{link}/reports", {"reason": "x"}) for one in (li, sun, li, sun)))
    assert [sorted(reply.status for reply in replies[side::2]) for side in (0, 1)] == [[201, 409]] * 2
    assert {reply.problem(409, "already-reported")["status"] for reply in replies if reply.status == 409} == {409}
    read = (await offices.moderator().get(link)).ok()
    assert {read["report"]["by"], read["other_report"]["by"]} == {"poster", "writer"}


async def test_staff_who_are_one_of_the_two_find_no_report_of_it_in_their_list(offices: Town) -> None:
    li, _, _, link = await begun(offices)
    (await li.post(f"{link}/reports", {"reason": "不礼貌"})).created()
    for name, count in (("sun", 0), ("li", 0), ("wang", 1)):
        moderator = offices.moderator(name)
        assert len((await moderator.get("/v1/reported-conversations")).ok()["items"]) == count
        assert (await moderator.get(link)).status == (200 if count else 404)


async def test_a_conversation_closes_with_its_posting_and_is_forgotten_a_month_later(
    offices: Town, database: str
) -> None:
    li, sun, posting, link = await begun(offices)
    qian, open_one = offices.door.citizen("qian"), await offices.published(li)
    reported = (await begin(qian, posting)).created()["links"]["self"]
    kept = (await begin(qian, open_one)).created()["links"]["self"]
    (await qian.post(f"{reported}/reports", {"reason": "x"})).created()
    (await offices.act(li, f"/v1/cases/{posting}", "resolve")).ok()
    (await write(sun, link)).problem(409, "posting-over")
    (await begin(sun, posting)).problem(404, "not-found")
    assert (await sun.get(link)).ok()["is_open"] is False
    assert "posting" not in (await sun.get(link)).ok()["links"]
    offices.later(days=29)
    await scheduler.forget_conversations(offices.door.platform)
    assert len(await texts(sun, link)) == 1
    offices.later(days=2)
    await scheduler.forget_conversations(offices.door.platform)
    (await sun.get(link)).problem(404, "not-found")
    assert {f"/v1/conversations/{one.id}" for one in await Conversation.all()} == {reported, kept}
    assert await ConversationMessage.all().count() == 2
    (await offices.moderator().post(f"{reported}/reviews", {"outcome": "keep", "reason": "x"})).created()
    await scheduler.forget_conversations(offices.door.platform)
    assert await Conversation.all().count() == 2
    offices.later(days=31)
    await scheduler.forget_conversations(offices.door.platform)
    assert {f"/v1/conversations/{one.id}" for one in await Conversation.all()} == {kept}


async def test_nobody_writes_more_than_so_often_however_many_they_send_at_once(offices: Town, database: str) -> None:
    li, sun, posting, link = await begun(offices)
    answers = await asyncio.gather(*(write(sun, link, f"{number}") for number in range(MAX_MESSAGES_PER_HOUR + 6)))
    assert Counter(one.status for one in answers) == {201: MAX_MESSAGES_PER_HOUR - 1, 429: 7}
    refused = next(one for one in answers if one.status == 429)
    refused.problem(429, "too-many-requests")
    assert refused.headers["Retry-After"] == "3600"
    (await write(li, link)).created()
    offices.later(hours=1)
    (await write(sun, link)).created()
    qian = offices.door.citizen("qian")
    begins = [await begin(qian, await offices.published(li)) for _ in range(MAX_CONVERSATIONS_PER_DAY + 1)]
    assert [one.status for one in begins] == [201] * MAX_CONVERSATIONS_PER_DAY + [429]
    assert int(begins[-1].headers["Retry-After"]) == 11 * 3600 + 1
    offices.later(hours=11)
    (await begin(qian, posting)).created()


async def test_lists_are_read_page_by_page_and_a_garbled_cursor_is_told(offices: Town) -> None:
    li, sun, posting, link = await begun(offices)
    for number in range(5):
        (await write(sun, link, f"{number}")).created()
    read = await pages(li, f"{link}/messages?limit=2")
    assert [one["text"] for one in read] == ["4", "3", "2", "1", "0", "我捡到一个包"]
    second = await offices.published(li)
    offices.later(minutes=1)
    later = (await begin(sun, second)).created()["id"]
    newest, older = await pages(li, "/v1/conversations?limit=1")
    assert (newest["id"], older["links"]["self"]) == (later, link)
    only = (await li.get(f"/v1/conversations?posting={posting}")).ok()["items"]
    assert [one["links"]["self"] for one in only] == [link]
    edge = "OTk5OS0xMi0zMVQyMzo1OTo1OS0xNDowMC8wMTg5MDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA"
    cursors = [f"cursor={wrong}" for wrong in ("x", "////", "MjAyNi0wOS0wMVQwMDowMDowMC94", edge)]
    asked = [f"{path}?{one}" for path in ("/v1/conversations", f"{link}/messages") for one in cursors]
    assert await understood(li, [*asked, "/v1/conversations?posting=x"]) == {}
    assert await understood(offices.moderator(), [f"/v1/reported-conversations?{one}" for one in cursors]) == {}
