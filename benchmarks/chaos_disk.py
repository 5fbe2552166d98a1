"""A disk that is full: a small one of the platform's own, filled to the last byte."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from chaos_city import City, city
from chaos_report import Length, Report
from chaos_story import Caller, Story

from banshi.builtin.identity.development import development_token

#: Bytes of the disk.
SIZE = "24m"


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """A file system in memory at the folder; why not, where it can't be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        why = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        why = str(error)
    try:
        yield f"a small disk can't be mounted here ({why})" if why else ""
    finally:
        if not why:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


async def disk_full(folder: Path, length: Length) -> Report:
    """Fill the disk beside the server, see what everybody is told, make room again."""
    report = Report(f"the disk of the platform's data ({SIZE}, tmpfs) is full")
    with small_disk(folder / "data") as why:
        if why:
            return report.skip(why)
        async with city(folder) as one:
            await one.start()
            one.live(length.seed)
            await one.answers(20)
            # Whoever insists would be told 507: they rest while somebody else tries.
            await one.rest()
            for _ in range(max(1, length.kills // 3)):
                await filled(one, report)
            await one.end(report)
            report.promise(not report.lost, "what was acknowledged before or meanwhile is not as it was")
    return report


async def filled(one: City, report: Report) -> None:
    """Leave no byte; nothing that is refused may leave anything behind, and reads go on."""
    ballast = one.folder / "data" / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2
        os.fsync(file.fileno())
    told, reads = Counter[tuple[str, int]](), Counter[int]()
    for _ in range(20):
        for what, status in await attempted(one):
            told[what, status] += 1
        async with one.session.get(f"{one.urls[0]}/v1/items/zone-pass") as answer:
            reads[answer.status] += 1
    ballast.unlink()
    freed = time.monotonic()
    # The same person again, who insists until it goes.
    memory, key = one.memory, str(uuid4())
    caller = Caller(one.session, one.urls, token_of(one), memory)
    story = Story("citizen-0", caller, caller, memory, random.Random(key), asyncio.Event())
    answers = await story.answers_of(key)
    case = (await caller.post("/v1/items/zone-pass/cases", f"{key}/submit", {"answers": answers}))["id"]
    memory.person[case], memory.state[case], memory.actions[case] = "citizen-0", "submitted", []
    await story.until(case, "accepted")
    report.recovery.append(memory.next_after(freed))
    report.injected += 1
    report.say("told meanwhile", ", ".join(f"{what} {status}: {n}" for (what, status), n in sorted(told.items())))
    report.promise(set(reads) == {200}, f"reads were answered {dict(reads)}")
    statuses = {status for _, status in told}
    report.promise(507 in statuses and statuses <= {200, 201, 507}, f"told {dict(told)}")


def token_of(one: City) -> str:
    return development_token(one.settings, "citizen-0")


async def attempted(one: City) -> list[tuple[str, int]]:
    """An upload, and a phone whose language changes: what each is answered."""
    headers = {"Authorization": f"Bearer {token_of(one)}"}
    form = {"file": bytes(200_000)}
    found = []
    async with one.session.post(f"{one.urls[0]}/v1/attachments", headers=headers, data=form) as answer:
        found.append(("file", answer.status))
    body = {"provider": "fcm", "token": one.memory.phones["citizen-0"], "platform": "android"}
    async with one.session.post(f"{one.urls[0]}/v1/devices", headers=headers, json=body) as answer:
        found.append(("phone", answer.status))
    return found
