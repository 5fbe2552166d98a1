"""What is counted of conversations: each thing once, at the question where it happened, and nothing of anybody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi import Case
from banshi.sdk.http import MIN_SHOWN
from banshi.testing import Door
from conversations.figures import counting
from conversations.figures.channels import ChatFigures
from conversations.holdings import tidy
from conversations.outbound.answers import KIND
from conversations.outbound.sender import channel_of
from conversations.tables.models import ChannelConversation, Figure
from desk import Enquiry
from tests.channels.chatting import Chatter, Phone
from tests.channels.conversations.engine.turn.test_turns import before_the_end
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, officer
from tests.plugins import filling

PATH = "/v1/statistics/conversations"
ITEM = "suggest-police"
LEADS = "petitions:desk-lead"


async def counted() -> Counter[tuple[str, str, str | None]]:
    return Counter(await Figure.all().values_list("what", "item", "pointer"))


async def asked(door: Door, contact: str) -> Chatter:
    """Somebody who is known, and at the first question."""
    chatter = Chatter(door, "zh-CN", contact)
    await chatter.is_linked(contact, name="李示例", resident_id=filling.NUMBER)
    await chatter.begin((await door.anyone.get(f"/v1/items/{ITEM}")).ok()["title"])
    assert await chatter.state() == "asking"
    return chatter


async def first_pointer(door: Door) -> str:
    """Of the question that `asked` stands before."""
    await asked(door, "who-looks")
    from conversations.tables.models import ChannelConversation

    row = await ChannelConversation.get(contact="who-looks")
    pointer = row.memory["dialogues"][-1]["asked"]
    assert pointer.startswith("/answers/")
    await Figure.all().delete()
    return str(pointer)


async def test_who_stops_is_counted_at_the_question_whether_they_say_so_or_fall_silent(
    tmp_path: Path, database: str
) -> None:
    async with bureau(tmp_path, database) as door:
        clock = Clock(door, WORKDAY)
        pointer = await first_pointer(door)
        await (await asked(door, "first")).send("取消")
        assert (await counted())["left", ITEM, pointer] == 1
        await asked(door, "second")
        clock.on(days=8)
        await tidy(door.platform)
        await tidy(door.platform)
        # The one who looked, the one who fell silent, and the one who said so.
        assert await counted() == {("begun", ITEM, None): 2, ("left", ITEM, pointer): 3}


async def test_who_begins_anew_has_neither_left_nor_begun_another(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = await asked(door, "first")
        await chatter.send("重来")
        assert await counted() == {("begun", ITEM, None): 1}


async def test_a_call_for_a_person_is_counted_where_it_comes(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        pointer = await first_pointer(door)
        await (await asked(door, "first")).send("人工")
        await Chatter(door, "zh-CN", "second").send("人工")
        found = await counted()
        assert (found["person", ITEM, pointer], found["person", "", None]) == (1, 1)
        assert not any(what == "left" for what, _, _ in found), "the item waits for them"


async def test_a_contact_that_is_bound_by_digits_is_counted(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await chatter.send("0")
        code = (await door.citizen("li").post("/v1/conversations/codes")).created()
        await chatter.is_theirs(code["digits"])
        await chatter.send(code["digits"])
        assert await counted() == {("linked", "", None): 1}


async def test_a_figure_has_no_column_that_leads_to_anybody(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = await asked(door, "contact-1234")
        await chatter.send("路灯坏了三个星期")
        await chatter.send("取消")
        rows = await Figure.all().values()
        assert rows
        assert {name for row in rows for name in row} == {"id", "day", "account", "item", "what", "pointer"}
        assert not any(word in str(rows) for word in ("contact-1234", "路灯", "李示例"))
        assert {row["id"].version for row in rows} == {4}, "an id that says when would lead to the message"


def test_which_entry_of_a_list_it_was_is_not_counted_and_no_pointer_is_too_long() -> None:
    class Today:
        def today(self) -> Any:
            return WORKDAY.date()

    row = counting.figure(Today(), "a", "left", ITEM, "/answers/people/12/phones/0")  # type: ignore[arg-type]
    assert row.pointer == "/answers/people/-/phones/-"
    long = counting.figure(Today(), "a", "left", ITEM, "/answers/" + "x" * 1_000)  # type: ignore[arg-type]
    assert len(long.pointer or "") == counting.MAX_POINTER_CHARS


async def table(door: Door, *roles: str, **query: str) -> dict[str, Any]:
    return dict((await officer(door, "chen", *roles).get(PATH, params=query)).ok())


async def write(door: Door, many: int, what: counting.What, item: str = ITEM, pointer: str | None = None) -> None:
    rows = [counting.figure(door.platform, Phone.name, what, item, pointer) for _ in range(many)]
    await Figure.bulk_create(rows)


async def test_leads_see_the_figures_of_their_own_items_and_nothing_that_comes_from_few(
    tmp_path: Path, database: str
) -> None:
    async with bureau(tmp_path, database) as door:
        await write(door, 9, "begun")
        await write(door, MIN_SHOWN, "left", pointer="/answers/text")
        await write(door, MIN_SHOWN - 1, "filed")
        await write(door, MIN_SHOWN - 1, "person", pointer="/answers/place")
        await write(door, MIN_SHOWN - 1, "begun", "consult-police")
        await write(door, 6, "linked", "")
        chatter = Chatter(door, "zh-CN")
        for _ in range(7):
            await chatter.send("0")
        found = await table(door, LEADS)
        assert found["accounts"] == [{"account": Phone.name, "turns": 7, "linked": 6, "unlinked": 0, "person": 0}]
        (line,) = found["items"]
        assert line["item"]["code"] == ITEM
        assert {what: line[what] for what in ("begun", "filed", "elsewhere", "left", "person")} == {
            "begun": 9,
            "filed": None,
            "elsewhere": 0,
            "left": 5,
            "person": None,
        }
        assert line["fields"] == [{"pointer": "/answers/text", "left": 5, "person": 0}]
        assert (await table(door, "fire:desk-lead"))["items"] == []
        for roles in ("petitions:desk", "petitions:reviewer"):
            nothing = await table(door, roles)
            assert (nothing["items"], nothing["accounts"]) == ([], [])


async def test_the_statistics_of_all_channels_have_what_came_by_chat(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        await chatter.send("1")
        channel = channel_of(Phone.name)
        assert [case.channel for case in await Case.all()] == [channel]
        for number, seconds in enumerate((180, 181, None)):
            await Chatter(door, "zh-CN", f"contact-{number}").send("0")
            contact = await ChannelConversation.get(contact=f"contact-{number}")
            answered = WORKDAY + timedelta(seconds=seconds) if seconds else None
            asked = {"kind": KIND, "subject": contact.id, "desk": "reception", "state": "held", "asked_at": WORKDAY}
            await Enquiry.create(**asked, answered_at=answered, rating=seconds and 4)
        begins = WORKDAY - timedelta(days=1)
        came = await ChatFigures().came(door.platform, begins, begins + timedelta(days=2))
        sums: Counter[tuple[str, str, str]] = Counter()
        for one in came:
            for name in ("received", "answered", "in_time", "rated", "stars"):
                sums[one.channel, one.what, name] += getattr(one, name)
        told = {"received": 3, "answered": 2, "in_time": 1, "rated": 2, "stars": 8}
        assert +sums == Counter(
            {(channel, "conversations", "received"): 4} | {(channel, "enquiries", name): n for name, n in told.items()}
        )
        assert not [*await ChatFigures().came(door.platform, begins - timedelta(days=2), begins)]


async def test_few_messages_are_not_shown(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        await Chatter(door, "zh-CN").send("0")
        assert (await table(door, LEADS))["accounts"] == []


async def test_months_are_whole_ones(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        await write(door, 5, "begun")
        await Figure.all().update(day=WORKDAY.date().replace(month=10, day=31))
        await write(door, 6, "begun")
        for months, begun in (({"to": "2026-10", "from": "2026-10"}, 5), ({"from": "2026-11"}, 6), ({}, 11)):
            assert [one["begun"] for one in (await table(door, LEADS, **months))["items"]] == [begun]
        assert (await table(door, LEADS, **{"from": "2026-12", "to": "2026-12"}))["items"] == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with bureau(tmp_path_factory.mktemp("bureau")) as door:
        yield door


@pytest.mark.parametrize(
    "query",
    [
        "from=2026",
        "from=2026-13",
        "to=1999-12",
        "from=2026-10-01",
        "from=2026-10&to=2026-09",
        "from=2024-01&to=2026-01",
        "to=2026-10%27%20OR%201=1",
        "from=%EF%BC%92026-10",
        "item=suggest-police",
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_hostile_parameters_are_refused(shared: Door, query: str) -> None:
    (await officer(shared, "chen", LEADS).get(f"{PATH}?{query}")).problem(400, "invalid-parameter")


async def test_nobody_but_staff_sees_them(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        assert (await door.anyone.get(PATH)).status == 401
        assert (await door.citizen("li").get(PATH)).status == 403


async def test_prometheus_counts_what_was_written_and_no_repeat(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        before = sample(door, "banshi_conversations_turns_total", account=Phone.name)
        for _ in range(2):
            await chatter.send("1", key="the-last")
        assert sample(door, "banshi_conversations_turns_total", account=Phone.name) == before + 1
        about = {"account": Phone.name, "item": ITEM}
        for what in ("begun", "filed"):
            assert sample(door, "banshi_conversations_happened_total", **about, what=what) == 1


def sample(door: Door, name: str, **labels: str) -> float:
    return door.platform.metrics.get_sample_value(name, labels) or 0.0


async def test_figures_go_when_nobody_can_ask_for_them_any_more(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        clock = Clock(door, WORKDAY)
        await write(door, 5, "begun")
        clock.on(days=700)
        await tidy(door.platform)
        assert await Figure.all().count() == 5
        clock.on(days=80)
        await tidy(door.platform)
        assert not await Figure.all().exists()
