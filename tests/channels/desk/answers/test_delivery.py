"""The officer is told the truth: what became of an answer, and how far they can write; only what was taken is one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from banshi import Update, Write
from conversations import CONVERSATIONS, Joined, Left
from conversations.outbound import courier
from conversations.outbound.saying import HELD
from conversations.tables.models import ChannelConversation, Said
from desk import DESK
from desk.rounds import UNSENT, go_round
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.desk.answers.city import Account, City, city
from tests.channels.desk.bureau import DESKS, EACH_DATABASE, ENQUIRIES, SERVING, given, officer, waiting
from tests.channels.desk.ear import listening
from tests.channels.provider import LOST
from tests.waiting import until


async def test_each_answer_has_its_state_and_the_stream_tells_it_with_the_reason(one: City) -> None:
    async with listening(one.door, one.li) as ear:
        place = await one.held()
        taken = await one.answers(place, "first", "accepted")
        assert (taken["why"], (await ear.heard("accepted"))["message"]) == ("", taken["id"])
        await one.door.platform[CONVERSATIONS].delivered(Account.name, "m1", arrived=True)
        assert (await ear.heard("delivered"))["message"] == taken["id"]
        one.provider.codes.append(43004)
        refused = await one.answers(place, "second", "refused")
        assert refused["why"] == "They follow us no more."
        told = await ear.heard("refused")
        assert (told["message"], told["why"]["zh-CN"]) == (refused["id"], "对方已取消关注。")
        one.provider.codes.append(LOST)
        unknown = await one.answers(place, "third", "unknown")
        assert (await ear.heard("unknown"))["message"] == unknown["id"]
        assert "first" not in str([data for _, name, data in ear.events if name != "answered"])


@EACH_DATABASE
async def test_an_answer_that_an_operator_gives_up_is_told_as_such_once_nothing_is_held(one: City) -> None:
    async with listening(one.door, one.li) as ear:
        place, store = await one.held(), one.door.platform.store
        held = "INSERT INTO banshi_hold (name, since, reason) VALUES ('outbox', 0, 'restored')"
        await store.connection.execute_query(held)
        said = (await one.li.post(f"{place}/answers", {"text": "never said"})).created()["said"]
        moment = int(one.door.platform.now().timestamp() * 1000) + 1
        assert [await HELD.drop(store, "messages", moment) for _ in range(2)] == [1, 0]
        assert await HELD.waiting(store) == {"messages": 0}
        await store.connection.execute_query("DELETE FROM banshi_hold")
        told = await ear.heard("refused")
        assert (told["message"], told["why"]["en"]) == (said, "All that waited was given up by an operator.")
        row = await Said.get(id=said)
        assert (row.state, row.code, bool(row.settled_at)) == ("refused", "given-up", True)
        await one.answers(place, "said", "accepted")
        assert [text.endswith("said") for text in one.provider.texts] == [True]


async def test_an_answer_of_which_nobody_knows_is_told_in_the_write_that_notes_it(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LEASE_S", 0.3)
    async with city(tmp_path, database) as one, listening(one.door, one.li) as ear:
        place, (mine, _) = await one.held(), one.door.platform[courier.COURIERS]
        tries, became = list[str](), courier.became

        async def dead(*_: Any) -> None:
            await asyncio.Event().wait()

        async def away(platform: Any, said: Said, changed: Any) -> Any:
            if changed.get("state") == "unknown":
                tries.append((await Said.get(id=said.id)).state)
                if len(tries) == 1:
                    raise ConnectionError
            return await became(platform, said, changed)

        monkeypatch.setattr(mine, "_record", dead)
        monkeypatch.setattr(courier, "became", away)
        said = (await one.li.post(f"{place}/answers", {"text": "perhaps"})).created()["said"]
        assert (await ear.heard("unknown"))["message"] == said
        assert tries == ["waiting", "waiting"]
        for task in list(mine._under_way):
            task.cancel()


async def test_only_what_was_taken_is_an_answer_and_who_was_not_reached_still_waits(one: City) -> None:
    place = await one.held()
    one.provider.codes.append(43004)
    await one.answers(place, "refused", "refused")
    lost = (await one.li.get(place)).ok()
    assert lost["answered_at"] is None
    assert lost["owed_since"] is not None
    await one.answers(place, "taken", "accepted")
    own = (await one.li.get(place)).ok()
    assert own["answered_at"] is not None
    assert own["owed_since"] is None
    lead = officer(one.door, "sun", "petitions:desk-lead")
    (figures,) = (await lead.get("/v1/desk/figures")).ok()["items"]
    assert (figures["asked"], figures["answered"], figures["in_time"]) == (1, 1, 1)


async def test_the_head_says_how_many_reach_them_and_the_sixth_waits_for_their_word(one: City) -> None:
    place = await one.held()
    head = (await one.li.get(place)).ok()
    assert head["sends_left"] == 5
    assert head["reachable_until"].startswith("2026-11-27T")
    for number in range(5):
        await one.answers(place, f"answer {number}", "accepted")
    assert (await one.li.get(place)).ok()["sends_left"] == 0
    (listed,) = (await one.li.get(f"{ENQUIRIES}?state=held")).ok()["items"]
    assert listed["sends_left"] == 0
    shut = await one.answers(place, "the sixth", "shut")
    assert (await one.li.get(place)).ok()["owed_since"] is not None
    assert "the sixth" in await one.sends("hello?")
    own = (await one.li.get(place)).ok()
    assert [two["state"] for two in own["messages"] if two["id"] == shut["id"]] == ["late"]
    assert (own["sends_left"], own["owed_since"] is not None) == (5, True)


@given(silence_minutes=30)
async def test_an_answer_that_waits_for_their_word_is_no_silence_of_the_officer_s(one: City) -> None:
    """It isn't given back to the queue as unanswered; it is closed as after any answer."""
    place = await one.held()
    for number in range(5):
        await one.answers(place, f"answer {number}", "accepted")
    await one.answers(place, "the sixth", "shut")
    one.clock.on(minutes=31)
    await go_round(one.door.platform)
    assert (await one.li.get(place)).ok()["state"] == "closed"
    assert "the sixth" in await one.sends("hello?")
    assert await DeskEvent.filter(what="lapsed").count() == 0


@EACH_DATABASE
@given(duty=SERVING, silence_minutes=30)
async def test_an_answer_that_has_not_left_yet_closes_nothing_for_silence(one: City) -> None:
    """What goes out is held, or its sender is down; what never leaves is waited for no longer than two days."""
    places = [await one.held()]
    await one.sends("person", "o-wang")
    await one.sends("1", "o-wang")
    places.append(f"{ENQUIRIES}/{(await waiting(one.li))[0]['id']}")
    (await one.li.post(f"{places[1]}/claim")).ok()
    for place in places:
        (await one.li.post(f"{place}/answers", {"text": "Good day."})).created()
    for minutes in (31, 6):
        one.clock.on(minutes=minutes)
        await go_round(one.door.platform)
        assert await Enquiry.filter(state="held", closed_at=None).count() == 2
    said, platform = await Said.filter(by="officer").order_by("id").first(), one.door.platform
    assert said is not None
    told = await platform[DESK].became("conversation", said.conversation_id, said.id, said.at, "accepted")
    updates = [two for two in told if isinstance(two, Update)]
    await platform.store.commit(Write(updates, [two for two in told if not isinstance(two, Update)]))
    one.clock.on(minutes=6)
    await go_round(platform)
    states = [(await one.li.get(place)).ok()["state"] for place in places]
    assert states == ["closed", "held"]
    one.clock.at += UNSENT
    await go_round(platform)
    assert await Enquiry.filter(state="closed").count() == 2


@given(desks=DESKS[:1])
async def test_who_comes_by_a_click_is_asked_for_one_word_before_anybody_is_rung(one: City) -> None:
    await one.sends(Joined())
    for _ in range(3):
        assert "write one word" in await one.clicks()
    assert await waiting(one.li) == []
    assert "number 1 in the queue" in await one.sends("my permit was lost")
    place = f"{ENQUIRIES}/{(await waiting(one.li))[0]['id']}"
    shown = (await one.li.post(f"{place}/claim")).ok()
    assert [two["content"] for two in shown["messages"]] == [{"text": "my permit was lost"}]
    assert (await one.answers(place, "Come in.", "accepted"))["state"] == "accepted"


@pytest.mark.parametrize("then", ["cancel", "left", "danger"])
@given(desks=DESKS[:1])
async def test_who_was_asked_for_one_word_may_leave_and_is_heard_in_danger(one: City, then: str) -> None:
    await one.sends(Joined())
    assert "write one word" in await one.clicks()
    if then == "cancel":
        assert "left the queue" in await one.sends("cancel")
    elif then == "left":
        await one.sends(Left())
    else:
        assert "110" in await one.sends("somebody is breaking in")
    rows = await Enquiry.all()
    assert [row.urgent for row in rows] == ([True] if then == "danger" else [])
    expected = {"cancel": "menu", "left": "gone", "danger": "waiting"}[then]
    assert (await ChannelConversation.get(contact="o-zhang")).state == expected
    assert await Said.all().count() == 0


@given(most_bytes=1000)
async def test_a_long_answer_of_which_all_parts_are_said_late_is_an_answer(one: City) -> None:
    place = await one.held()
    one.provider.codes.append(45015)
    await one.li.post(f"{place}/answers", {"text": "\n".join(["好" * 300] * 3)})

    async def is_shut() -> bool:
        return await Said.filter(by="officer", state="shut").count() == 3

    await until(is_shut)
    assert (await Enquiry.get()).answered_at is None
    assert (await one.sends("hello?")).count("好") == 900
    assert await DeskEvent.filter(what="late").count() == 3
    row = await Enquiry.get()
    assert row.answered_at is not None
    assert row.owed_since is not None


async def test_a_desk_that_has_handed_one_on_is_told_what_became_of_its_words_and_nothing_of_the_other_desk(
    one: City,
) -> None:
    place, zhou = await one.held(), officer(one.door, "zhou", "fire:desk")
    one.provider.codes.append(-1)
    async with listening(one.door, one.li) as ours, listening(one.door, zhou) as theirs:
        said = (await one.li.post(f"{place}/answers", {"text": "one moment"})).created()["said"]
        (await one.li.post(f"{place}/transfer", {"desk": "fire"})).ok()
        (await zhou.post(f"{place}/claim")).ok()
        told = [await ear.heard("accepted") for ear in (ours, theirs)]
        assert [two["message"] for two in told] == [said, said]
        assert [two["enquiry"]["officer"] for two in told] == [None, {"id": "zhou", "name": "zhou"}]
