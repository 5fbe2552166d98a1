"""`banshi push`: what staff see on a terminal, and a sentence in place of a stack where something is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from banshi.testing import Door, Person
from mobile_push.reports.commands import push
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Chunk
from tests.mobile_push.delivery.fan_out import broadcast, ended, phones, publish
from tests.mobile_push.reports.test_reports import publisher


async def run(door: Door | str, person: Person | None, *arguments: Any, **options: Any) -> Result:
    """The command in a thread of its own, since it has its own loop."""
    url = door if isinstance(door, str) else door.url
    token = [] if person is None else ["--token", str(person.token)]
    words = [*map(str, arguments), "--url", url, *token]
    runner = CliRunner(env={"BANSHI_TOKEN": "", "COLUMNS": "160"})
    return await asyncio.to_thread(runner.invoke, push, words, **options)


def failed(result: Result, *said: str, status: int = 1) -> None:
    """It ends with a sentence, and not with a stack."""
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    for words in said:
        assert words in result.output


def documents(result: Result) -> list[Any]:
    """What it printed as JSON, without what the server in this process writes to its log meanwhile."""
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def operator(door: Door) -> Person:
    return door.staff("ops", "platform:operator")


@pytest.fixture
async def refused(door: Door, sandbox: FcmSandbox, monkeypatch: pytest.MonkeyPatch) -> Broadcast:
    """A notice of which two phones' messages were refused; they are one dead letter, as they are recorded together."""
    monkeypatch.setattr("mobile_push.delivery.courier.GATHER_FEW_S", 0.3)
    await phones(door, 10)
    await phones(door, 2, "bad")
    sandbox.behaviour.faults = {f"bad-{number:06}": "INVALID_ARGUMENT" for number in range(2)}
    one = await publish(door, await broadcast(door))
    await ended(one)
    return one


async def test_a_report_has_a_bar_the_groups_and_the_reasons(door: Door, refused: Broadcast) -> None:
    result = await run(door, publisher(door), "report", refused.id)
    assert result.exit_code == 0, result.output
    for words in (
        f"notice {refused.id} of traffic: published, all dealt with",
        "12 of 12 phones (100 %)",
        "━",
        "accepted",
        "parked",
        "Refused: INVALID_ARGUMENT (2)",
        "p99",
        "opened: 0",
    ):
        assert words in result.output
    assert "unwanted" not in result.output, "groups that nobody is in are left out"


async def test_a_report_of_an_alert_is_found_as_well(door: Door) -> None:
    one = await publish(door, await broadcast(door, "alert"))
    await ended(one)
    result = await run(door, publisher(door), "report", one.id)
    assert result.exit_code == 0, result.output
    assert "0 of 0 phones (0 %)" in result.output


async def test_a_report_for_machines_is_what_the_api_says(door: Door, refused: Broadcast) -> None:
    result = await run(door, publisher(door), "report", refused.id, "--json")
    assert documents(result)[0] == (await publisher(door).get(f"/v1/notices/{refused.id}/report")).ok()


async def test_following_goes_on_until_all_is_dealt_with(open_push: Any) -> None:
    async with open_push(fcm={"per_minute": 6_000}) as door:
        await phones(door, 150)
        # One after the other: each takes the standard output of the whole process.
        one = await publish(door, await broadcast(door))
        machine = await run(door, publisher(door), "report", one.id, "--follow", "--json")
        one = await publish(door, await broadcast(door))
        human = await run(door, publisher(door), "report", one.id, "--follow")
    assert (machine.exit_code, human.exit_code) == (0, 0), machine.output + human.output
    told = [document["finished"] for document in documents(machine)]
    assert len(told) >= 2
    assert told == [False] * (len(told) - 1) + [True]
    assert "150 of 150 phones (100 %)" in human.output


async def test_dead_letters_are_listed_retried_and_dropped(door: Door, sandbox: FcmSandbox, refused: Broadcast) -> None:
    result = await run(door, operator(door), "dead-letters")
    assert result.exit_code == 0, result.output
    chunk = await Chunk.get(state="parked")
    for words in (f"chunk-{chunk.id}", "INVALID_ARGUMENT", "traffic", str(refused.id)):
        assert words in result.output
    (letter,) = documents(await run(door, operator(door), "dead-letters", "--json"))
    assert letter["id"] == f"chunk-{chunk.id}"
    sandbox.behaviour.faults = {"bad-000000": "INVALID_ARGUMENT"}
    result = await run(door, operator(door), "dead-letters", "--retry", f"chunk-{chunk.id}")
    assert result.exit_code == 0
    assert f"chunk-{chunk.id}: due, 2 phones\n" in result.stdout
    assert (await ended(refused))["accepted"] == 11
    asked = await run(door, operator(door), "dead-letters", "--drop", "all", input="n\n")
    assert asked.exit_code == 1
    assert await Chunk.filter(state="parked").count() == 1, "nobody said yes"
    result = await run(door, operator(door), "dead-letters", "--drop", "all", "--yes", "--json")
    assert [one["state"] for one in documents(result)] == ["dropped"]
    assert "There are no dead letters.\n" in (await run(door, operator(door), "dead-letters")).stdout
    assert (await run(door, operator(door), "dead-letters", "--retry", "all")).exit_code == 0


async def test_one_that_cannot_be_moved_holds_up_no_other(door: Door, refused: Broadcast) -> None:
    chunk = await Chunk.get(state="parked")
    ids = ("chunk-999", f"chunk-{chunk.id}", "../../v1/inbox", "x\x1b[31m")
    result = await run(door, operator(door), "dead-letters", *(word for one in ids for word in ("--drop", one)))
    failed(result, f"chunk-{chunk.id}: dropped, 2 phones", "chunk-999: There is no such dead letter.")
    assert "\x1b" not in result.output
    assert (await Chunk.get(id=chunk.id)).state == "dropped"


async def test_wrong_words_are_told(door: Door, refused: Broadcast) -> None:
    someone = door.staff("li", "parks:publisher")
    failed(await run(door, someone, "report", refused.id), "no notice or alert", "that this token may see")
    failed(await run(door, publisher(door), "report", uuid4()), "no notice or alert")
    failed(await run(door, publisher(door), "report", "7"), "is not a valid UUID", status=2)
    failed(await run(door, None, "report", refused.id), "set BANSHI_TOKEN")
    failed(await run(door, door.bearing("nonsense"), "report", refused.id), "The token's signature")
    failed(await run(door, door.bearing("a\r\nX-Evil: 1"), "report", refused.id), "characters that no token has")
    failed(await run(door, door.citizen("wang"), "dead-letters"), "Your account does not allow this")
    failed(await run(door, publisher(door), "dead-letters"), "Only operators of the platform")
    failed(await run("ftp://x", publisher(door), "dead-letters"), "http:// or https://")
    failed(await run("http://", publisher(door), "dead-letters"), "mend --url")
    failed(await run("http://127.0.0.1:1", publisher(door), "dead-letters"), "can't be reached")
    both = await run(door, operator(door), "dead-letters", "--retry", "all", "--drop", "chunk-1")
    failed(both, "not both at once", status=2)


@pytest.fixture
async def stranger() -> AsyncIterator[str]:
    """A server that is not Banshi."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/stream"):
            return web.Response(text="event: report\ndata: {not json\n\n", content_type="text/event-stream")
        if "alerts" in request.path:
            return web.json_response({"detail": "\x1b[2Jgone", "status": 404}, status=404)
        return web.Response(text="<html>", status=200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_server_that_is_something_else_is_told(door: Door, stranger: str) -> None:
    failed(await run(stranger, publisher(door), "report", uuid4()), "nothing of Banshi's")
    failed(await run(stranger, publisher(door), "dead-letters"), "nothing of Banshi's")
