"""The server killed between turn and reply, again and again; what the database has at the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.shared.cities import OWN, PUSH, city
from benchmarks.shared.servers import Server
from benchmarks.talking.insisting import TIMES, Crowd
from benchmarks.talking.script import messages
from benchmarks.town.checks import Database
from benchmarks.town.report import Report

PLUGINS = {"talking": OWN / "talking", "conversations": "conversations", **PUSH}

#: Messages of one conversation.
EACH = len(messages(""))


async def tried(folder: Path, title: str, database: str, length: argparse.Namespace) -> Report:
    """All conversations, with so many kills while they go on."""
    report = Report(f"{title}, each message delivered {TIMES} times")
    config = city(folder, PLUGINS, log_level="warning", database=database)
    url = database or f"sqlite://{folder / 'data' / 'banshi.sqlite3'}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as session:
        server = Server(config, folder / "server.log")
        crowd = Crowd(session, server, -(-length.messages // EACH), random.Random(length.seed))
        begun = time.monotonic()
        try:
            await started(crowd)
            lives = asyncio.create_task(crowd.live())
            written, kinds = 0, order(length.kills)
            for number, exactly in enumerate(kinds):
                await until(crowd, lives, (number + 0.5 + crowd.chance.uniform(-0.3, 0.3)) / len(kinds))
                written += await killed(crowd, Database(url), report, exactly=exactly)
                await crowd.deliver_late()
            await lives
        finally:
            await asyncio.to_thread(server.end)
        report.say("seconds", f"{time.monotonic() - begun:.0f}")
        report.say("turns that were written and not answered when the server was killed", written)
        report.promise(written >= length.kills, "too few kills came between a turn and its reply")
        judged(crowd, Database(url), report)
    return report


def order(kills: int) -> list[bool]:
    """So many kills exactly between a turn and its reply, and after each fourth of them one at any moment."""
    return [exactly for number in range(1, kills + 1) for exactly in ((True,) if number % 4 else (True, False))]


async def started(crowd: Crowd) -> None:
    crowd.server.start()
    await crowd.server.ready(crowd.session)
    crowd.up.set()


async def until(crowd: Crowd, lives: asyncio.Task[None], share: float) -> None:
    """Wait until so large a share of the messages is answered. Raises what ended the conversations."""
    while len(crowd.answers) < share * crowd.conversations * EACH:
        if lives.done():
            return lives.result()
        await asyncio.sleep(0.005)
    return None


async def killed(crowd: Crowd, database: Database, report: Report, *, exactly: bool) -> int:
    """Kill the server while turns are under way, `exactly` by itself between one of them and its reply.

    How many turns were written of which nobody knew.
    """
    process = crowd.server.process
    assert process is not None
    if exactly:
        crowd.dies = True
    else:
        await asyncio.sleep(crowd.chance.uniform(0, 0.05))
        process.kill()
    await asyncio.to_thread(process.wait, 60)
    crowd.up.clear()
    crowd.server.kill()
    fell = time.monotonic()
    open_ones = [key for key, count in crowd.under_way.items() if count and key not in crowd.answers]
    crowd.under_way.clear()
    keys = ", ".join(f"'{key}'" for key in open_ones)
    rows = database.rows(f"SELECT key FROM conversations_turn WHERE key IN ({keys})") if keys else []
    await started(crowd)
    report.injected += 1
    report.recovery.append(time.monotonic() - fell)
    return len(rows)


def judged(crowd: Crowd, database: Database, report: Report) -> None:
    """Hold the database against what was answered."""
    turns = database.rows(
        "SELECT t.key, t.reply, c.contact, c.version FROM conversations_turn t"
        " JOIN conversations_conversation c ON c.id = t.conversation_id"
    )
    cases = database.rows("SELECT number, person, answers FROM banshi_case")
    keys = Counter(str(row["key"]) for row in turns)
    missing = [key for key in crowd.answers if not keys[key]]
    twice = [key for key, count in keys.items() if count > 1]
    people = Counter(str(row["person"]) for row in cases)
    report.lost = len(missing) + sum(1 for one in crowd.contacts if not people[one])
    report.duplicated = len(twice) + sum(count - 1 for count in people.values() if count > 1)
    report.say("messages; deliveries, of which cut off", f"{len(crowd.answers):,}; {crowd.deliveries:,}, {crowd.cut}")
    report.say(
        "turns; conversations; cases", f"{len(turns):,}; {len({one['contact'] for one in turns}):,}; {len(cases):,}"
    )
    report.say("turns lost; turns twice", f"{len(missing)}; {len(twice)}")
    report.say("cases lost; cases twice", f"{report.lost - len(missing)}; {report.duplicated - len(twice)}")
    for what in (*crowd.wrong, *broken(crowd, turns, cases)):
        report.promise(False, what)
    report.promise(not report.lost, f"lost: {missing[:5]}")
    report.promise(not report.duplicated, f"twice: {twice[:5]} {people.most_common(2)}")


def broken(crowd: Crowd, turns: list[Any], cases: list[Any]) -> Iterator[str]:
    """What is not as it was promised."""
    if len(crowd.answers) != crowd.conversations * EACH:
        yield f"{len(crowd.answers)} messages were answered, of {crowd.conversations * EACH}"
    for row in turns:
        reply = json.loads(row["reply"])["text"]
        if any(one != reply for one in crowd.answers[row["key"]]):
            yield f"{row['key']} was answered {set(crowd.answers[row['key']])}, and {reply!r} is stored"
        if len(crowd.answers[row["key"]]) < 2:
            yield f"{row['key']} was answered {len(crowd.answers[row['key']])} times"
        if row["version"] != EACH:
            yield f"{row['contact']} has moved {row['version']} times in {EACH} messages"
    for case in cases:
        person = str(case["person"])
        if json.loads(case["answers"])["who"] != person:
            yield f"the case of {person} is somebody else's"
        if case["number"] not in crowd.answers[f"{person}/{EACH - 1}"][0]:
            yield f"{person} was told another number than {case['number']}"
