"""The life of a case: the state table, who may do what, the clock, the worklist, and departments that fail."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from banshi import default_plugins
from banshi.builtin.passes.keys import KEYRING
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import ActionNotPermitted, NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.representations import case_document
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Decision
from banshi.kernel.http.callers import parse_role
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, Person, open_door
from tests.places import TRAFFIC
from tests.town.departments import PASS, both, claim, department, item, write
from tests.tries import tries

SHANGHAI = ZoneInfo("Asia/Shanghai")

together = pytest.mark.asyncio(loop_scope="module")

# -- a department made for these tests -----------------------------------------------------------------------------


UNITS = {"green": both("绿化科", "Green Unit"), "blue": both("水景科", "Blue Unit")}

CODE = '''
"""Does what its `ways` say: a handler that fails in every way, and two channels that record what they are given."""

import asyncio
import sys
from pathlib import Path

from banshi import Application, Channel, Conflict, Decision, FieldProblem, hookimpl

GOOD = {
    "validate": lambda: (),
    "review": lambda: Decision(action="accept"),
    "claims": lambda: {"what": "bench"},
}


class Odd(Application):
    def __init__(self):
        self.ways = {}
        self.asked = []
        self.go = None

    async def validate(self, submission):
        return await self.answer("validate", submission)

    async def review(self, submission):
        return await self.answer("review", submission)

    async def claims(self, submission):
        return await self.answer("claims", submission)

    async def answer(self, question, submission):
        self.asked.append((question, submission.number))
        match self.ways.get(question, "good"):
            case "good":
                return GOOD[question]()
            case "raise":
                raise RuntimeError("geheim: " + submission.person)
            case "exit":
                sys.exit(3)
            case "interrupt":
                raise KeyboardInterrupt
            case "cancel":
                raise asyncio.CancelledError
            case "hang":
                await asyncio.sleep(3600)
            case "swallow":
                # As `while True: try … except: …` does; only that the test has to end some day.
                for _ in range(20):
                    try:
                        await asyncio.sleep(0.1)
                    except BaseException:
                        continue
            case "timeout":
                raise TimeoutError("the register does not answer")
            case "wait":
                await self.go.wait()
                return GOOD[question]()
            case "none":
                return None
            case "wrong":
                return ["not what was asked for"]
            case "float":
                return {"what": 0.5}
            case "problem":
                raise Conflict("The park is closed on that day.")
            case "field":
                return [FieldProblem("/what", "No benches left.", "sold-out")]
            case action:
                return Decision(action=action, reason={"zh-CN": "自动", "en": "By itself."})


BENCH, HALL, POND = Odd(), Odd(), Odd()


@hookimpl
def banshi_handlers():
    return {"bench": BENCH, "hall": HALL, "pond": POND}


async def deliver(platform, messages):
    pass


@hookimpl
def banshi_channels():
    return [Channel(name="app", deliver=deliver), Channel(name="sms", deliver=deliver)]
'''


def write_parks(folder: Path) -> Path:
    items = department(units=UNITS)
    for code, unit, days, two in (("bench", "green", 3, False), ("hall", "green", 5, True), ("pond", "blue", 1, False)):
        items += item(
            *(code, code, code),
            unit=unit,
            promised_days=days,
            result=PASS,
            application={"second_person": two, "renewal": {"opens_days_before": 15, "closes_days_after": 7}},
            credential={"valid_until": "/until", "longest_days": 60, "claims": [claim("what", "什么", "What")]},
            fields={"what": {"type": "string", "maxLength": 50}, "until": {"type": "string", "format": "date"}},
            required=["what"],
        )
    return write(folder, items, CODE)


@dataclass(frozen=True)
class World:
    """A platform with the parks and the traffic police."""

    door: Door

    def handler(self, code: str) -> Any:
        """The handler of one of the parks' items, behaving well."""
        found = self.door.platform.registry.items[code].handler
        found.ways.clear()
        found.asked.clear()
        return found

    async def submitted(self, person: Person, code: str = "bench", **answers: Any) -> dict[str, Any]:
        body = {"answers": {"what": "x", **answers}}
        case: dict[str, Any] = (await person.post(f"/v1/items/{code}/cases", body)).created()
        return case

    async def accepted(self, person: Person, code: str = "bench", **answers: Any) -> dict[str, Any]:
        case = await self.submitted(person, code, **answers)
        return await self.reaches(person, case, "accepted")

    async def reaches(self, person: Person, case: Mapping[str, Any], state: str) -> dict[str, Any]:
        """The case once it is in that state."""
        deadline = time.monotonic() + 20
        while True:
            seen: dict[str, Any] = (await person.get(f"/v1/cases/{case['id']}")).ok()
            if seen["state"] == state:
                return seen
            assert time.monotonic() < deadline, f"still {seen['state']}"
            await asyncio.sleep(0.01)

    def at(self, moment: datetime | None) -> None:
        """Turn the platform's clock to a moment, or back to the real time."""
        self.door.platform.now = (lambda: moment) if moment else (lambda: datetime.now(UTC))

    async def count(self, table: str, **where: Any) -> int:
        condition = " AND ".join(f"{name} = ?" for name in where) or "1 = 1"
        sql = f"SELECT COUNT(*) AS n FROM {table} WHERE {condition}"  # noqa: S608
        rows = await self.door.platform.store.connection.execute_query_dict(sql, list(where.values()))
        return int(rows[0]["n"])

    @property
    def chief(self) -> Person:
        return self.door.staff("chief", "parks:reviewer", "parks:approver")


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that happens outside of any request; half a minute at most."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.01)


QUICK = {"handler_timeout": 0.25, "breaker_failures": 3, "breaker_pause": 0.3}


@asynccontextmanager
async def opened(folder: Path, **platform: Any) -> AsyncIterator[World]:
    plugins: dict[str, Path | str] = {"parks": write_parks(folder), "traffic": TRAFFIC}
    database = f"sqlite://{folder / 'banshi.sqlite3'}?synchronous=OFF&busy_timeout=5000"
    async with open_door(folder, plugins, platform={**QUICK, "database": database, **platform}) as door:
        # These tests turn the clock back: the key that signs passes has to be older than that.
        await door.platform.store.connection.execute_query("UPDATE banshi_signing_key SET signs_from = '2020-01-01'")
        door.platform[KEYRING].forget()
        yield World(door)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One platform for the tests that get along with each other."""
    async with opened(tmp_path_factory.mktemp("cases")) as one:
        yield one


@pytest.fixture
def clock(world: World) -> Iterator[World]:
    """The world, whose clock goes right again after the test."""
    yield world
    world.at(None)


@pytest.fixture
async def own_world(tmp_path: Path) -> AsyncIterator[World]:
    """A platform of the test's own, for those that break it."""
    async with opened(tmp_path) as one:
        yield one


# -- the state table, held against a model by hypothesis -------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of the state table as the documentation promises it, written down a second time."""

    state: str
    action: str
    who: str
    to: str
    clock: str = "keep"
    tells: bool = True
    reason: bool = False
    work: bool = True


# fmt: off
COMMON = (
    Row("submitted", "accept", "reviewer system", "accepted", "run"),
    Row("submitted", "return", "reviewer system", "returned", "stop", reason=True),
    Row("submitted", "refuse", "approver system", "refused", "stop", reason=True),
    Row("submitted", "withdraw", "citizen", "withdrawn", "stop", tells=False),
    Row("accepted", "refuse", "approver system", "refused", "stop", reason=True),
    Row("accepted", "return", "reviewer system", "returned", "stop", reason=True),
    Row("accepted", "suspend", "reviewer", "suspended", "stop", reason=True),
    Row("accepted", "withdraw", "citizen", "withdrawn", "stop", tells=False),
    Row("returned", "supplement", "citizen", "submitted", "run", tells=False),
    Row("returned", "withdraw", "citizen", "withdrawn", "stop", tells=False),
    Row("suspended", "resume", "reviewer", "accepted", "run"),
    Row("suspended", "withdraw", "citizen", "withdrawn", "stop", tells=False),
    Row("approved", "revoke", "approver system", "revoked", reason=True, work=False),
    Row("approved", "take-back", "approver system", "taken-back", reason=True, work=False),
    Row("approved", "cancel", "approver system", "cancelled", reason=True, work=False),
    Row("approved", "close", "approver system", "closed", tells=False, work=False),
    Row("refused", "close", "approver system", "closed", tells=False, work=False),
)
ONE_PERSON = (*COMMON, Row("accepted", "approve", "approver system", "approved", "stop"))
TWO_PERSONS = (
    *COMMON,
    Row("accepted", "recommend", "reviewer", "recommended", tells=False),
    Row("recommended", "approve", "approver", "approved", "stop"),
    Row("recommended", "refuse", "approver", "refused", "stop", reason=True),
    Row("recommended", "return", "reviewer system", "returned", "stop", reason=True),
    Row("recommended", "withdraw", "citizen", "withdrawn", "stop", tells=False),
)
# fmt: on

ACTIONS = sorted({row.action for row in (*ONE_PERSON, *TWO_PERSONS)} | {"explode"})

#: Everybody who might act: name → roles; the platform itself is None.
PEOPLE: dict[str, tuple[str, ...] | None] = {
    "owner": (),
    "stranger": (),
    "reviewer": ("parks:reviewer",),
    "approver": ("parks/green:approver",),
    "both": ("parks:reviewer", "parks:approver"),
    "other-both": ("parks/green:reviewer", "parks/green:approver"),
    "other-unit": ("parks/blue:reviewer", "parks/blue:approver"),
    "other-department": ("traffic:reviewer", "traffic:approver"),
    "officer": ("parks:officer",),
    "owner-as-staff": ("parks:reviewer", "parks:approver"),
    "system": None,
}


def actor_of(name: str) -> actors.Actor:
    texts = PEOPLE[name]
    if texts is None:
        return actors.SYSTEM
    roles = tuple(role for role in map(parse_role, texts) if role)
    return actors.Actor(Principal(subject=name.removesuffix("-as-staff"), roles=roles))


#: Something to pick one of several by.
PICKS = st.integers(0, 2**32)


class Life(RuleBasedStateMachine):
    """One case between everybody who might act on it, beside a model of what is right."""

    #: Set by the test: the item, the open platform and how to run a coroutine on its loop.
    code: str
    world: World
    run: Callable[[Any], Any]

    @initialize(day=st.dates(date(2025, 1, 1), date(2028, 12, 31)))
    def submit(self, day: date) -> None:
        self.now = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
        self.world.at(self.now)
        self.table = ONE_PERSON if self.code == "bench" else TWO_PERSONS
        self.platform = self.world.door.platform
        self.case_id = self.run(self._submitted())
        self.state, self.running, self.steps = "submitted", False, [("", "submit", "submitted", "owner")]

    async def _submitted(self) -> Any:
        item = self.platform.registry.items[self.code]
        case, event = new_case(self.platform, item, Principal(subject="owner"), {"what": "x"})
        await self.platform.store.commit(Write(rows=[case, event]))
        return case.id

    def _expected(self, name: str) -> list[Row]:
        """What the model permits."""
        roles = {
            "owner": {"citizen"},
            "reviewer": {"reviewer"},
            "approver": {"approver"},
            "both": {"reviewer", "approver"},
            "other-both": {"reviewer", "approver"},
            "system": {"system"},
        }.get(name, set())
        recommended = any(action == "recommend" and who == name for _, action, _, who in self.steps)
        return [
            row
            for row in self.table
            if row.state == self.state
            and roles & set(row.who.split())
            and not (row.state == "recommended" and row.action in {"approve", "refuse"} and recommended)
        ]

    @precondition(lambda self: not any(row.state == self.state for row in self.table))
    @rule()
    def begin_again(self) -> None:
        """Where a case is at its end, another one begins."""
        self.submit(self.now.date())

    @rule(days=st.integers(1, 12))
    def days_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.world.at(self.now)

    @rule(name=st.sampled_from(sorted(PEOPLE)), action=st.sampled_from(ACTIONS))
    def somebody_acts(self, name: str, action: str) -> None:
        """Accepted if and only if the model's table has it; the refusal lists what it has."""
        expected = self._expected(name)
        row = next((one for one in expected if one.action == action), None)
        if row is None:
            with pytest.raises((ActionNotPermitted, NotFound)) as refused:
                self.run(self._act(name, action))
            told = refused.value.members.get("permitted_actions", [])
            assert sorted(told) == sorted(one.action for one in expected)
            return
        self.run(self._act(name, action))
        self._went(name, row)

    @rule(pick=PICKS)
    def somebody_who_may_acts(self, pick: int) -> None:
        """One of the steps that are open to somebody, rather one after which the case goes on."""
        wishes = [(name, row) for name in sorted(PEOPLE) for row in self._expected(name)]
        on = [wish for wish in wishes if any(row.state == wish[1].to for row in self.table)]
        if wishes:
            name, row = (on * 3 + wishes)[pick % (3 * len(on) + len(wishes))]
            self.run(self._act(name, row.action))
            self._went(name, row)

    def _went(self, name: str, row: Row) -> None:
        """The model after a step."""
        self.steps.append((self.state, row.action, row.to, name))
        self.state = row.to
        self.running = {"run": True, "stop": False}.get(row.clock, self.running)

    async def _act(self, name: str, action: str) -> None:
        reason = {"zh-CN": "因", "en": "because"}
        if name == "system":
            await lifecycle.decide(self.platform, self.case_id, Decision(action=action, reason=reason))
            return
        answers = {"what": f"corrected {len(self.steps)}"} if action == "supplement" else None
        await lifecycle.move(self.platform, self.case_id, action, actor_of(name), reason=reason, answers=answers)

    @rule(
        who=st.lists(
            st.tuples(st.sampled_from(["both", "other-both", "owner", "system"]), PICKS), min_size=2, max_size=4
        )
    )
    def several_act_at_once(self, who: list[tuple[str, int]]) -> None:
        """Whatever they want, the steps that are taken follow each other as the table has them."""
        open_to = [(name, self._expected(name), pick) for name, pick in who]
        wishes = [(name, rows[pick % len(rows)].action) for name, rows, pick in open_to if rows]
        outcomes = self.run(self._all_at_once(wishes))
        done = sum(outcome is None for outcome in outcomes)
        events = self.run(self._events())[len(self.steps) :]
        assert len(events) == done
        assert (done > 0) == bool(wishes)
        for event in events:
            row = next(one for one in self.table if (one.state, one.action) == (event.state_before, event.action))
            who = next(name for name in PEOPLE if (actor_of(name).subject or "system") == (event.actor_id or "system"))
            assert (event.state_before, event.state) == (self.state, row.to)
            self._went(who, row)

    async def _all_at_once(self, wishes: list[tuple[str, str]]) -> list[Any]:
        return await asyncio.gather(*(self._act(*wish) for wish in wishes), return_exceptions=True)

    async def _events(self) -> list[CaseEvent]:
        return await CaseEvent.filter(case_id=self.case_id).order_by("version")

    @invariant()
    def the_books_are_right(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        case, events = await Case.get(id=self.case_id), await self._events()
        # One event per version, consecutive, each beginning where the one before it ended.
        assert case.state == self.state
        assert [event.version for event in events] == list(range(1, case.version + 1))
        assert [(event.state_before, event.action, event.state) for event in events] == [
            (before, action, after) for before, action, after, _ in self.steps
        ]
        assert [event.actor_id for event in events] == [actor_of(name).subject for *_, name in self.steps]
        self._check_clock(case)
        await self._check_promises(case)
        for name in PEOPLE:
            await self._check_reader(case, events, name)

    def _check_clock(self, case: Case) -> None:
        assert (case.clock_since is not None) == self.running
        assert (case.due_on is not None) == self.running
        assert case.urgency == (case.due_on or date.max)
        assert case.clock_allowed == (3 if case.item == "bench" else 5)
        assert case.clock_used >= 0
        assert case.clock_since is None or case.clock_since <= self.now.date()

    async def _check_promises(self, case: Case) -> None:
        # Of the cases before it hardly any: an id begins with its millisecond.
        promised = await OutboxRow.filter(id__gt=uuid.UUID(int=case.id.int - (1000 << 80)))
        rows = [row for row in promised if str(case.id) in str(row.payload)]
        telling = [
            version
            for version, (before, action, *_) in enumerate(self.steps, 1)
            if any(row.tells and (row.state, row.action) == (before, action) for row in self.table)
        ]
        expected = {f"{channel}:{case.id}:{version}" for channel in ("app", "sms") for version in telling}
        corrected = [version for version, (_, action, *_) in enumerate(self.steps, 1) if action == "supplement"]
        expected |= {f"intake:{case.id}:{version}" for version in corrected}
        assert sorted(row.dedup for row in rows) == sorted(expected)
        passes = await self.world.count("banshi_pass", case_id=str(case.id))
        approvals = sum(action == "approve" for _, action, *_ in self.steps)
        live = await self.platform.store.connection.execute_query_dict(
            "SELECT COUNT(*) AS n FROM banshi_pass WHERE case_id = ? AND revoked_at IS NULL", [str(case.id)]
        )
        assert passes == approvals
        assert live[0]["n"] == approvals - (self.state in {"revoked", "taken-back", "cancelled"})

    async def _check_reader(self, case: Case, events: list[CaseEvent], name: str) -> None:
        """What a reader is offered is what the model permits, and the rest of the document names no colleague."""
        permitted = await actors.permitted(self.platform, case, actor_of(name))
        assert sorted(step.action for step in permitted) == sorted(row.action for row in self._expected(name))
        for step in permitted:
            assert step.needs_reason == next(row.reason for row in self._expected(name) if row.action == step.action)
        if name == "owner":
            shown = str(case_document(self.platform, case, "en", events=events, permitted=permitted))
            assert not any(colleague in shown for colleague in ("reviewer", "approver", "both"))


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Life]]:
    """The machine on an open platform whose engine stands still: nothing happens but what a rule does."""
    working = {
        "banshi.kernel.outbox.plugin",
        "banshi.builtin.work_stream.plugin",
        "banshi.builtin.personal_data.plugin",
    }
    still = tuple(one for one in default_plugins.DEFAULT_PLUGINS if one not in working)
    monkeypatch.setattr(default_plugins, "DEFAULT_PLUGINS", still)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened_world = runner.run(stack.enter_async_context(opened(tmp_path)))
        yield type("LifeHere", (Life,), {"world": opened_world, "run": staticmethod(runner.run)})
        runner.run(stack.aclose())


@pytest.mark.parametrize("code", ["bench", "hall"])
def test_a_case_lives_by_its_table_whoever_acts_and_whenever(life: type[Life], code: str) -> None:
    """Hypothesis drives cases of an item, with the second-person rule and without; each step is held against a model.

    The state moves by the table alone; one event per version; one message per channel for each step that tells
    something, and no other; the clock's columns fit together; whoever reads the case is offered what the model permits.
    """
    life.code = code
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=tries(12, 40),
            stateful_step_count=40,
            # A busy machine is no failure here either.
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )


# -- over HTTP -------------------------------------------------------------------------------------------------------


@together
async def test_what_get_offers_is_what_post_accepts(world: World) -> None:
    """In every state, for every reader: each offered action goes through, every other one is refused with the offer."""
    wang = world.door.citizen("wang")
    staff = world.chief
    walks = [
        [],
        [(staff, "return")],
        [(staff, "suspend")],
        [(staff, "approve")],
        [(staff, "refuse")],
        [(wang, "withdraw")],
        [(staff, "approve"), (staff, "revoke")],
        [(staff, "approve"), (staff, "close")],
    ]
    for walk in walks:
        case = await world.accepted(wang)
        path = f"/v1/cases/{case['id']}"
        for person, action in walk:
            (await person.post(f"{path}/actions/{action}", {"reason": "因"})).ok()
        for person in (wang, staff, world.door.staff("r", "parks:reviewer"), world.door.staff("a", "parks:approver")):
            offered = {one["action"] for one in (await person.get(path)).ok()["permitted_actions"]}
            for action in set(ACTIONS) - offered:
                answer = await person.post(f"{path}/actions/{action}", {"reason": "因"})
                assert set(answer.problem(409, "action-not-permitted")["permitted_actions"]) == offered
    # The other way round: a fresh case for each action that is offered.
    for person in (wang, staff):
        for one in (await person.get((await world.accepted(wang))["links"]["self"])).ok()["permitted_actions"]:
            case = await world.accepted(wang)
            moved = await person.post(f"/v1/cases/{case['id']}/actions/{one['action']}", {"reason": "因"})
            assert moved.ok()["state"] == one["leads_to"]


@together
async def test_of_two_who_approve_at_once_one_does_and_there_is_one_pass(world: World) -> None:
    """Twenty rounds: one 200, one 409 that lists what is left, one event, one credential."""
    wang = world.door.citizen("wang")
    staff = [world.door.staff(f"approver-{number}", "parks:approver") for number in range(3)]
    for _ in range(20):
        case = await world.accepted(wang)
        path = f"/v1/cases/{case['id']}/actions/approve"
        answers = await asyncio.gather(*(person.post(path) for person in staff))
        assert sorted(answer.status for answer in answers) == [200, 409, 409]
        for answer in answers:
            if answer.status == 409:
                document = answer.problem(409, "action-not-permitted")
                assert document["permitted_actions"] == ["revoke", "take-back", "cancel", "close"]
                assert document["state"] == "approved"
        assert await world.count("banshi_pass", case_id=case["id"]) == 1
        assert await world.count("banshi_case_event", case_id=case["id"], action="approve") == 1
        assert await world.count("banshi_outbox", dedup=f"app:{case['id']}:3") == 1


@together
async def test_approval_takes_two_where_the_item_says_so(world: World) -> None:
    """One recommends, another approves: not the same person, not the platform, and not without a recommendation."""
    world.handler("hall").ways["review"] = "approve"
    wang = world.door.citizen("wang")
    first, second = (world.door.staff(name, "parks:reviewer", "parks:approver") for name in ("first", "second"))
    case = await world.submitted(wang, "hall")
    world.handler("hall")
    case = await world.reaches(wang, case, "accepted")
    path = f"/v1/cases/{case['id']}"
    (await second.post(f"{path}/actions/approve")).problem(409, "action-not-permitted")
    assert (await first.post(f"{path}/actions/recommend")).ok()["state"] == "recommended"
    offered = [one["action"] for one in (await first.get(path)).ok()["permitted_actions"]]
    assert offered == ["return"]
    for action in ("approve", "refuse"):
        refused = await first.post(f"{path}/actions/{action}", {"reason": "因"})
        assert refused.problem(409, "action-not-permitted")["permitted_actions"] == ["return"]
    assert (await second.post(f"{path}/actions/approve")).ok()["state"] == "approved"


@together
async def test_who_once_recommended_a_case_never_approves_it(world: World) -> None:
    """Not even after it was returned, corrected and recommended by somebody else."""
    world.handler("hall")
    wang = world.door.citizen("wang")
    first, second = (world.door.staff(name, "parks:reviewer", "parks:approver") for name in ("first", "second"))
    case = await world.accepted(wang, "hall")
    path = f"/v1/cases/{case['id']}/actions"
    (await first.post(f"{path}/recommend")).ok()
    (await second.post(f"{path}/return", {"reason": "请补正"})).ok()
    (await wang.post(f"{path}/supplement", {"answers": {"what": "y"}})).ok()
    await world.reaches(wang, case, "accepted")
    (await second.post(f"{path}/recommend")).ok()
    for person in (first, second):
        (await person.post(f"{path}/approve")).problem(409, "action-not-permitted")
    (await world.door.staff("third", "parks:approver").post(f"{path}/approve")).ok()


@together
async def test_a_withdrawn_case_is_at_its_end(world: World) -> None:
    """Nobody can do anything with it any more, and it waits in no list."""
    world.handler("bench")
    wang = world.door.citizen("wang")
    case = await world.accepted(wang)
    path = f"/v1/cases/{case['id']}"
    assert (await wang.post(f"{path}/actions/withdraw")).ok()["state"] == "withdrawn"
    for person in (wang, world.chief):
        seen = (await person.get(path)).ok()
        assert seen["permitted_actions"] == []
        assert seen["deadline"]["running"] is False
        assert seen["deadline"]["due_on"] is None
    assert case["id"] not in [row["id"] for row in await everything(world.chief, "/v1/worklist")]


@together
async def test_a_citizen_reads_what_was_decided_but_not_by_whom(world: World) -> None:
    """Timeline, answers to actions and lists name the role of whoever acted, never the person."""
    world.handler("bench")
    wang = world.door.citizen("wang")
    li = world.door.staff("li-personnel-x4711y", "parks:reviewer", "parks:approver")
    case = await world.accepted(wang)
    path = f"/v1/cases/{case['id']}"
    (await li.post(f"{path}/actions/return", {"reason": "请补正"})).ok()
    (await wang.post(f"{path}/actions/supplement", {"answers": {"what": "y"}})).ok()
    await world.reaches(wang, case, "accepted")
    (await li.post(f"{path}/actions/approve")).ok()
    for address in (path, "/v1/cases"):
        assert b"x4711y" not in (await wang.get(address)).body
    timeline = (await wang.get(path)).ok()["timeline"]
    assert [(one["action"], one["by"], one["reason"]) for one in timeline] == [
        ("submit", "citizen", None),
        ("accept", "system", None),
        ("return", "staff", "请补正"),
        ("supplement", "citizen", None),
        ("accept", "system", None),
        ("approve", "staff", None),
    ]
    in_english = (await wang.get(path, headers={"Accept-Language": "en"})).ok()["timeline"]
    for told, who in ((timeline, ("办事人", "系统", "工作人员")), (in_english, ("Citizen", "The platform", "Staff"))):
        assert tuple(one["by_title"] for one in told[:3]) == who
    # The message for the citizen is part of what was promised to the channels: it names nobody either.
    promised = [str(row.payload) for row in await OutboxRow.all()]
    assert any(case["id"] in payload for payload in promised)
    assert not any("x4711y" in payload for payload in promised if case["id"] in payload)


# -- the clock -------------------------------------------------------------------------------------------------------


def due(start: date, days: int) -> date:
    """So many working days after `start`, counted with the public calendar alone."""
    while days:
        start += timedelta(days=1)
        days -= chinese_calendar.is_workday(start)
    return start


@together
@pytest.mark.parametrize(
    "start", [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 9), date(2026, 2, 13), date(2026, 3, 2)]
)
@pytest.mark.usefixtures("clock")
async def test_the_deadline_is_in_working_days_and_shown(world: World, start: date) -> None:
    """Over the holidays and their make-up days, as the State Council ordered them."""
    world.handler("bench")
    wang = world.door.citizen("wang")
    world.at(datetime(start.year, start.month, start.day, 15, 30, tzinfo=SHANGHAI))
    case = await world.accepted(wang)
    deadline = case["deadline"]
    assert deadline["working_days"] == 3
    assert deadline["running"] is True
    assert deadline["due_on"] == due(start, 3).isoformat()
    assert deadline["provisional"] is False


@together
@pytest.mark.usefixtures("clock")
async def test_a_deadline_in_a_year_without_a_holiday_order_says_so(world: World) -> None:
    world.handler("bench")
    world.at(datetime(2028, 3, 1, 9, tzinfo=SHANGHAI))
    case = await world.accepted(world.door.citizen("wang"))
    assert case["deadline"]["provisional"] is True
    assert case["deadline"]["due_on"] == "2028-03-06"


@together
@pytest.mark.usefixtures("clock")
async def test_the_day_is_the_city_s(world: World) -> None:
    """At 17:30 in UTC it is already tomorrow in Shanghai."""
    world.handler("bench")
    world.at(datetime(2026, 3, 2, 17, 30, tzinfo=UTC))
    case = await world.accepted(world.door.citizen("wang"))
    assert case["deadline"]["due_on"] == due(date(2026, 3, 3), 3).isoformat()
    assert case["number"].startswith("20260303-")
    assert case["created_at"] == "2026-03-03T01:30:00.000+08:00"


@together
@pytest.mark.usefixtures("clock")
async def test_the_time_that_the_citizen_or_an_expert_takes_is_not_counted(world: World) -> None:
    """Returned and suspended stop the clock; it goes on with what was left."""
    world.handler("bench")
    wang = world.door.citizen("wang")

    def on(day: int) -> None:
        world.at(datetime(2026, 3, day, 10, tzinfo=SHANGHAI))

    on(2)
    case = await world.accepted(wang)
    path = f"/v1/cases/{case['id']}"
    on(3)
    (await world.chief.post(f"{path}/actions/return", {"reason": "请补正"})).ok()
    seen = (await wang.get(path)).ok()["deadline"]
    assert (seen["running"], seen["due_on"]) == (False, None)
    on(16)
    (await wang.post(f"{path}/actions/supplement", {"answers": {"what": "y"}})).ok()
    assert (await wang.get(path)).ok()["deadline"]["due_on"] == due(date(2026, 3, 16), 2).isoformat()
    await world.reaches(wang, case, "accepted")
    on(17)
    (await world.chief.post(f"{path}/actions/suspend", {"reason": "现场勘查"})).ok()
    on(30)
    (await world.chief.post(f"{path}/actions/resume")).ok()
    assert (await wang.get(path)).ok()["deadline"]["due_on"] == due(date(2026, 3, 30), 1).isoformat()
    on(31)
    (await world.chief.post(f"{path}/actions/approve")).ok()
    seen = (await wang.get(path)).ok()["deadline"]
    assert (seen["running"], seen["due_on"]) == (False, None)


# -- renewal ---------------------------------------------------------------------------------------------------------


async def renewed(world: World, person: Person, case_id: str, code: str = "bench") -> tuple[int, str]:
    body = {"answers": {"what": "x"}, "renews": case_id}
    answer = await person.post(f"/v1/items/{code}/cases", body)
    document = answer.document
    if answer.status == 201:
        assert document["renews"] == case_id
        return 201, ""
    return answer.status, document["problems"][0]["pointer"] if "problems" in document else document["code"]


@together
@pytest.mark.usefixtures("clock")
async def test_a_pass_is_renewed_near_its_end_by_its_own_holder(world: World) -> None:
    """Not before, not long after, not somebody else's, not one that was revoked or never issued."""
    world.handler("bench")
    wang = world.door.citizen("wang")
    refused = (422, "/renews")
    world.at(datetime(2026, 3, 2, 10, tzinfo=SHANGHAI))
    case = await world.accepted(wang, until="2026-03-31")
    assert await renewed(world, wang, case["id"]) == refused
    (await world.chief.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    for moment, expected in (
        (datetime(2026, 3, 16, 23, 59, tzinfo=SHANGHAI), refused),
        (datetime(2026, 3, 17, 0, 0, tzinfo=SHANGHAI), (201, "")),
        (datetime(2026, 4, 8, 0, 0, tzinfo=SHANGHAI), (201, "")),
        (datetime(2026, 4, 8, 0, 1, tzinfo=SHANGHAI), refused),
    ):
        world.at(moment)
        assert await renewed(world, wang, case["id"]) == expected, moment
    world.at(datetime(2026, 3, 20, tzinfo=SHANGHAI))
    assert await renewed(world, world.door.citizen("zhang"), case["id"]) == refused
    assert await renewed(world, wang, str(uuid.uuid4())) == refused
    assert await renewed(world, wang, case["id"], code="pond") == refused
    (await world.chief.post(f"/v1/cases/{case['id']}/actions/revoke", {"reason": "因"})).ok()
    assert await renewed(world, wang, case["id"]) == refused


# -- the worklist ------------------------------------------------------------------------------------------------------


async def everything(person: Person, path: str, limit: int = 100) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows, query = [], f"?limit={limit}"
    while True:
        page = (await person.get(path + query)).ok()
        assert len(page["items"]) <= limit
        assert page["items"] or page["next"] is None
        rows += page["items"]
        if page["next"] is None:
            return rows
        query = f"?limit={limit}&cursor={page['next']}"


async def test_the_worklist_is_by_urgency_and_walks_without_gaps_or_doubles(own_world: World) -> None:
    """Whatever the size of the page; cases of one day by their age; those without a date at the end."""
    world = own_world
    wang = world.door.citizen("wang")
    expected: list[tuple[str, str]] = []
    for day in (5, 3, 4, 3, 3, 5, 2, 4):
        world.at(datetime(2026, 3, day, 10, tzinfo=SHANGHAI))
        for code in ("bench", "pond"):
            case = await world.accepted(wang, code)
            expected.append((case["deadline"]["due_on"], case["id"]))
    # Suspended: it still waits for staff, without a date.
    case = await world.accepted(wang)
    (await world.chief.post(f"/v1/cases/{case['id']}/actions/suspend", {"reason": "因"})).ok()
    expected.append(("9999-12-31", case["id"]))
    # In nobody's list: returned, decided, withdrawn.
    for person, action in ((world.chief, "return"), (world.chief, "approve"), (wang, "withdraw")):
        case = await world.accepted(wang)
        (await person.post(f"/v1/cases/{case['id']}/actions/{action}", {"reason": "因"})).ok()
    for limit in (1, 2, 3, 7, 100):
        rows = await everything(world.chief, "/v1/worklist", limit)
        assert [row["id"] for row in rows] == [identity for _, identity in sorted(expected)], limit
    newest_first = [row["id"] for row in await everything(wang, "/v1/cases", 4)]
    assert newest_first == sorted(newest_first, reverse=True)
    assert len(set(newest_first)) == 20


async def test_the_worklist_is_scoped_to_what_its_reader_may_do(own_world: World) -> None:
    """By department, unit, role and state; never the reader's own business."""
    world = own_world
    wang = world.door.citizen("wang")
    world.handler("pond").ways["review"] = "hang"
    bench = (await world.accepted(wang))["id"]
    hall = (await world.accepted(wang, "hall"))["id"]
    pond = (await world.submitted(wang, "pond"))["id"]
    own = (await world.accepted(world.door.citizen("staff-0")))["id"]
    second_hall = (await world.accepted(wang, "hall"))["id"]
    reviewer = world.door.staff("first", "parks:reviewer")
    (await reviewer.post(f"/v1/cases/{second_hall}/actions/recommend")).ok()
    lists = {
        "parks:reviewer": {bench, hall, second_hall, pond},
        "parks/green:reviewer": {bench, hall, second_hall},
        "parks/blue:reviewer": {pond},
        # An approver can refuse what is accepted in both tables, and decide on what is recommended.
        "parks:approver": {bench, hall, second_hall, pond},
        "parks/red:reviewer": set(),
        "traffic:reviewer": set(),
    }
    (await world.door.staff("staff-0", "parks:cleaner").get("/v1/worklist")).problem(403, "unknown-roles")
    for role, expected in lists.items():
        person = world.door.staff("staff-0", role)
        rows = {row["id"] for row in await everything(person, "/v1/worklist", 2)}
        assert rows == expected, role
        assert own not in rows
        for identity in rows:
            assert (await person.get(f"/v1/cases/{identity}")).ok()["permitted_actions"]


async def test_cases_that_come_in_while_a_list_is_walked_break_nothing(own_world: World) -> None:
    """What was there at the beginning comes once, whatever is added or moves on meanwhile."""
    world = own_world
    wang = world.door.citizen("wang")
    first = [(await world.accepted(wang))["id"] for _ in range(9)]
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = (await world.chief.get("/v1/worklist" + query)).ok()
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        await world.accepted(wang)
        if len(seen) == 4:
            (await world.chief.post(f"/v1/cases/{seen[0]}/actions/approve")).ok()
        query = f"?limit=2&cursor={page['next']}"
        if len(seen) > 40:
            break
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)


# -- a department that fails ------------------------------------------------------------------------------------------

FAILURES = {
    **dict.fromkeys(("raise", "exit", "interrupt", "cancel", "none", "wrong"), (502, "department-failed")),
    **dict.fromkeys(("hang", "swallow", "timeout"), (504, "department-timed-out")),
    "problem": (409, "conflict"),
}


@together
@pytest.mark.parametrize("way", FAILURES)
async def test_a_check_that_fails_is_that_request_s_problem_alone(world: World, way: str) -> None:
    """Under the department's name and without its stack; nothing is stored, and everybody else is served."""
    handler = world.handler("bench")
    handler.ways["validate"] = way
    status, code = FAILURES[way]
    before = await world.count("banshi_case")
    started = time.perf_counter()
    answer = await world.door.citizen(f"wang-{way}").post("/v1/items/bench/cases", {"answers": {"what": "x"}})
    document = answer.problem(status, code)
    assert time.perf_counter() - started < 2.0
    for secret in ("geheim", "Traceback", "RuntimeError", ".py"):
        assert secret not in answer.body.decode()
    if way == "problem":
        assert document["detail"] == "The park is closed on that day."
    else:
        assert (document["department"], document["item"]) == ("parks", "bench")
    assert await world.count("banshi_case") == before
    assert (await world.door.anyone.get("/healthz")).ok() == {"status": "ok"}
    world.handler("bench")
    await world.accepted(world.door.citizen(f"wang-{way}"))


@together
async def test_a_check_that_finds_something_names_the_field(world: World) -> None:
    world.handler("bench").ways["validate"] = "field"
    answer = await world.door.citizen("wang").post("/v1/items/bench/cases", {"answers": {"what": "x"}})
    problem = {"pointer": "/answers/what", "detail": "No benches left.", "code": "sold-out"}
    assert answer.problem(422, "invalid-fields")["problems"] == [problem]
    world.handler("bench")


@together
@pytest.mark.parametrize("way", ["raise", "interrupt", "swallow", "none", "float"])
async def test_an_approval_whose_claims_fail_decides_nothing(world: World, way: str) -> None:
    """The case stays as it was, without a pass and without a message; mended, it is approved."""
    world.handler("bench")
    wang = world.door.citizen(f"wang-{way}")
    case = await world.accepted(wang)
    handler = world.handler("bench")
    handler.ways["claims"] = way
    answer = await world.chief.post(f"/v1/cases/{case['id']}/actions/approve")
    status, code = FAILURES.get(way, (502, "department-failed"))
    answer.problem(status, code)
    seen = (await wang.get(f"/v1/cases/{case['id']}")).ok()
    assert (seen["state"], len(seen["timeline"])) == ("accepted", 2)
    assert await world.count("banshi_pass", case_id=case["id"]) == 0
    world.handler("bench")
    assert (await world.chief.post(f"/v1/cases/{case['id']}/actions/approve")).ok()["state"] == "approved"


@together
@pytest.mark.parametrize("way", ["raise", "exit", "hang", "wrong", "problem", "explode", "approve"])
async def test_a_submission_that_its_department_cannot_take_is_kept_and_forwarded_later(world: World, way: str) -> None:
    """The citizen has an honest receipt at once; the review follows as soon as the department is back.

    A decision that the table hasn't in this state is a failure too.
    """
    handler = world.handler("bench")
    handler.ways["review"] = way
    wang = world.door.citizen(f"wang-{way}")
    case = await world.submitted(wang)
    assert case["state"] == "submitted"
    await until(lambda: len(handler.asked) > 1)
    assert (await wang.get(f"/v1/cases/{case['id']}")).ok()["state"] == "submitted"
    # Staff need not wait for it.
    assert "accept" in [
        one["action"] for one in (await world.chief.get(f"/v1/cases/{case['id']}")).ok()["permitted_actions"]
    ]
    world.handler("bench")
    seen = await world.reaches(wang, case, "accepted")
    assert [one["action"] for one in seen["timeline"]] == ["submit", "accept"]


@together
async def test_staff_who_were_quicker_than_a_failing_review_are_not_overruled(world: World) -> None:
    handler = world.handler("bench")
    handler.ways["review"] = "raise"
    wang = world.door.citizen("wang")
    case = await world.submitted(wang)
    (await world.chief.post(f"/v1/cases/{case['id']}/actions/return", {"reason": "请补正"})).ok()
    world.handler("bench")
    await world.door.settled()
    seen = (await wang.get(f"/v1/cases/{case['id']}")).ok()
    assert [one["action"] for one in seen["timeline"]] == ["submit", "return"]


async def test_a_review_of_answers_that_were_corrected_meanwhile_decides_nothing(tmp_path: Path) -> None:
    """A slow review of the first answers must not refuse, or accept, the second ones."""
    async with opened(tmp_path, handler_timeout=10.0) as world:
        handler = world.handler("bench")
        handler.go = asyncio.Event()
        handler.ways["review"] = "wait"
        wang = world.door.citizen("wang")
        case = await world.submitted(wang)
        path = f"/v1/cases/{case['id']}/actions"
        await until(lambda: len(handler.asked) > 1)
        (await world.chief.post(f"{path}/return", {"reason": "请补正"})).ok()
        (await wang.post(f"{path}/supplement", {"answers": {"what": "y"}})).ok()
        handler.go.set()
        await world.door.settled()
        seen = await world.reaches(wang, case, "accepted")
        assert [one["action"] for one in seen["timeline"]] == ["submit", "return", "supplement", "accept"]
        # The answers that were accepted are the ones that were looked at.
        assert [question for question, _ in handler.asked].count("review") == 2


async def test_a_department_that_fails_for_everybody_is_left_alone_for_a_while(tmp_path: Path) -> None:
    """503 at once with Retry-After once three people in a row were failed; after the pause one call tries for all."""
    async with opened(tmp_path, breaker_pause=60.0) as world:
        await left_alone_for_a_while(world)


async def left_alone_for_a_while(world: World) -> None:
    handler = world.handler("bench")
    handler.ways["validate"] = "raise"
    body = {"answers": {"what": "x"}}

    async def tried(name: str, code: str = "bench") -> Any:
        return await world.door.citizen(name).post(f"/v1/items/{code}/cases", body)

    def a_minute_passes() -> None:
        for breaker in world.door.platform.breakers._breakers.values():
            breaker.opened_at = breaker.opened_at and breaker.opened_at - 60

    for number in range(3):
        (await tried(f"p{number}")).problem(502, "department-failed")
    asked = len(handler.asked)
    for number in range(5):
        answer = await tried(f"q{number}")
        answer.problem(503, "department-unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert len(handler.asked) == asked
    assert b'banshi_breaker_open{plugin="parks"} 1' in (await world.door.anyone.get("/metrics")).body
    # Other departments are not concerned, nor is what this one answers to other questions.
    (await world.door.citizen("t").post("/v1/items/zone-pass/cases", {"answers": {}})).problem(422, "invalid-fields")
    # After the pause one call is let through; it fails, and the next ones are told at once again.
    a_minute_passes()
    handler.ways["validate"] = "hang"
    answers = await asyncio.gather(*(tried(f"r{number}") for number in range(8)))
    assert sorted(answer.status for answer in answers) == [503] * 7 + [504]
    # … and once it succeeds everybody is served.
    a_minute_passes()
    world.handler("bench")
    (await tried("s0")).created()
    assert [(await tried(f"s{number}")).status for number in range(1, 6)] == [201] * 5
    assert b"banshi_breaker_open{" not in (await world.door.anyone.get("/metrics")).body


async def test_one_person_s_bad_luck_does_not_close_a_department_to_the_others(own_world: World) -> None:
    """What one citizen sends may make a handler fail as often as they like; the rest are served."""
    world = own_world
    handler = world.handler("bench")
    handler.ways["validate"] = "raise"
    for _ in range(10):
        answer = await world.door.citizen("mallory").post("/v1/items/bench/cases", {"answers": {"what": "x"}})
        answer.problem(502, "department-failed")
    world.handler("bench")
    await world.accepted(world.door.citizen("wang"))


async def test_submissions_are_taken_while_reviews_fail(own_world: World) -> None:
    """The breaker of one question doesn't close the other: the receipt is honest, the review follows."""
    world = own_world
    handler = world.handler("bench")
    handler.ways["review"] = "raise"
    people = [world.door.citizen(f"p{number}") for number in range(6)]
    made = [(person, await world.submitted(person)) for person in people]
    await until(world.door.platform.breakers.open_plugins)
    made += [(person, await world.submitted(person)) for person in people]
    world.handler("bench")
    for person, case in made:
        await world.reaches(person, case, "accepted")


async def nine_of_ten(world: World, going_on: Callable[[int], bool]) -> tuple[int, float, float]:
    """How often it was looked; how late the loop turned, and how long an answer took, in nine of ten looks."""
    lags, took = [], []
    while going_on(len(lags)):
        started = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - started - 0.005)
        started = time.perf_counter()
        (await world.door.anyone.get("/v1/items/zone-pass")).ok()
        took.append(time.perf_counter() - started)
    return len(lags), sorted(lags)[int(len(lags) * 0.9)], sorted(took)[int(len(took) * 0.9)]


async def test_a_department_that_hangs_holds_up_nobody(own_world: World) -> None:
    """While twenty requests hang in one department, the loop turns and the others answer as ever."""
    world = own_world
    handler = world.handler("bench")
    handler.ways.update({"validate": "swallow", "review": "hang"})
    before = await nine_of_ten(world, lambda count: count < 20)
    hanging = [
        asyncio.create_task(world.door.citizen(f"p{number}").post("/v1/items/bench/cases", {"answers": {"what": "x"}}))
        for number in range(20)
    ]
    count, lag, took = await nine_of_ten(world, lambda _: not all(task.done() for task in hanging))
    assert count > 3
    # What else the machine does was the same before.
    assert lag < max(0.05, 3 * before[1])
    assert took < max(0.2, 3 * before[2])
    for task in hanging:
        assert task.result().status in {503, 504}


async def test_a_caller_who_leaves_ends_the_handler_that_works_for_them(own_world: World) -> None:
    """A hanging handler isn't kept for a phone that is gone."""
    world = own_world
    handler = world.handler("bench")
    handler.go, begun, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> Any:
        begun.set()
        try:
            await handler.go.wait()
        finally:
            ended.set()

    handler.validate = slow
    asking = asyncio.create_task(world.door.citizen("wang").post("/v1/items/bench/cases", {"answers": {"what": "x"}}))
    await asyncio.wait_for(begun.wait(), 30)
    assert not ended.is_set()
    asking.cancel()
    await asyncio.wait_for(ended.wait(), 30)
    del handler.validate


async def test_a_case_whose_plugin_is_gone_is_kept_and_comes_back_with_it(tmp_path: Path) -> None:
    """It is shown, nobody can act on it, and nothing of it is lost."""
    plugin = write_parks(tmp_path)
    plugins: dict[str, Path | str] = {"parks": plugin, "traffic": TRAFFIC}
    async with open_door(tmp_path, plugins) as door:
        wang = door.citizen("wang")
        case = await World(door).accepted(wang)
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        wang = door.citizen("wang")
        seen = (await wang.get(case["links"]["self"])).ok()
        assert (seen["state"], seen["permitted_actions"]) == ("accepted", [])
        assert [row["id"] for row in (await wang.get("/v1/cases")).ok()["items"]] == [case["id"]]
        answer = await wang.post(f"{case['links']['self']}/actions/withdraw")
        assert "办件已保留" in answer.problem(503, "unavailable")["detail"]
        staff = door.staff("chief", "parks:reviewer")
        assert (await staff.get("/v1/worklist")).ok()["items"] == []
    async with open_door(tmp_path, plugins) as door:
        assert (await door.citizen("wang").post(f"{case['links']['self']}/actions/withdraw")).ok()
    shutil.rmtree(plugin)
