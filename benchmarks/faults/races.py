"""The same at the same time: a submission sent twice while the server is killed, a scarce slot, several approvers."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import appointments
from benchmarks.shared.databases import postgres
from benchmarks.town.checks import Database
from benchmarks.town.city import City, city
from benchmarks.town.report import Report
from benchmarks.town.story import APPLY
from benchmarks.town.town import STAFF, TWO

#: How often each is sent at once, and approvers of one case.
AT_ONCE, APPROVERS = 4, 6


async def twice(folder: Path, length: argparse.Namespace) -> Report:
    """Everybody sends each submission several times at once with one key, and then another one with the same key."""
    report = Report(f"each submission {AT_ONCE} times at once with one key, and the server killed meanwhile")
    count, told, ids = 8 * length.kills, Counter[str](), dict[str, set[str]]()
    async with city(folder) as one:
        await one.start()
        ready = [(f"citizen-{number}", await answers_of(one, f"citizen-{number}")) for number in range(count)]
        begun = asyncio.create_task(everybody(one, ready, told, ids))
        for _ in range(max(1, length.kills // 2)):
            await asyncio.sleep(0.5)
            one.server.kill()
            killed = time.monotonic()
            await one.again(one.server)
            report.recovery.append(time.monotonic() - killed)
        await begun
        made = await asyncio.to_thread(one.database.count, "banshi_case")
    report.injected = count * (AT_ONCE + 1)
    report.duplicated = sum(len(found) - 1 for found in ids.values()) + made - count
    report.lost = sum(not found for found in ids.values())
    report.say("answers", dict(sorted(told.items())))
    report.promise(report.duplicated == 0 and report.lost == 0, f"{count} keys made {made} cases")
    report.promise(told["another body 422"] == count, "another body was not always refused with 422")
    allowed = {"created", "stored answer", "in flight 409", "another body 422"}
    report.promise(set(told) <= allowed, f"answered {dict(told)}")
    return report


async def answers_of(one: City, name: str) -> dict[str, Any]:
    """Right answers, whose files are there."""
    return await one.applicant(name).answers_of(name)


async def everybody(
    one: City, ready: Sequence[tuple[str, dict[str, Any]]], told: Counter[str], ids: dict[str, set[str]]
) -> None:
    """One after the other in small groups, so that the kills meet some of them."""

    async def sent(name: str, answers: dict[str, Any]) -> None:
        key = f"{name}/submit"
        ids[key] = set()
        headers = {**one.bearer(name), "Idempotency-Key": key}

        async def insist() -> None:
            while True:
                status, document, replayed = await posted(one, headers, {"answers": answers})
                if status == 201:
                    ids[key].add(document["id"])
                    told["stored answer" if replayed else "created"] += 1
                    return
                if status == 409:
                    told["in flight 409"] += 1
                elif status not in {0, 503}:
                    told[f"{status} {document.get('code')}"] += 1
                    return
                await asyncio.sleep(0.05)

        await asyncio.gather(*(insist() for _ in range(AT_ONCE)))
        status = 0
        while status in {0, 503}:
            status, _, _ = await posted(one, headers, {"answers": {**answers, "purpose": "别的事"}})
        told[f"another body {status}"] += 1

    for start in range(0, len(ready), 4):
        await asyncio.gather(*(sent(*each) for each in ready[start : start + 4]))
        await asyncio.sleep(0.1)


async def posted(one: City, headers: dict[str, str], body: Any) -> tuple[int, Any, bool]:
    """Status (0: nobody there), document, and whether it is an answer from before."""
    try:
        async with one.session.post(one.urls[0] + APPLY, headers=headers, json=body) as answer:
            return answer.status, await answer.json(content_type=None), "Idempotency-Replayed" in answer.headers
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        await asyncio.sleep(0.05)
        return 0, {}, False


async def races(folder: Path, length: argparse.Namespace) -> Report:
    """Hundreds of people want a hundred places in one moment; several members of staff approve each case at once."""
    attempts = 2_000 if length.full else 250
    report = Report(f"{attempts:,} attempts at {appointments.PLACES} places, {APPROVERS} approvers at once")
    with postgres() as database:
        right = await asyncio.to_thread(appointments.measured, "PostgreSQL, two servers", attempts, database, 2)
    report.injected = attempts
    report.promise(right, "places were booked twice, or not all of them, or the list is out of order")
    (folder / "city").mkdir()
    with postgres() as database:
        async with city(folder / "city", database=database, commands=TWO) as one:
            await one.start()
            answers, begun = Counter[int](), time.monotonic()
            cases = [await approved_by_all(one, f"citizen-{number}", answers) for number in range(2 * length.kills)]
            report.injected += sum(answers.values())
            report.say("seconds of the approvals", f"{time.monotonic() - begun:.1f}")
            report.say("answers to approvals", dict(answers))
            passes = await asyncio.to_thread(per_case, one.database)
    report.duplicated = sum(max(0, made - 1) for made in passes.values())
    report.promise(passes == Counter(cases), f"{len(cases)} cases have {passes.total()} passes and approvals")
    report.promise(answers[200] == len(cases), f"{answers[200]} approvals of {len(cases)} cases were taken")
    report.promise(set(answers) <= {200, 409}, f"answered {dict(answers)}")
    return report


async def approved_by_all(one: City, name: str, answers: Counter[int]) -> str:
    """A case that several approve in the same moment, at both servers; its id."""
    case, _ = await one.applicant(name).accepted(name)

    async def approve(number: int) -> int:
        url = f"{one.urls[number % 2]}/v1/cases/{case}/actions/approve"
        async with one.session.post(url, headers=one.bearer(f"staff-{number}", *STAFF), json={}) as answer:
            return answer.status

    answers.update(await asyncio.gather(*map(approve, range(APPROVERS))))
    return case


def per_case(database: Database) -> Counter[str]:
    """Passes of each case, each with the one approval that made it."""
    rows = database.rows(
        "SELECT p.case_id FROM banshi_pass p JOIN banshi_case_event e ON e.case_id = p.case_id AND e.action = 'approve'"
    )
    return Counter(str(row["case_id"]) for row in rows)
