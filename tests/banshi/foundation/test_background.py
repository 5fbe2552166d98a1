"""Work beside the requests: it goes on after an error, says so, and ends with the server."""

from __future__ import annotations

import asyncio
import gc
from functools import partial

import pytest
from structlog.testing import capture_logs

from banshi.foundation import background
from banshi.sdk.operations import every, working


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RESTART_PAUSE_S", 0.0)


async def test_work_that_fails_begins_anew_and_says_where_it_failed_but_not_the_errors_text() -> None:
    tries = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise KeyError("wang's telephone number")
        done.set()
        await asyncio.Event().wait()

    with capture_logs() as lines:
        async with working("counting", work), asyncio.timeout(5):
            await done.wait()
    told = [(line["work"], line["error"], line["log_level"]) for line in lines]
    assert told == [("counting", "KeyError", "error")] * 2
    assert all(line["where"].startswith("test_background.py:") for line in lines)
    assert "telephone" not in str(lines)


async def test_one_work_that_fails_holds_up_no_other_and_what_returns_is_over() -> None:
    rounds = {"failing": 0, "going": 0, "over": 0}
    enough = asyncio.Event()

    async def failing() -> None:
        rounds["failing"] += 1
        raise RuntimeError

    async def going() -> None:
        while True:
            rounds["going"] += 1
            if min(rounds["failing"], rounds["going"]) >= 10:
                enough.set()
            await asyncio.sleep(0)

    async def over() -> None:
        rounds["over"] += 1

    async with working("three", failing, going, over), asyncio.timeout(5):
        await enough.wait()
    assert rounds["over"] == 1


async def test_work_is_cancelled_at_the_end_and_waited_for() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.append("tidied up")

    async def serve() -> None:
        async with working("tidy", work):
            await asyncio.sleep(0)
            raise ValueError("the server's own end")

    with pytest.raises(ValueError, match="the server's own end"):
        await serve()
    assert ended == ["tidied up"]


async def test_rounds_go_on_after_one_that_fails_and_say_what_failed() -> None:
    rounds, enough = 0, asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise OSError("wang's address")
        if rounds == 4:
            enough.set()

    with capture_logs() as lines:
        async with working("rounds", partial(every, 0.0, work, "could not look")), asyncio.timeout(5):
            await enough.wait()
    assert [(line["event"], line["error"]) for line in lines] == [("could not look", "OSError")]
    assert "wang" not in str(lines)


async def test_what_fails_apart_after_its_caller_has_left_is_nobody_s_exception() -> None:
    """The same file under one key, sent twice, of which one sender hung up: its row is refused, and that is all."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    begun, go, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go.wait()
        over.set()
        raise ValueError("taken")

    caller = asyncio.create_task(background.apart(work()))
    await begun.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    go.set()
    await over.wait()
    await asyncio.sleep(0)
    gc.collect()
    assert not told
    with pytest.raises(ValueError, match="taken"):
        await background.apart(work())
