"""Works that go on beside each other: counted, logged where they fail, and waited for at the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from banshi.foundation.background import UnderWay


def begun() -> tuple[UnderWay, asyncio.Event, list[dict[str, Any]]]:
    wake, failures = asyncio.Event(), list[dict[str, Any]]()
    return UnderWay(wake, lambda **about: failures.append(about)), wake, failures


async def test_what_fails_is_logged_with_its_place_and_whoever_waits_for_room_is_woken() -> None:
    works, wake, failures = begun()

    async def fails() -> None:
        raise ValueError

    works.begin(fails())
    assert len(works) == 1
    await wake.wait()
    assert not works
    (one,) = failures
    assert one["error"] == "ValueError"
    assert "test_under_way" in one["where"]


async def test_the_end_waits_for_what_is_under_way_and_cancels_what_takes_too_long() -> None:
    works, _, failures = begun()
    go_on, done = asyncio.Event(), list[str]()

    async def work(name: str, until: asyncio.Event) -> None:
        await until.wait()
        done.append(name)

    works.begin(work("quick", go_on))
    works.begin(work("endless", asyncio.Event()))
    go_on.set()
    await works.drain(0.01)
    assert done == ["quick"]
    await asyncio.sleep(0)
    assert not works
    assert failures == []


async def test_who_waits_no_longer_ends_it_all() -> None:
    works, _, _ = begun()
    works.begin(asyncio.Event().wait())
    (task,) = works
    waiting = asyncio.create_task(works.drain())
    await asyncio.sleep(0)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    assert task.cancelled()
