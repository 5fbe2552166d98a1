"""Asterisk's calls reach the hotline: each event once known is never lost, whatever breaks or is killed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from banshi.foundation.retry import Retry
from banshi.sdk.outgoing import new_secret
from hotline_asterisk import program
from hotline_asterisk.__main__ import main, run
from hotline_asterisk.calls import Calls
from tests.channels.asterisk.ari import PASSWORD, USER, Ari, opened_ari
from tests.waiting import until

SECRET = new_secret()


@dataclass
class Hotline:
    """Takes signed calls, as `POST /v1/hotline/events` does; what others sign it doesn't."""

    url: str = ""
    #: What was told of each call, in the order in which it came.
    told: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    #: Statuses of the next answers; then all is taken.
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        event = Webhook(SECRET).verify(body, dict(request.headers))  # the standard's own library
        if self.answers and (status := self.answers.pop()) != 204:
            return web.json_response({"why": "wrong-time"}, status=status)
        self.told[event["call"]].append(event)
        return web.Response(status=204)

    def of(self, call: str) -> set[str]:
        return {one["event"] for one in self.told[f"asterisk:{call}"]}


@asynccontextmanager
async def opened_hotline() -> AsyncIterator[Hotline]:
    own, app = Hotline(), web.Application()
    app.router.add_post("/v1/hotline/events", own.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    own.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield own
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(folder: Path, ari: Ari, hotline: Hotline) -> AsyncIterator[None]:
    """The program, ended in the middle of whatever it does."""
    more = {"user": USER, "password": PASSWORD, "application": "hotline", "lines": ["9600110"], "name": "asterisk"}
    given = {"asterisk": ari.url, "platform": hotline.url, "secret": SECRET, **more}
    task = asyncio.create_task(run(folder / "journal.sqlite", given))
    try:
        await until(lambda: ari.listeners or task.done())
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "RETRY", Retry(0.02, 0.05))


async def test_a_call_is_told_with_its_line_its_number_and_who_answers_and_no_other_channel_is(tmp_path: Path) -> None:
    async with opened_ari() as ari, opened_hotline() as hotline, listening(tmp_path, ari, hotline):
        assert next(iter(ari.listeners.values()))["subscribeAll"] == "true"
        await ari.rings("1.1", "13800000000")
        await ari.moves("1.1", "Up")  # the queue's music, and nobody
        await ari.rings("1.3", line="s", name="Announcer/ARI-00000001;2")
        await ari.meet("1.3", "1.1")
        await ari.rings("1.2", line="8001", name="Local/8001@agents-0000000a;1")
        await until(lambda: hotline.of("1.1") == {"ringing"})
        await ari.meet("1.1", "1.2")
        for one in ("1.2", "1.1", "1.3"):
            await ari.ends(one)
        await until(lambda: hotline.of("1.1") == {"ringing", "answered", "ended"})
        ((call, told),) = hotline.told.items()
    first, second, last = (
        next(one for one in told if one["event"] == name) for name in ("ringing", "answered", "ended")
    )
    assert (call, len(told)) == ("asterisk:1.1", 3)
    assert (first["line"], first["number"], second["agent"]) == ("9600110", "13800000000", "8001")
    moments = [datetime.fromisoformat(one["at"]) for one in (first, second, last)]
    assert moments == sorted(moments)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_breaks_or_is_killed_each_call_is_told_from_ringing_to_its_end(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    hotline: Hotline
    journal = tmp_path / "journal.sqlite"
    journal.touch(0o644)
    async with opened_ari() as ari, opened_hotline() as hotline:
        hotline.answers = [chance.choice((204, 500, 503, 401)) for _ in range(60)]
        answered = set()
        for life in range(4):
            async with listening(tmp_path, ari, hotline):
                for number in range(6):
                    await ari.rings(f"{life}.{number}", "13800000000")
                    if chance.random() < 0.3:
                        await ari.breaks()
                await until(lambda life=life: all(hotline.of(f"{life}.{number}") for number in range(6)))
            # Nobody listens now, and with half of the calls it all goes on.
            for number in range(6):
                if chance.random() < 0.5:
                    agent = f"{life}.{number}-agent"
                    await ari.rings(agent, line="s", name=f"PJSIP/8{number:03}-0000000b")
                    await ari.meet(agent, f"{life}.{number}")
                    answered.add(f"{life}.{number}")
                elif chance.random() < 0.5:
                    await ari.ends(f"{life}.{number}")
        async with listening(tmp_path, ari, hotline):
            await until(lambda: all("answered" in hotline.of(one) for one in answered))
            for one in list(ari.channels):
                await ari.ends(one)
            every = [f"{life}.{number}" for life in range(4) for number in range(6)]
            await until(lambda: all("ended" in hotline.of(one) for one in every))
            # A number is nobody else's to read, and gone with its call.
            await until(lambda: b"13800000000" not in journal.read_bytes())
            assert journal.stat().st_mode & 0o777 == 0o600
    for one in every:
        assert hotline.of(one) == {"ringing", "ended"} | ({"answered"} if one in answered else set())
        # Whichever of them comes first, the hotline knows by it at which desk it rings.
        said = {(event["line"], event["number"]) for event in hotline.told[f"asterisk:{one}"]}
        assert said == {("9600110", "13800000000")}
        # What was on its way when the program was killed may come once more, and is the same.
        assert len({json.dumps(event) for event in hotline.told[f"asterisk:{one}"]}) == len(hotline.of(one))
    assert hotline.told.keys() == {f"asterisk:{one}" for one in every}


async def test_what_the_hotline_never_takes_holds_up_nothing_and_what_is_none_of_aris_breaks_nothing(
    tmp_path: Path,
) -> None:
    async with opened_ari() as ari, opened_hotline() as hotline, listening(tmp_path, ari, hotline):
        hotline.answers = [422, *[400] * 20, 401]
        with capture_logs() as logs:
            for number in range(21):
                await ari.rings(f"0.{number}")
            await until(lambda: not hotline.answers)
        assert [one["why"] for one in logs if one.get("status") == 401] == ["wrong-time"]
        for odd in ({"timestamp": 7}, {"channel": []}, {"channel": {"id": {}}}, {"bridge": None}, {"type": None}):
            await ari.tell("ChannelEnteredBridge", **odd)
        await ari.tell("ChannelVarset", variable="X", value="")
        await ari.rings("1.2")
        await until(lambda: hotline.of("1.2") == {"ringing"})


def test_an_event_that_cant_be_read_changes_nothing_and_the_same_event_whole_is_told() -> None:
    calls = Calls("one", ["9600110"], {})
    channel = {"id": "1", "name": "PJSIP/t-00000001", "dialplan": {"exten": "9600110"}, "caller": {"number": ""}}
    for kind, known in (("ChannelCreated", {}), ("ChannelDestroyed", {"1": {"line": "9600110"}})):
        calls.callers = dict(known)
        with pytest.raises(ValueError, match="isoformat"):
            calls.take({"type": kind, "timestamp": "yesterday", "channel": channel})
        assert calls.callers == known
        assert calls.take({"type": kind, "timestamp": "2026-12-01T08:00:00.000+0800", "channel": channel})


def test_a_secret_that_is_none_is_said_before_anything_begins(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("whsec_short\n")
    given = {"asterisk": "http://127.0.0.1:9", "user": USER, "platform": "http://127.0.0.1:9", "line": "9600110"}
    files = {"password-file": secret, "secret-file": secret, "journal": tmp_path / "journal.sqlite"}
    said = CliRunner().invoke(
        main, [word for name, value in {**given, **files}.items() for word in (f"--{name}", str(value))]
    )
    assert said.exit_code == 1
    assert "whsec_" in said.output
    assert json.dumps(SECRET) not in said.output
