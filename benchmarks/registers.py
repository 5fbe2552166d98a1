"""A register of many records is imported, then imported again beside a server that goes on answering look-ups.

    python benchmarks/registers.py
    python benchmarks/registers.py --short

Prints what an import takes (seconds, processor time, memory of the whole process), and how long look-ups took
meanwhile. Each look-up writes twice: that it is made, and what was found. It ends with 1 where one of them failed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from banshi.foundation import logs
from banshi.testing import Door, made_up_resident_id, open_door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import DEPARTMENTS, SYNCED, city
from benchmarks.shared.databases import each_database
from benchmarks.shared.figures import percentile
from benchmarks.shared.processes import banshi, used_by, workspace

TRAFFIC = {"traffic": DEPARTMENTS / "traffic"}
PEOPLE = 50_000


def write(file: Path, records: int) -> None:
    people = [made_up_resident_id(number) for number in range(PEOPLE)]
    with file.open("w", encoding="utf-8") as stream:
        stream.write("licence_number,file_number,class,status,valid_until,points,period_ends\n")
        for number in range(records):
            stream.write(f"{people[number % PEOPLE]},{number:012},C1,normal,2031-05-01,{number % 12},2027-05-01\n")


async def look_ups(door: Door, done: asyncio.Event) -> list[float]:
    """Seconds of each look-up until `done`, one after the other, each by another registrar."""
    took: list[float] = []
    question = {"licence_number": made_up_resident_id(7), "file_number": f"{7:012}"}
    while not done.is_set():
        registrar = door.staff(f"registrar{len(took)}", "traffic:registrar")
        begun = time.monotonic()
        reply = await registrar.post("/v1/items/driver-record/query", {"question": question, "purpose": "benchmark"})
        took.append(time.monotonic() - begun)
        if reply.status != 200 or reply.document["found"] != 1:
            sys.exit(f"a look-up was answered {reply.status}: {reply.body!r}")
    return took


def told(took: list[float]) -> str:
    of = {name: percentile(took, share) for name, share in (("median", 0.5), ("99 of 100", 0.99), ("longest", 1))}
    return f"{len(took)} look-ups, " + ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in of.items())


async def main(records: int, database: str) -> None:
    with workspace() as folder:
        file = folder / "drivers.csv"
        write(file, records)
        place = database or f"sqlite://{folder / 'data' / 'banshi.sqlite3'}?{SYNCED}"
        config = city(folder, TRAFFIC, database=place)
        print(f"{records:,} records, {file.stat().st_size / 1e6:.0f} MB, into an empty register", flush=True)
        command = banshi(config, "register", "import", str(file))
        print(f"  {used_by(command)}", flush=True)
        async with open_door(folder, TRAFFIC, platform={"database": place}) as door:
            done = asyncio.Event()
            asyncio.get_running_loop().call_later(5, done.set)
            print(f"  alone: {told(await look_ups(door, done))}", flush=True)
            done = asyncio.Event()
            asking = asyncio.create_task(look_ups(door, done))
            print("the same again, beside a server that is asked", flush=True)
            print(f"  {await asyncio.to_thread(used_by, command)}", flush=True)
            done.set()
            print(f"  meanwhile: {told(await asking)}", flush=True)


if __name__ == "__main__":
    given = begun(options(__doc__, records=(1_000_000, 10_000)), "nothing is pinned")
    logs.configure("error")
    for title, database in each_database():
        print(f"## {title}\n")
        asyncio.run(main(given.records, database))
