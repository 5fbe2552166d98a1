"""One of two processes at one desk: claims every conversation and answers it, as fast as it can. Tells what it got.

It says that it is ready, and begins once it is told of which conversations.
"""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
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


def rival(folder: Path, database: str, name: str, told: Connection) -> None:
    asyncio.run(claims(folder, database, name, told))


async def claims(folder: Path, database: str, name: str, told: Connection) -> None:
    async with bureau(folder, database, duty=SERVING) as door:
        person = officer(door, name)
        told.send("ready")
        ids = await asyncio.to_thread(told.recv)
        room = asyncio.Semaphore(AT_ONCE)
        told.send(await asyncio.gather(*(tries(person, identity, room) for identity in ids)))
