"""An access token: one question for all who wait, the next one early, another where it is refused, never a storm."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from structlog.testing import CapturingLogger

from banshi.builtin.outgoing import access_token
from banshi.builtin.outgoing.access_token import EARLY_S, FAILURE_HOLDS_S
from banshi.builtin.outgoing.token import MAX_LIFE_S, MIN_LIFE_S
from banshi.sdk.outgoing import AccessToken, Consequence, NoToken, Refused, Token

LIFE_S = 7200.0


class Vendor:
    """The side that gives tokens out: another one where the last was refused."""

    def __init__(self) -> None:
        self.given: Any = "first"
        self.seconds: Any = LIFE_S
        self.fails: Exception | None = None
        #: What it was told that it had refused, question by question.
        self.asked: list[str] = []

    async def fetch(self, refused: str) -> Token:
        self.asked.append(refused)
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails
        if refused and refused == self.given:
            self.given = f"after-{refused}"
        return Token(self.given, self.seconds)


class Clock:
    """A clock that a test moves on."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def token(vendor: Vendor) -> AccessToken:
    return AccessToken("vendor", vendor.fetch)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The token's own clock."""
    clock = Clock()
    monkeypatch.setattr(access_token, "time", clock)
    return clock


async def value_now(token: AccessToken) -> str:
    """What it is after the fetch that is under way."""
    token.current()
    await asyncio.sleep(0.01)
    return token.current()


async def test_a_hundred_who_wait_ask_once(vendor: Vendor, token: AccessToken) -> None:
    assert {*await asyncio.gather(*(token.value() for _ in range(100)))} == {"first"}
    assert vendor.asked == [""]


async def test_one_that_is_refused_is_replaced_once_for_all(vendor: Vendor, token: AccessToken) -> None:
    await token.value()
    for _ in range(50):
        token.refuse("first")
    assert {*await asyncio.gather(*(token.value() for _ in range(100)))} == {"after-first"}
    token.refuse("first")
    token.refuse("")
    assert await token.value() == "after-first", "a late refusal of the old one does the new one no harm"
    assert vendor.asked == ["", "first"]


async def test_the_next_one_is_fetched_while_the_old_one_is_used(
    vendor: Vendor, token: AccessToken, moments: Clock
) -> None:
    assert await token.value() == "first"
    vendor.given = "second"
    moments.now += LIFE_S - EARLY_S
    assert token.current() == "first"
    assert await value_now(token) == "second"
    assert len(vendor.asked) == 2


async def test_one_that_is_good_is_used_to_its_end_where_the_next_cannot_be_had(
    vendor: Vendor, token: AccessToken, moments: Clock
) -> None:
    await token.value()
    vendor.fails = TimeoutError()
    moments.now += LIFE_S - EARLY_S
    for _ in range(20):
        assert await token.value() == "first"
        assert await value_now(token) == "first"
    assert len(vendor.asked) == 2, "the next one is asked for, and not by everybody"
    moments.now += EARLY_S
    with pytest.raises(NoToken):
        await token.value()
    vendor.fails, vendor.given = None, "second"
    moments.now += FAILURE_HOLDS_S
    assert await token.value() == "second"


@pytest.mark.parametrize("consequence", Consequence)
async def test_without_a_token_nothing_was_sent_whatever_way_its_fetch_failed(
    vendor: Vendor, token: AccessToken, consequence: Consequence
) -> None:
    """What is ours to mend and what is used up is told apart; all else is over soon."""
    vendor.fails = Refused("1", consequence)
    with pytest.raises(NoToken) as refused:
        await token.value()
    lasting = {Consequence.OURS, Consequence.SPENT}
    later = consequence if consequence in lasting else Consequence.SOON
    assert (refused.value.code, refused.value.consequence) == ("1", later)
    assert refused.value.comes_again


@pytest.mark.parametrize("error", [TimeoutError(), KeyError("access_token"), ValueError("<html>"), OSError("away")])
async def test_a_failure_stands_for_a_moment_for_all(
    vendor: Vendor, token: AccessToken, moments: Clock, error: Exception
) -> None:
    vendor.fails = error
    found = await asyncio.gather(*(token.value() for _ in range(100)), return_exceptions=True)
    assert {(type(one), getattr(one, "consequence", None)) for one in found} == {(NoToken, Consequence.SOON)}
    moments.now += FAILURE_HOLDS_S - 0.1
    with pytest.raises(NoToken):
        await token.value()
    assert len(vendor.asked) == 1
    moments.now += 0.1
    vendor.fails = None
    assert await token.value() == "first"


async def test_what_is_made_ready_beforehand_and_fails_answers_for_nothing(vendor: Vendor, token: AccessToken) -> None:
    vendor.fails = TimeoutError()
    token.prepare()
    await asyncio.sleep(0.01)
    vendor.fails = None
    assert await token.value() == "first"
    token.prepare()
    assert len(vendor.asked) == 2


async def test_who_waits_for_a_token_gives_up_in_time_and_the_fetch_goes_on_for_all(
    vendor: Vendor, token: AccessToken
) -> None:
    gate = asyncio.Event()

    async def slow(refused: str) -> Token:
        await gate.wait()
        return await Vendor.fetch(vendor, refused)

    token = AccessToken("slow", slow)
    with pytest.raises(NoToken) as refused:
        await token.value(0.05)
    assert refused.value.consequence is Consequence.SOON
    gate.set()
    assert await token.value() == "first"
    assert vendor.asked == [""]
    await token.close()


NO_TIME, TOO_LONG = (0, -5, math.nan, "0"), (315_360_000, math.inf, "1e400")


@pytest.mark.parametrize(
    ("seconds", "life"), [*((one, MIN_LIFE_S) for one in NO_TIME), *((one, MAX_LIFE_S) for one in TOO_LONG)]
)
async def test_a_token_good_for_no_time_or_for_ten_years_is_used_for_a_time_that_can_be(
    vendor: Vendor, token: AccessToken, moments: Clock, seconds: Any, life: float
) -> None:
    vendor.seconds = seconds
    for _ in range(100):
        assert await token.value() == "first"
    assert len(vendor.asked) == 1, "no storm"
    vendor.given = "second"
    moments.now += life
    assert await token.value() == "second"


@pytest.mark.parametrize("value", ["", None, 7, {"a": 1}, "a\r\nX-Admin: 1", "令牌", "\x00"])
async def test_what_no_header_can_carry_is_no_token(vendor: Vendor, token: AccessToken, value: Any) -> None:
    vendor.given = value
    with pytest.raises(NoToken):
        await token.value()
    assert token.current() == ""


async def test_a_fresh_one_that_is_refused_as_well_is_ours_to_mend_and_costs_no_third_for_a_moment(
    vendor: Vendor, token: AccessToken, moments: Clock
) -> None:
    token.refuse(await token.value(), "401")
    token.refuse(await token.value(), "401")
    for _ in range(10):
        with pytest.raises(NoToken) as refused:
            await token.value()
        assert (refused.value.code, refused.value.consequence) == ("401", Consequence.OURS)
    assert vendor.asked == ["", "first"]
    moments.now += FAILURE_HOLDS_S
    good = await token.value()
    token.accepted(good)
    token.refuse(good)
    assert await token.value(), "it was accepted meanwhile: another one is worth fetching at once"


async def test_one_that_is_refused_by_mistake_is_used_again_after_a_moment(vendor: Vendor, moments: Clock) -> None:
    """The vendor gives the very one out again, and won't give another."""

    async def same(refused: str) -> Token:
        vendor.asked.append(refused)
        if refused:
            raise Refused("40001", Consequence.TOKEN)
        return Token("first", LIFE_S)

    token = AccessToken("same", same)
    await token.value()
    for _ in range(3):
        token.refuse("first")
        with pytest.raises(NoToken) as none:
            await token.value()
        assert (none.value.code, none.value.consequence) == ("40001", Consequence.SOON)
        moments.now += FAILURE_HOLDS_S
        assert await token.value() == "first"
    assert vendor.asked == ["", *["first", ""] * 3]


async def test_the_log_says_once_that_there_is_no_token_and_once_that_there_is_one_again(
    vendor: Vendor, token: AccessToken, moments: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(access_token, "log", log)
    for fails in (TimeoutError("https://vendor.example/?secret=made-up"), Refused("40164", Consequence.OURS)):
        vendor.fails = fails
        for _ in range(5):
            with pytest.raises(NoToken):
                await token.value()
            moments.now += FAILURE_HOLDS_S
    vendor.fails = None
    assert await token.value() == "first"
    said = [(one.method_name, one.kwargs.get("code")) for one in log.calls]
    assert said == [("warning", ""), ("error", "40164"), ("info", None)]
    assert "made-up" not in str(log.calls)
