"""How long it takes from a switch's event until a call pops up on its operator's stream, and is claimed beside that."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hotline.tables.models import HotlineCall
from tests.channels.desks import ENQUIRIES, SERVING, officer
from tests.channels.hotline.exchange import EVENTS, exchange, signed
from tests.channels.test_desk_stream import listening

#: Calls that come at once.
AT_ONCE = 50


async def latencies(folder: Path, database: str, rounds: int) -> list[float]:
    """Milliseconds of each call, so many rounds of them; of every round all are claimed while the next one comes."""
    took = list[float]()
    async with exchange(folder, database, duty=SERVING) as door, listening(door, li := officer(door, "li")) as ear:
        claims = list[asyncio.Task[None]]()

        async def claim(identity: str) -> None:
            (await li.post(f"{ENQUIRIES}/{identity}/claim")).ok()

        for number in range(rounds):
            begun, seen = dict[str, float](), len(ear.events)

            async def ring(ref: str, begun: dict[str, float] = begun) -> None:
                at = door.platform.now()
                body = {
                    "event": "ringing",
                    "call": ref,
                    "at": at.isoformat(),
                    "number": f"+86199{hash(ref) % 10**8:08}",
                }
                told = signed(body, at)
                begun[ref] = time.perf_counter()
                assert (await door.anyone.call("POST", EVENTS, **told)).status == 204

            ringing = asyncio.gather(*(ring(f"c{number}-{one}") for one in range(AT_ONCE)))
            heard = dict[str, tuple[str, float]]()
            while len(heard) < AT_ONCE:
                ear.news.clear()
                for _, what, data in ear.events[seen:]:
                    # Whoever chatted before comes back into the queue beside them.
                    if what == "queued" and data["enquiry"]["kind"] == "call":
                        heard.setdefault(data["enquiry"]["subject"], (data["enquiry"]["id"], time.perf_counter()))
                seen = len(ear.events)
                if len(heard) < AT_ONCE:
                    await ear.news.wait()
            await ringing
            refs = {str(one.id): one.ref for one in await HotlineCall.filter(id__in=[*heard])}
            took += [(at - begun[refs[subject]]) * 1000 for subject, (_, at) in heard.items()]
            claims += [asyncio.create_task(claim(identity)) for identity, _ in heard.values()]
        await asyncio.gather(*claims)
    return took
