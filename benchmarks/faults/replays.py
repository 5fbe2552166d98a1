"""Signed answers of a department's system that somebody sends again: at once, after a restart, with another time."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

from banshi.testing import Door
from benchmarks.shared.quiet import quiet
from benchmarks.town.report import Report
from tests.plugins.services_office import Office, open_city, open_office, sign, until

PATH = "/v1/services/parks-trees/answers"

#: How often each is sent at once.
AT_ONCE = 4

#: Seconds beside the right time that a signature may have, and what is refused.
STALE = (301.0, 3600.0, -301.0, -86_400.0)


async def replays(folder: Path, length: argparse.Namespace) -> Report:
    """Every answer counts once, whoever sends it how often; a signature of another time counts never."""
    quiet()
    cases = 4 * length.kills
    report = Report(f"{cases} signed answers are sent {AT_ONCE} times at once, and again after a restart")
    told, sent = Counter[tuple[str, int]](), []
    async with open_office(folder) as office:
        await office.run()
        for _ in range(cases):
            case = await accepted(office)
            raw = json.dumps({"case": case, "action": "approve"})
            for ago in STALE:
                told["another time", await posted(office.door, raw, sign(office.endpoint.secret, raw, ago=ago))] += 1
            headers = sign(office.endpoint.secret, raw)
            together = await asyncio.gather(*(posted(office.door, raw, headers) for _ in range(AT_ONCE)))
            told.update(("at once", status) for status in together)
            sent.append((raw, headers))
    async with open_city(folder) as door:
        for raw, headers in sent:
            told["after a restart", await posted(door, raw, headers)] += 1
    good = told["at once", 200]
    report.injected = told.total() - good
    report.lost, report.duplicated = max(0, cases - good), max(0, good - cases)
    report.say("answers", ", ".join(f"{when} {status}: {count}" for (when, status), count in sorted(told.items())))
    report.promise(good == cases, f"{good} of {cases} answers were taken")
    report.promise({status for when, status in told if when == "after a restart"} == {409}, "taken after a restart")
    report.promise({status for when, status in told if when == "another time"} == {401}, "taken at another time")
    return report


async def accepted(office: Office) -> str:
    """A case that waits for the service's answer."""
    wang = office.door.citizen("wang")
    case = str((await wang.post("/v1/items/tree-felling/cases", {"answers": {"trees": 2}})).created()["id"])

    async def waits() -> bool:
        return bool((await wang.get(f"/v1/cases/{case}")).ok()["state"] == "accepted")

    await until(waits)
    return case


async def posted(door: Door, raw: str, headers: dict[str, str]) -> int:
    told = {**headers, "Content-Type": "application/json"}
    return (await door.anyone.call("POST", PATH, data=raw.encode(), headers=told)).status
