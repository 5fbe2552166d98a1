"""The end of the story: the same citizen asks and books in a chat, bound to it by eight digits of their app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from banshi.testing import Person

#: Sends one message, and says what is answered.
Say = Callable[[str], Awaitable[str]]
Tell = Callable[[str, str], None]

#: Looks at the slots of a new city, which are being made, and seconds between two of them.
MAX_LOOKS, LOOK_EVERY_S = 100, 0.05


async def talk(citizen: Person, say: Say, tell: Tell, case: dict[str, Any]) -> None:
    """Bind the chat, look up how the pass stands, and book a counter."""
    code = (await citizen.post("/v1/conversations/codes")).created()["digits"]
    await _talked("binds a chat by digits from the app", [code], say, tell)
    look_up = ["Progress of a case", case["number"], "To see how my pass stands", "1"]
    await _talked("asks in the chat how the pass stands", look_up, say, tell)
    await _slots(citizen)
    booking = ["Appointment at a household counter", "ID cards", "13800000000", "1", "none", "1"]
    await _talked("books a counter in the chat", booking, say, tell)


async def _talked(what: str, lines: list[str], say: Say, tell: Tell) -> None:
    said = []
    for line in lines:
        said += [f"> {line}", *(await say(line)).splitlines()]
    tell(what, "\n".join(said))


async def _slots(citizen: Person) -> None:
    """Wait until the first slots are there."""
    address = "/v1/items/household-counter-appointment/slots?takeable=true"
    for _ in range(MAX_LOOKS):
        if (await citizen.get(address)).ok()["items"]:
            return
        await asyncio.sleep(LOOK_EVERY_S)
    raise AssertionError("a new city has no slots to book")
