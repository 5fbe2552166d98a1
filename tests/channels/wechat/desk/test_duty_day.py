"""A day of a duty room, as a story that is made anew each time: a token outage, a kill and a night are in it.

Every answer arrives once, or its officer and citizen both know why not; the figures are what one counts by hand.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from banshi.testing import Person, open_door
from conversations.tables.models import Said
from desk.tables.models import DeskEvent
from tests.channels.desk.bureau import WORKDAY
from tests.channels.strangers.judge import server
from tests.channels.wechat.desk.duty_day import Citizen, Officer, turned
from tests.channels.wechat.phones import written
from tests.places import ROOT
from tests.processes import commands
from tests.servers.ports import free_port
from tests.tries import tries
from tests.waiting import until
from wechat.sandbox import callbacks
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox

CITIZENS = tries(20, 300)
#: Answers of the first day that are under way at the most when the server dies.
OFFICERS = ("li", "wang", "zhao", "sun")
DESK = "petitions/reception:desk"
TAKEN = ("accepted", "delivered", "late")


DESKS = (
    '[plugins.desk]\npackage = "desk"\napi = 1\n[[plugins.desk.settings.desks]]\n'
    'code = "reception"\ndepartment = "petitions"\nunit = "reception"\n'
    'title = { zh-CN = "咨询台", en = "Enquiries" }\nhours = { workday = ["9:00-17:30"] }\n'
    'item = "consult-police"\nfield = "question"\n'
)


def token(config: Path, name: str, *roles: str) -> str:
    given = [part for role in roles for part in ("--role", role)]
    return commands.run(ROOT, "--config", config, "token", name, *given).stdout.strip()


def by_hand(events: Sequence[DeskEvent]) -> dict[str, int]:
    """Figures, counted over the history alone."""
    of: dict[Any, list[DeskEvent]] = defaultdict(list)
    for one in events:
        of[one.enquiry_id].append(one)
    counted = dict.fromkeys(("asked", "answered", "in_time", "handled", "left", "words"), 0)
    for rows in of.values():
        if any(one.what == "word" for one in rows):
            counted["words"] += 1
            continue
        counted["asked"] += 1
        counted["handled"] += any(one.what == "closed" for one in rows)
        counted["left"] += any(one.what == "left" for one in rows)
        answers = {one.word for one in rows if one.what == "answered"}
        first = next((one.at for one in rows if one.what in TAKEN and one.word in answers), None)
        if first is not None:
            counted["answered"] += 1
            counted["in_time"] += first - rows[0].at <= timedelta(minutes=3)
    return counted


async def test_a_day_with_an_outage_a_kill_and_a_night(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long: four servers live through two days of twenty citizens."""
    seed = random.randrange(1 << 30)
    print("the story's seed:", seed)
    chance, port = random.Random(seed), free_port()
    morning = WORKDAY.timestamp() - time.time()
    night, next_day = morning + 9 * 3_600, morning + 23.5 * 3_600
    ahead = [morning]
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(time=lambda: time.time() + ahead[0]))
    async with WeChatSandbox(f"http://127.0.0.1:{port}/v1/wechat/bureau", account=Account(Keys(), "safe")) as wechat:
        button = {"type": "click", "name": "人工服务", "key": "人工"}
        wechat.account.menu = {"button": [{"name": "微警方", "sub_button": [button]}]}
        config = written(tmp_path, postgres, wechat, DESKS)
        tokens = await asyncio.gather(
            *(asyncio.to_thread(token, config, name, DESK) for name in OFFICERS),
            asyncio.to_thread(token, config, "lead", "petitions/reception:desk-lead"),
        )
        people = [
            Citizen(wechat.phone(f"市民{number}"), number % 2 == 0, number % 10 == 4) for number in range(CITIZENS)
        ]
        early, late, last = people[: CITIZENS // 2], people[CITIZENS // 2 : -3], people[-3:]

        def turn_to(seconds: float) -> float:
            ahead[0] = wechat.account.clock.ahead = seconds
            return seconds

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            url = f"http://127.0.0.1:{port}"
            room = [
                Officer(name, Person(session, url, own), random.Random(seed + number))
                for number, (name, own) in enumerate(zip(OFFICERS, tokens[:-1], strict=True))
            ]
            lead = Officer("lead", Person(session, url, tokens[-1]), chance)
            working = [asyncio.create_task(one.works()) for one in room]
            async with server(config, port, partial(turned, turn_to(morning))):
                await asyncio.gather(*(one.asks() for one in early[: len(early) // 2]))
                wechat.faults.status["/cgi-bin/stable_token"] = 500
                wechat.tokens.withdraw()
                asking = [asyncio.create_task(one.asks()) for one in early[len(early) // 2 :]]
                await asyncio.sleep(1.5)
                wechat.faults.status.clear()
                await asyncio.sleep(chance.uniform(0.2, 1.0))
            # It was killed; the next one goes on.
            async with server(config, port, partial(turned, turn_to(morning + 60))):
                await asyncio.gather(*asking, *(one.asks() for one in late))
                await until(lambda: nothing_waits(lead))
                held = (await lead.does("GET", "/v1/desk/enquiries?state=held&limit=1")).ok()["items"]
                for one in held:
                    await lead.does("POST", f"/v1/desk/enquiries/{one['id']}/take-over", {"purpose": "the day ends"})
                for one in room:
                    one.over.set()
                await asyncio.gather(*working)
                for one in held:
                    await lead.does("POST", f"/v1/desk/enquiries/{one['id']}/close")
                # They come when nobody claims any more, and the shift ends.
                await asyncio.gather(*(one.asks() for one in last))
            async with server(config, port, partial(turned, turn_to(night))):
                await until(lambda: all(one.has("已下班") for one in last if not one.is_silent))
            async with server(config, port, partial(turned, turn_to(next_day))):
                for one in room:
                    one.over.clear()
                working = [asyncio.create_task(one.works()) for one in room]
                for one in last:
                    await one.says("取消")
                    await one.asks()
                await until(lambda: nothing_waits(lead))
                # What waited for their next word is said with it.
                for _ in range(2):
                    await asyncio.gather(*(one.says("你好") for one in people if not one.is_silent))
                await until(lambda: all_left(lead, people))
                for one in room:
                    one.over.set()
                await asyncio.gather(*working)
                shown = (await lead.does("GET", "/v1/desk/figures?from=2026-11-24&until=2026-11-27")).ok()["items"][0]
    answers = {said: text for one in room for said, text in one.said.items()}
    async with open_door(tmp_path, {"conversations": "conversations"}, platform={"database": postgres}):
        rows = {str(one.id): one for one in await Said.filter(by="officer")}
        events = await DeskEvent.all().order_by("id")
    assert rows.keys() == answers.keys(), "what was acknowledged is there, and nothing twice"
    told = {(str(one.word), one.what) for one in events if one.word}
    for said, text in answers.items():
        row, seen = rows[said], sum(one.has(text) for one in people)
        # The officer was told what became of it.
        assert (said, row.state) in told, (text, row.state)
        if row.state in TAKEN:
            assert seen == 1, (text, row.state, seen)
        else:
            assert row.state == "unknown", (text, row.state, row.code)
            assert seen <= 1
    assert {name: shown[name] for name in by_hand(events)} == by_hand(events)
    # Whom the lead took over at the day's end was not answered; an answer that nobody knows of may not have come.
    unknown = sum(one.state == "unknown" for one in rows.values())
    without = [one.phone.me.name for one in people if not (one.is_silent or one.has("号答复"))]
    assert len(without) <= len(held) + unknown, without
    # Who never writes the one word was asked for it, and rang nobody.
    assert all(one.has("请现在回复任意一个字") for one in people if one.is_silent)


async def nothing_waits(lead: Officer) -> bool:
    return not (await lead.does("GET", "/v1/desk/enquiries?limit=1")).ok()["items"]


async def all_left(lead: Officer, people: Sequence[Citizen]) -> bool:
    """Nothing is on its way: what anybody was said stands still for a while."""
    before = sum(len(one.phone.seen) for one in people)
    await asyncio.sleep(1.0)
    return sum(len(one.phone.seen) for one in people) == before and await nothing_waits(lead)
