"""What an author reads of their own mistakes: in the answer, the log, the row that waits, and a test; and who else
doesn't."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from banshi.foundation.errors import FieldProblem
from banshi.kernel.contract.values import Who
from banshi.kernel.runtime import mistakes
from banshi.kernel.runtime.containment import awaited
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.application.mistakes import wrong_action
from banshi.kinds.application.steps import TABLE
from banshi.testing import SETTLED_TIMEOUT_S, Door, PromiseFailed, Reply, open_door
from tests.town.isolation_office import ITEMS
from tests.waiting import until

#: What no production log, row or answer may hold: it is what somebody wrote.
PRIVATE = "wang lives in Sample Road"

AUTHOR = """
import asyncio
import sys

from banshi import Application, Decision, FieldProblem, Unavailable, hookimpl

PRIVATE = "wang lives in Sample Road"


async def decided():
    return Decision(action="accept")


class Bench(Application):
    async def validate(self, submission):
        return await self.answered(submission, "validate")

    async def review(self, submission):
        return await self.answered(submission, "review")

    async def claims(self, submission):
        return {}

    async def answered(self, submission, method):
        asked, _, does = submission.answers["does"].partition(" ")
        if asked != method:
            return [] if method == "validate" else Decision(action="accept")
        return await getattr(self, "do_" + does)()

    async def do_key_error(self):
        {}[PRIVATE]

    async def do_exit(self):
        sys.exit(PRIVATE)

    async def do_none(self):
        return None

    async def do_text(self):
        return PRIVATE

    async def do_number(self):
        return 7

    async def do_texts(self):
        return [PRIVATE]

    async def do_forgot_await(self):
        return decided()

    async def do_misspelt(self):
        return Decision(action="acept")

    async def do_nameless(self):
        return Decision("acept")

    async def do_elsewhere(self):
        return Decision(action="close")

    async def do_no_reason(self):
        return Decision(action="return")

    async def do_long(self):
        raise ValueError(PRIVATE * 200_000)

    async def do_odd(self):
        raise ValueError(PRIVATE + chr(0xD800))

    async def do_deep(self):
        await self.do_deep()

    async def do_away(self):
        raise Unavailable

    async def do_late(self):
        await asyncio.sleep(60)


@hookimpl
def banshi_handlers():
    return {"bench": Bench()}
"""

RAISED, DECISION = "raised an error", "where a Decision is expected: return Decision(action="
LISTED = "actions here, in the state 'submitted': accept, return, refuse"

#: What a method does → which sentence is told of it everywhere, and what development shows beside it.
BOTH = {
    "key_error": (RAISED, "KeyError: 'wang lives"),
    "exit": (RAISED, "SystemExit: wang lives"),
    "number": ("returned int, where a ", ""),
    "none": ("returned None, where a ", ""),
    "forgot_await": ("returned the coroutine of decided(): await it", ""),
    "long": (RAISED, "ValueError: wang lives"),
    "odd": (RAISED, "\\ud800"),
    "deep": (RAISED, "RecursionError"),
    "late": ("took longer than it may", ""),
}
VALIDATE = {**BOTH, "texts": (" in it, where a list of FieldProblem is expected: return [Field", "")}
REVIEW = {
    **BOTH,
    "text": (f"returned str, {DECISION}", ""),
    "misspelt": (f"returned the action 'acept'; {LISTED}; did you mean 'accept'?", ""),
    "nameless": (
        "gives Decision what it doesn't take: its arguments have names, as in return Decision(action=",
        "TypeError",
    ),
    "elsewhere": (f"returned the action 'close'; {LISTED}", ""),
    "no_reason": ("returned the action 'return' without a reason, which the citizen reads: return Decision(", ""),
}


@dataclass
class Place:
    """A door before a department with an author's mistakes."""

    door: Door
    development: bool
    asked: int = 0

    async def does(self, what: str) -> Reply:
        # Somebody else each time: a breaker counts people.
        self.asked += 1
        wang = self.door.citizen(f"wang-{self.asked}")
        return await wang.post("/v1/items/bench/cases", {"answers": {"does": what}})


@asynccontextmanager
async def opened(folder: Path, *, isolated: bool, development: bool) -> AsyncIterator[Place]:
    place = folder / "parks"
    place.mkdir()
    (place / "items.toml").write_text(ITEMS, encoding="utf-8")
    (place / "__init__.py").write_text(AUTHOR, encoding="utf-8")
    platform = {"development": development, "handler_timeout": 1.0, "breaker_failures": 1000}
    apart: Mapping[str, Any] = {"parks": {}} if isolated else {}
    async with open_door(folder, {"parks": place}, platform=platform, isolated=apart) as door:
        yield Place(door, development)


@pytest.mark.parametrize("development", [False, True], ids=["production", "development"])
@pytest.mark.parametrize("isolated", [False, True], ids=["here", "isolated"])
async def test_each_mistake_of_a_check_is_told_with_plugin_item_and_method_and_what_to_do(
    tmp_path: Path, isolated: bool, development: bool
) -> None:
    """In the answer and in the log; the traceback, and what it quotes, in development alone."""
    async with opened(tmp_path, isolated=isolated, development=development) as place:
        for does, (told, shown) in VALIDATE.items():
            with capture_logs() as lines:
                reply = await place.does(f"validate {does}")
            problem = reply.problem(*((504, "department-timed-out") if does == "late" else (502, "department-failed")))
            (line,) = [line for line in lines if line["event"] == "handler failed"]
            for said in (problem, line):
                whose = [said[key] for key in ("department", "plugin", "item", "method")]
                assert whose == ["parks", "parks", "bench", "validate"], (does, said)
            _is_told(does, told, shown, json.dumps(problem, ensure_ascii=False), problem, development)
            assert "validate() " in line["mistake"]
            _is_private(does, json.dumps(lines, default=repr), development, shown)


def _is_told(does: str, told: str, shown: str, text: str, problem: Any, development: bool) -> None:
    if not development:
        assert told in problem["mistake"], (does, problem)
        assert problem["mistake"].startswith(f"{problem['method']}() ")
        assert "traceback" not in problem, (does, problem)
        assert "where" not in problem
    else:
        assert problem["traceback"], does
        assert shown in problem["traceback"], (does, problem)
        assert told in problem["mistake"] or told == RAISED, (does, problem)
        assert len(problem["traceback"]) <= mistakes.MAX_TRACEBACK_CHARS
        # The author's own frames come first.
        assert "containment.py" not in problem["traceback"], does
    _is_private(does, text, development, shown)


def _is_private(does: str, text: str, development: bool, shown: str) -> None:
    if development:
        return
    for word in (PRIVATE, "Traceback", 'File "'):
        assert word not in text, does
    del shown


@pytest.mark.parametrize("development", [False, True], ids=["production", "development"])
@pytest.mark.parametrize("isolated", [False, True], ids=["here", "isolated"])
async def test_each_mistake_of_a_review_is_in_the_log_and_in_the_row_that_waits(
    tmp_path: Path, isolated: bool, development: bool
) -> None:
    """Nobody is answered then: it happens after the receipt."""
    async with opened(tmp_path, isolated=isolated, development=development) as place:
        for does, (told, shown) in REVIEW.items():
            with capture_logs() as lines:
                (await place.does(f"review {does}")).created()
                await until(lambda: OutboxRow.filter(state="due").exclude(last_error="").exists())
            row = await OutboxRow.filter(state="due").exclude(last_error="").get()
            # The type's name is for operators, and not for whoever sent the request.
            what = told.replace(RAISED, "raised ")
            assert row.last_error.split(": ", 1)[1].startswith("parks: bench: review() "), row.last_error
            assert what in row.last_error, (does, row.last_error)
            # The one before may have been tried again just before it was done.
            failed = [line for line in lines if line["event"] == "handler failed" and what in line["mistake"]]
            said = [line for line in failed if shown in line.get("traceback", shown)]
            assert said, lines
            assert (said[0]["plugin"], said[0]["item"], said[0]["method"]) == ("parks", "bench", "review")
            assert ("traceback" in said[0]) is development
            _is_private(does, json.dumps(lines, default=repr), development, shown)
            assert PRIVATE not in row.last_error
            waits = next(line for line in lines if line["event"] == "outbox row will be tried again")
            assert (waits["plugin"], waits["item"], waits["method"]) == ("parks", "bench", "review")
            await OutboxRow.filter(id=row.id).update(state="done")


async def test_a_method_that_is_no_coroutine_is_told_how_to_become_one() -> None:
    """`banshi check` refuses those that it sees; not what a decorator or an instance puts in their place."""
    with pytest.raises(mistakes.Mistake, match=r"^is no coroutine: write `async def review`"):
        await awaited(Mock(return_value=None, __name__="review"))


# In tests


async def test_settled_raises_a_failure_at_once_with_the_author_s_own_lines(tmp_path: Path) -> None:
    async with opened(tmp_path, isolated=False, development=False) as place:
        (await place.does("review key_error")).created()
        with pytest.raises(PromiseFailed) as caught:
            await place.door.settled()
        assert str(caught.value).startswith("parks: bench: review() raised KeyError (")
        assert "in do_key_error\n    {}[PRIVATE]" in str(caught.value)
        assert str(caught.value).endswith("KeyError: 'wang lives in Sample Road'")
        # The attempt after the first one, and not after the twelfth.
        assert "(attempt 2)\n" in str(caught.value)
        assert isinstance(caught.value.__cause__.__cause__, KeyError)


async def test_settled_raises_what_is_parked(tmp_path: Path) -> None:
    async with opened(tmp_path, isolated=False, development=False) as place:
        object.__setattr__(place.door.platform.settings, "outbox_attempts", 1)
        (await place.does("review misspelt")).created()
        with pytest.raises(PromiseFailed, match="did you mean 'accept'"):
            await place.door.settled()
        await place.door.settled()  # it was told


async def test_settled_does_not_wait_for_somebody_who_is_away_for_longer_than_it_waits(tmp_path: Path) -> None:
    async with opened(tmp_path, isolated=False, development=False) as place:
        (await place.does("review away")).created()
        begun = time.monotonic()
        with pytest.raises(PromiseFailed, match="intake: Unavailable"):
            await place.door.settled()
        assert time.monotonic() - begun < SETTLED_TIMEOUT_S / 2


async def test_what_fails_once_and_is_mended_is_settled(tmp_path: Path) -> None:
    """As in production, where it is tried again; only that no test waits for the pause."""
    async with opened(tmp_path, isolated=False, development=False) as place:
        registered = place.door.platform.registry.items["bench"].handler
        (await place.does("review none")).created()
        await until(lambda: OutboxRow.exclude(last_error="").exists())
        type(registered).do_none = type(registered).do_mended = mended
        await place.door.settled()


async def mended(_: Any) -> Any:
    from banshi import Decision

    return Decision(action="accept")


async def test_a_test_that_means_its_failures_says_how_many(tmp_path: Path) -> None:
    async with opened(tmp_path, isolated=False, development=False) as place:
        registered = place.door.platform.registry.items["bench"].handler
        tries = 0

        async def fourth(_: Any) -> Any:
            nonlocal tries
            tries += 1
            return await mended(_) if tries > 3 else None

        type(registered).do_none = fourth
        (await place.does("review none")).created()
        await place.door.settled(failures=3)
        assert tries == 4


# The sentences


@given(st.text(max_size=60), st.sampled_from(sorted({step.state for step in TABLE})))
def test_a_wrong_action_is_told_with_all_that_the_platform_may_take_in_any_state(action: str, state: str) -> None:
    permitted = [step.action for step in TABLE if step.state == state and Who.SYSTEM in step.who]
    said = str(wrong_action(action, state, permitted))
    assert f"in the state '{state}': {', '.join(permitted) or 'none'}" in said
    assert repr(action) in said
    assert len(said) < 1000


@pytest.mark.parametrize("action", sorted({step.action for step in TABLE if Who.SYSTEM in step.who}))
def test_one_wrong_letter_of_any_action_is_understood(action: str) -> None:
    permitted = sorted({step.action for step in TABLE if Who.SYSTEM in step.who})
    for place in range(len(action)):
        said = str(wrong_action(action[:place] + action[place + 1 :], "submitted", permitted))
        assert f"did you mean '{action}'?" in said


class Speechless:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("answer", [Speechless(), "x" * 5_000_000, [Speechless()], {1: {2: {3: {}}}}, float("nan")])
@pytest.mark.parametrize("method", ["validate", "review", "claims", "openings", "own"])
def test_whatever_comes_back_has_a_short_sentence(answer: Any, method: str) -> None:
    said = mistakes.wrong_answer(method, answer)
    assert len(str(said)) < 1000
    assert len(said.came) < 1000


def test_problems_that_a_check_yields_are_problems_as_ever() -> None:
    one = FieldProblem("/does", "wrong")
    for found in ([one], (one,), {one}, (one for _ in range(1))):
        assert mistakes.problems_in(found) == [one]
    assert mistakes.problems_in(()) == []
