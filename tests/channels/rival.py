"""One of two processes at one desk: claims every conversation and answers it, as fast as it can. Prints what it got.

`python rival.py FOLDER DATABASE OFFICER`; it begins once a line is written to it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from banshi.testing import Person
from tests.channels.desks import ENQUIRIES, SERVING, bureau, officer

AT_ONCE = 16


async def tries(person: Person, identity: str, room: asyncio.Semaphore) -> tuple[str, int, str, int]:
    """What it was told: the claim's status and who has it, and the answer's status."""
    async with room:
        claimed = await person.post(f"{ENQUIRIES}/{identity}/claim")
        document = claimed.document
        who = document["officer"]["name"] if claimed.status == 200 else document.get("officer", "")
        answered = await person.post(f"{ENQUIRIES}/{identity}/answers", {"text": "Good day."})
        return identity, claimed.status, who, answered.status


async def main(folder: str, database: str, name: str) -> None:
    async with bureau(Path(folder), database, duty=SERVING) as door:
        person = officer(door, name)
        print("ready", flush=True)
        ids = json.loads(await asyncio.to_thread(sys.stdin.readline))
        room = asyncio.Semaphore(AT_ONCE)
        results = await asyncio.gather(*(tries(person, identity, room) for identity in ids))
        print("\n" + json.dumps(results), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
