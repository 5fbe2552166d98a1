"""Passes that were altered, and pictures of passes that are shown when or where they no longer count."""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from banshi.builtin.passes.wire import cose, picture
from banshi.testing import Person, open_door
from benchmarks.shared.cities import DEPARTMENTS, PUSH
from benchmarks.shared.figures import percentile
from benchmarks.shared.quiet import quiet
from benchmarks.town.report import Report
from tests.banshi.builtin.passes.test_dynamic_passes import FIRE, approved
from tests.banshi.builtin.passes.test_pass_ledger import DAY, QR, REFUSALS, Forger, Issued, issue, revoke, scan, turn
from tests.banshi.builtin.passes.test_passes import damaged
from tests.town.zone_pass import answers_with

#: Scans at once.
AT_ONCE = 32


@asynccontextmanager
async def issued(folder: Path) -> AsyncIterator[Issued]:
    """A pass that is valid for a month from today on."""
    quiet()
    async with open_door(folder, {"traffic": DEPARTMENTS / "traffic"}) as door:
        yield await issue(door, answers)


async def answers(person: Person, **changes: Any) -> dict[str, Any]:
    return answers_with([(await person.upload()).created()["id"] for _ in range(2)], **changes)


async def qr(folder: Path, length: argparse.Namespace) -> Report:
    """Bits turned, ends cut off, junk appended, and what somebody with the very key may write otherwise."""
    count, dice = (10_000 if length.full else 300), random.Random(length.seed)
    report = Report(f"{count:,} damaged passes and {len(REFUSALS)} forgeries are scanned")
    verdicts, took = Counter[str](), []
    async with issued(folder) as one:
        data = cose.compact_bytes(one.text)

        async def seen(text: str) -> None:
            begun = time.monotonic()
            reply = await one.door.officer("chen", "traffic").post("/v1/passes/verify", {"text": text, "place": ""})
            # A text that no database takes is refused before anybody takes it for a pass.
            verdicts[
                reply.ok()["verdict"] if reply.status == 200 else reply.problem(400, "malformed-body")["code"]
            ] += 1
            took.append(time.monotonic() - begun)

        texts = []
        while len(texts) < count:
            _, bad = damaged(dice, data, one.text)
            text = bad if isinstance(bad, str) else cose.compact_text(bad)
            if text != one.text:
                texts.append(text)
        forger = Forger(one)
        texts += [forge(forger) for forge in REFUSALS.values()]
        for start in range(0, len(texts), AT_ONCE):
            await asyncio.gather(*map(seen, texts[start : start + AT_ONCE]))
        report.injected, report.lost = len(texts), verdicts["valid"]
        report.promise((await one.verdict())["verdict"] == "valid", "the good one is refused")
    report.say("verdicts", dict(verdicts.most_common()))
    report.say("seconds of a scan at p99", f"{percentile(took, 0.99):.3f}")
    report.promise(not verdicts["valid"], f"{verdicts['valid']} were taken for valid")
    return report


async def screenshots(folder: Path, length: argparse.Namespace) -> Report:
    """The picture of a pass, read by a library that isn't ours: early, in time at two places, late, and revoked.

    And of a dynamic one, at every second for some time around that at which its phone showed it.
    """
    report = Report("the picture of a pass is shown at other times and places than it is for")
    around = 300 if length.full else 60
    await of_a_dynamic_pass(folder / "dynamic", around, report)
    async with issued(folder) as one:
        picture = (await one.person.get(f"{one.link}/pass.png")).body
        (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), QR)
        expected = {"two days early": "not-yet-valid", "in time": "valid", "a month late": "expired"}
        clock = one.door.platform.now
        for (when, verdict), days in zip(expected.items(), (-2, 0, 31), strict=True):
            turn(one.door, days * DAY)
            found = (await one.verdict(read.text))["verdict"]
            one.door.platform.now = clock
            report.say(when, found)
            report.promise(found == verdict, f"{when}: {found} in place of {verdict}")
        first = await scan(one.door, read.text, "一号卡口", "chen")
        second = await scan(one.door, read.text, "二号卡口", "zhao")
        report.say("flagged at a second place within ten minutes", second["seen_elsewhere"])
        report.promise((first["seen_elsewhere"], second["seen_elsewhere"]) == (False, True), "two places: not flagged")
        await revoke(one)
        found = (await one.verdict(read.text))["verdict"]
        report.say("once it is revoked", found)
        report.promise(found == "revoked", f"revoked: {found}")
    report.injected = 5 + 2 * around
    return report


async def of_a_dynamic_pass(folder: Path, around: int, report: Report) -> None:
    quiet()
    await asyncio.to_thread(folder.mkdir)
    async with open_door(folder, {"fire": FIRE, **PUSH}) as door:
        phone = await approved(door)
        (await phone.take()).ok()
        clock = door.platform.now
        # Long after the decision: before it no pass is valid.
        at = clock().replace(microsecond=0) + timedelta(minutes=10)
        door.platform.now = lambda: at
        (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.png(phone.shows(door)))), QR)
        verdicts = []
        for later in range(-around, around):
            door.platform.now = lambda later=later: at + timedelta(seconds=later)
            verdicts.append((await scan(door, read.text))["verdict"])
        door.platform.now = clock
    counted = dict(Counter(verdicts).most_common())
    report.say("of a dynamic one, each second around its own", counted)
    report.promise(counted == {"phone-clock": around - 15, "valid": 45, "screenshot": around - 30}, f"{counted}")
