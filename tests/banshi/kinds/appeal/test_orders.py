"""An appeal as an order to a unit: urged, sent back, given more time, by whoever may and when the days allow it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from banshi.foundation.time.working_days import MAINLAND
from banshi.kernel.tables.cases import CaseEvent
from banshi.kinds.appeal.models import AppealRecord
from banshi.testing import Person
from tests.town.parts import appeals
from tests.town.town import CITY, NOON, Town, open_town
from tests.tries import tries

#: Who may be there, by name: what they are.
STAFF = {
    "east": ("parks/east:reviewer",),
    "west": ("parks/west:reviewer",),
    "works": ("works:reviewer",),
    "lead": ("parks:lead",),
    "works-lead": ("works:lead",),
    "east-lead": ("parks/east:lead",),
    "both": ("parks/east:reviewer", "parks:lead"),
}
#: Of which units' people are, who therefore don't oversee them.
UNITS = {"east-lead": ("parks", "east"), "both": ("parks", "east")}
ACTIONS = ("urge", "assign", "forward", "send-back", "dispute", "place", "ask-extension", "extend", "refuse-extension")
PLACES = (("parks", "east"), ("parks", "west"), ("works", "east"), ("works", "west"))

WALK = st.lists(
    st.tuples(
        st.sampled_from(["li", *STAFF]),
        st.sampled_from(ACTIONS),
        st.integers(0, 30),
        st.sampled_from(PLACES),
        st.integers(1, 5),
    ),
    min_size=5,
    max_size=25,
)

EAST, WEST = PLACES[:2]
#: Through all that may happen: urged and given more time; and sent back, sent on, disputed and placed by a lead.
KNOWN_WALKS: tuple[list[tuple[str, str, int, tuple[str, str], int]], ...] = (
    [
        *(("li", "urge", 24, EAST, 1), ("east", "assign", 0, EAST, 1), ("east", "ask-extension", 0, EAST, 3)),
        ("lead", "extend", 0, EAST, 1),
    ],
    [
        *(("east", "forward", 0, WEST, 1), ("west", "send-back", 0, EAST, 1), ("east", "forward", 0, WEST, 1)),
        *(("west", "dispute", 0, EAST, 1), ("lead", "place", 0, EAST, 1), ("east", "assign", 0, EAST, 1)),
        *(("east", "ask-extension", 0, EAST, 3), ("lead", "refuse-extension", 0, EAST, 1)),
    ],
)


def people(offices: Town) -> dict[str, Person]:
    return {"li": offices.door.citizen("li"), **{name: offices.door.staff(name, *own) for name, own in STAFF.items()}}


class Order:
    """One appeal, and what has been done with it."""

    def __init__(self, offices: Town, link: str) -> None:
        self.offices, self.link, self.begun = offices, link, offices.now.date()
        self.place = ("parks", "east")
        self.due = MAINLAND.deadline(self.begun, 5).due_on
        self.urged: date | None = None
        self.done: Counter[str] = Counter()
        #: Where it came from, and when; None once its unit has taken it on.
        self.came: tuple[tuple[str, str], date] | None = None

    async def tried(self, who: str, person: Person, action: str, place: tuple[str, str], days: int) -> None:
        """What is offered is taken, and nothing else; and only what the rules allow is offered."""
        before = await person.get(self.link)
        shown = before.ok() if before.status == 200 else {"permitted_actions": []}
        offered = {one["action"] for one in shown["permitted_actions"]}
        details: dict[str, dict[str, Any]] = {
            "assign": {"category": "roads", **({"unit": place[1]} if place[0] == self.place[0] else {})},
            "forward": {"department": place[0], "unit": place[1]},
            "place": {"department": place[0], "unit": place[1]},
            "ask-extension": {"days": days},
        }
        if action == "forward" and place == self.place:
            return
        body = {"reason": "按规定"} | ({"details": details[action]} if action in details else {})
        answer = await person.post(f"{self.link}/actions/{action}", body)
        assert (answer.status == 200) == (action in offered), (who, action, answer.status, sorted(offered))
        if action in offered:
            self.judge(who, action, place, days)
            after = (await people(self.offices)["li"].get(self.link)).ok()
            assert (after["department"], after["unit"]) == self.place
            assert after["deadline"]["due_on"] == self.due.isoformat()
            assert after["details"]["urged"] == self.done["urge"]

    def judge(self, who: str, action: str, place: tuple[str, str], days: int) -> None:
        """What this step has to have found, and what it leaves."""
        today = self.offices.now.date()
        self.done[action] += 1
        if action in ("place", "extend", "refuse-extension"):
            assert "lead" in who or who == "both"
            assert UNITS.get(who) != self.place
        if action == "urge":
            assert who == "li" or "lead" in who or who == "both"
            assert MAINLAND.working_days(self.urged or self.begun, today) >= 1
            self.urged = today
        if action in ("send-back", "dispute"):
            assert self.came is not None
            assert self.came[0] != self.place
            assert today <= MAINLAND.deadline(self.came[1], 1).due_on
            assert self.done["send-back"] == 1
            assert not self.done["place"]
        if action == "forward":
            assert not self.done["place"]
        if action == "ask-extension":
            assert today <= self.due
            assert self.done[action] == 1
            self.asked = days
        if action == "extend":
            self.due = MAINLAND.deadline(self.begun, 5 + self.asked).due_on
        assert max(self.done[one] for one in ("send-back", "dispute", "place", "ask-extension")) <= 1
        self.goes(action, place, today)

    def goes(self, action: str, place: tuple[str, str], today: date) -> None:
        """Where it is now."""
        here = self.place
        if action in ("forward", "place") or (action == "assign" and place[0] == here[0]):
            self.place = place
        elif action == "send-back":
            assert self.came is not None
            self.place = self.came[0]
        if action in ("forward", "assign"):
            self.came = (here, today) if self.place != here else None
        elif action in ("send-back", "dispute", "place"):
            self.came = None


def test_what_is_offered_is_taken_and_nothing_else_whatever_people_do_with_an_order_and_when(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        offices = runner.run(stack.enter_async_context(open_town(tmp_path, appeals())))

        taken = Counter[str]()

        async def walked(steps: list[tuple[str, str, int, tuple[str, str], int]]) -> None:
            offices.now = NOON
            present = people(offices)
            order = Order(offices, await offices.asked(present["li"]))
            for who, action, hours, place, days in steps:
                offices.later(hours=hours)
                await order.tried(who, present[who], action, place, days)
            taken.update(+order.done)

        @settings(max_examples=tries(20, 60))
        @example(KNOWN_WALKS[0])
        @example(KNOWN_WALKS[1])
        @given(WALK)
        def walk(steps: list[tuple[str, str, int, tuple[str, str], int]]) -> None:
            runner.run(walked(steps))

        try:
            walk()
            assert taken.keys() == {*ACTIONS}, "each was taken at least once"
        finally:
            runner.run(stack.aclose())


async def test_of_a_thousand_urgings_and_of_two_leads_at_once_one_counts(offices: Town, database: str) -> None:
    there = people(offices)
    link = await offices.asked(there["li"])
    (await offices.act(there["li"], link, "urge")).problem(409, "conflict")
    offices.later(days=1)
    replies = await asyncio.gather(*(offices.act(there["li"], link, "urge") for _ in range(100)))
    assert Counter(one.status for one in replies) == {200: 1, 409: 99}
    assert (await AppealRecord.get()).urged == await CaseEvent.filter(action="urge").count() == 1
    (row,) = (await there["east"].get("/v1/worklist", headers={"Accept-Language": "en"})).ok()["items"]
    assert row["note"] == "Urged: 1"
    (await offices.act(there["east"], link, "assign", category="roads")).ok()
    (await offices.act(there["east"], link, "ask-extension", "要请示", days=6)).problem(422, "invalid-fields")
    (await offices.act(there["east"], link, "ask-extension", "要请示", days=5)).ok()
    leads = [there["lead"], offices.door.staff("second", "parks:lead")]
    waits = [one["links"]["self"] for one in (await leads[0].get("/v1/worklist")).ok()["items"]]
    assert waits == [link]
    decided = [
        offices.act(leads[0], link, "extend", "确需时间"),
        offices.act(leads[1], link, "refuse-extension", "不必"),
    ]
    assert Counter(one.status for one in await asyncio.gather(*decided)) == {200: 1, 409: 1}
    due = (await offices.shown(there["li"], link))["deadline"]["due_on"]
    is_longer = await CaseEvent.filter(action="extend").exists()
    assert due == ("2026-09-15" if is_longer else "2026-09-08")
    told = (await offices.inbox(there["li"]))[-1]
    assert ("确需时间" in told["body"] and "15 September 2026" in told["body"]) == is_longer
    (await offices.act(there["east"], link, "answer", text="明天修好。")).ok()
    assert (await offices.shown(there["li"], link))["details"]["answers"][0]["on_time"] is True
    offices.later(days=1)
    (await offices.act(there["li"], link, "urge")).problem(409, "action-not-permitted")


async def test_after_its_day_more_time_is_neither_offered_nor_taken(offices: Town, database: str) -> None:
    there = people(offices)
    link = await offices.asked(there["li"])
    (await offices.act(there["east"], link, "assign", category="roads")).ok()
    offices.now = datetime(2026, 9, 9, 0, 1, tzinfo=CITY)
    told = (await offices.act(there["east"], link, "ask-extension", "要请示", days=2)).problem(409, "conflict")
    assert "before the day of the answer is over" in told["detail"]
    offices.now -= timedelta(minutes=2)
    (await offices.act(there["east"], link, "ask-extension", "要请示", days=2)).ok()
