"""What is longer than a channel's message goes in parts: in order, each with its outcome, no letter cut or lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import CONVERSATIONS, Reply
from conversations.outbound.sender import Outlet, pieces
from conversations.tables.models import Said
from tests.channels.conversations.offices import claimed
from tests.channels.desk.answers.city import city
from tests.channels.desk.bureau import officer
from tests.channels.strangers.test_sms import bureau as by_sms
from tests.channels.wechat.desk.duty import seated
from tests.waiting import until

#: Each is one letter to people: a family, a flag, a hand with its colour, a heart, a key, England's flag, an accent.
LETTERS = [
    "👨\u200d👩\u200d👧\u200d👦",
    "🇨🇳",
    "👍🏽",
    "❤️",
    "1️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "e\u0301",
]
OFFICER_TEXT = 10_000


@given(st.lists(st.sampled_from([*LETTERS, "中", "a", "\n"]), max_size=200), st.integers(min_value=28, max_value=90))
def test_pieces_fit_and_nothing_is_lost_and_no_letter_is_cut(letters: list[str], most: int) -> None:
    text = "".join(letters)
    found = pieces(text, Outlet("any", most_bytes=most))
    assert all(len(one.encode()) <= most for one in found)
    assert "".join(found).replace("\n", "") == text.replace("\n", "")
    ends, at = {0}, 0
    for letter in letters:
        at += len(letter)
        ends.add(at)
    rest = 0
    for one in found:
        rest = text.index(one, rest)
        assert rest in ends
        rest += len(one)


@pytest.mark.parametrize(
    "text",
    ["e" + "\u0301" * 10_000, "\u200d" * 10_000, "🇨" * 3_333, "😀" * 2_500],
    ids=["marks", "joins", "flags", "faces"],
)
def test_what_is_hostile_ends_and_loses_nothing(text: str) -> None:
    for most in (1, 4, 2_048):
        found = pieces(text, Outlet("any", most_bytes=most))
        assert "".join(found) == text
        assert len(found) <= len(text)


async def states(text: str) -> list[tuple[str, str]]:
    """State and words of the messages that a text went as, in the order of the contact."""
    return [
        (one.state, str(one.words["text"]))
        for one in await Said.filter(by="officer").order_by("id")
        if text in str(one.words)
    ]


async def nothing_waits() -> bool:
    return not await Said.filter(by="officer", state="waiting").exists()


async def test_an_answer_counts_once_all_its_parts_were_taken_and_each_has_its_outcome(
    tmp_path: Path, database: str
) -> None:
    async with city(tmp_path, database, most_bytes=1_000) as one:
        place = await one.held()
        one.provider.codes.extend([0, -9])
        text = "\n".join(["好" * 300] * 3)
        (await one.li.post(f"{place}/answers", {"text": text})).created()
        (await one.li.post(f"{place}/answers", {"text": "afterwards"})).created()

        await until(nothing_waits)
        assert [state for state, _ in await states("好")] == ["accepted", "refused", "accepted"]
        shown = (await one.li.get(place)).ok()
        assert [two["state"] for two in shown["messages"] if two["by"] == "officer"] == [
            "accepted",
            "refused",
            "accepted",
            "accepted",
        ]
        assert [text[-10:] for text in one.provider.texts] == ["好" * 10, "好" * 10, "afterwards"]


async def test_a_part_that_was_not_taken_leaves_the_officer_owing_an_answer(tmp_path: Path) -> None:
    async with city(tmp_path, "", most_bytes=1_000) as one:
        place = await one.held()
        one.provider.codes.extend([0, -9])
        (await one.li.post(f"{place}/answers", {"text": "好" * 600})).created()
        await until(nothing_waits)
        lost = (await one.li.get(place)).ok()
        assert (lost["answered_at"], lost["owed_since"] is None) == (None, False)
        (await one.li.post(f"{place}/answers", {"text": "好" * 600})).created()
        await until(nothing_waits)
        whole = (await one.li.get(place)).ok()
        assert (whole["answered_at"] is None, whole["owed_since"]) == (False, None)


async def test_where_fewer_can_be_sent_it_is_refused_with_how_much_is_too_much(tmp_path: Path) -> None:
    async with city(tmp_path, "", most_bytes=1_000) as one:
        place, text = await one.held(), "好" * 333 * 6 + "😀" * 10
        refused = (await one.li.post(f"{place}/answers", {"text": text})).problem(409, "conflict")
        assert "5条" in refused["detail"]
        assert await Said.filter(by="officer").count() == 0
        shorter = text[: -refused["letters_over"]]
        (await one.li.post(f"{place}/answers", {"text": shorter + "好"})).problem(409, "conflict")
        (await one.li.post(f"{place}/answers", {"text": shorter})).created()
        # What isn't sent yet is counted by its parts.
        (await one.li.post(f"{place}/answers", {"text": "好" * 400})).created()
        await until(nothing_waits)
        assert (await states("好"))[-1] == ("shut", "Enquiries: " + "好" * 400)


async def test_ten_thousand_letters_reach_a_phone_of_wechat_in_five_messages_and_chinese_ones_are_too_many(
    tmp_path: Path,
) -> None:
    async with seated(tmp_path) as (door, _, phone):
        li = officer(door, "li")
        place = await claimed(li)
        before = len(phone.seen)
        (await li.post(f"{place}/answers", {"text": "好" * OFFICER_TEXT})).problem(409, "conflict")
        (await li.post(f"{place}/answers", {"text": "a" * (OFFICER_TEXT + 1)})).problem(422, "invalid-fields")
        (await li.post(f"{place}/answers", {"text": "a" * OFFICER_TEXT})).created()
        await until(nothing_waits)
        texts = [one.text for one in phone.seen[before:]]
        assert [len(one.encode()) for one in texts[:-1]] == [2_048] * 4
        assert "".join(texts).endswith("a" * OFFICER_TEXT)
        assert (await li.get(place)).ok()["answered_at"] is not None


async def test_by_sms_any_number_of_parts_goes_in_order(tmp_path: Path) -> None:
    async with by_sms(tmp_path) as (door, gateway):
        await gateway.writes("13800000000", "你好")
        conversation = await door.platform[CONVERSATIONS].find("sms:city", "13800000000")
        assert conversation is not None
        text = "".join(f"{number}👨\u200d👩\u200d👧\u200d👦" for number in range(400))
        await until(lambda: len(gateway.phones["13800000000"]))
        before = len(gateway.phones["13800000000"])
        await door.platform[CONVERSATIONS].say(conversation, Reply(text=text), by="officer")
        await until(nothing_waits)
        parts = gateway.phones["13800000000"][before:]
        assert "".join(parts) == text
        assert len(parts) == 6
