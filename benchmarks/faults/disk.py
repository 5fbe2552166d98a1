"""A disk that is full: a small one of the platform's own, filled to the last byte."""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from benchmarks.town.city import City, city
from benchmarks.town.report import Report

#: Bytes of the disk.
DISK_SIZE = "24m"


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """A file system in memory at the folder; why not, where it can't be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(folder)]
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


async def disk_full(folder: Path, length: argparse.Namespace) -> Report:
    """Fill the disk beside the server, see what everybody is told, make room again."""
    report = Report(f"the disk of the platform's data ({DISK_SIZE}, tmpfs) is full")
    with small_disk(folder / "data") as why:
        if why:
            return report.skip(why)
        async with city(folder) as one:
            await one.start(length.seed)
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
        reads[await one.catalogue()] += 1
    ballast.unlink()
    freed = time.monotonic()
    # The same person again, who insists until it goes.
    await one.applicant("citizen-0").accepted(str(uuid4()))
    report.recovery.append(one.memory.next_after(freed))
    report.injected += 1
    report.say("told meanwhile", ", ".join(f"{what} {status}: {n}" for (what, status), n in sorted(told.items())))
    report.promise(set(reads) == {200}, f"reads were answered {dict(reads)}")
    statuses = {status for _, status in told}
    report.promise(507 in statuses and statuses <= {200, 201, 507}, f"told {dict(told)}")


async def attempted(one: City) -> list[tuple[str, int]]:
    """An upload, and a phone whose language changes: what each is answered."""
    phone = {"provider": "fcm", "token": one.memory.phones["citizen-0"], "platform": "android"}
    bodies = {"file": ("attachments", {"data": {"file": bytes(200_000)}}), "phone": ("devices", {"json": phone})}
    found, bearer = [], one.bearer("citizen-0")
    for what, (path, body) in bodies.items():
        async with one.session.post(f"{one.urls[0]}/v1/{path}", headers=bearer, **body) as answer:
            found.append((what, answer.status))
    return found
