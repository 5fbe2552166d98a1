"""The end of the story: the same citizen asks and books in a chat, bound to it by ten digits of their app."""

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
    """Bind the chat, look up how the pass stands, and book a counter; the app says yes to both."""

    async def talked(what: str, lines: list[str], *, asks: bool = True) -> None:
        said = []
        for line in lines:
            said += [f"> {line}", *(await say(line)).splitlines()]
        if asks:
            said.append(f"(in the app: yes to “{await _agrees(citizen)}”)")
            said += ["> 1", *(await say("1")).splitlines()]
        tell(what, "\n".join(said))

    code = (await citizen.post("/v1/conversations/codes")).created()["digits"]
    await talked("binds a chat by digits from the app", [code, "1"], asks=False)
    look_up = ["Progress of a case", case["number"], "To see how my pass stands", "1"]
    await talked("asks in the chat how the pass stands", look_up)
    await _slots(citizen)
    booking = ["Appointment at a household counter", "ID cards", "13800000000", "the earliest", "none", "1"]
    await talked("books a counter in the chat", booking)


async def _agrees(citizen: Person) -> str:
    """Say yes to what a chat that was bound just now wants to do; what that is called."""
    (asked,) = (await citizen.get("/v1/conversations/confirmations")).ok()["items"]
    (await citizen.post(f"/v1/conversations/confirmations/{asked['id']}/answer", {"answer": "yes"})).ok()
    return str(asked["title"])


async def _slots(citizen: Person) -> None:
    """Wait until the first slots are there."""
    address = "/v1/items/household-counter-appointment/slots?takeable=true"
    for _ in range(MAX_LOOKS):
        if (await citizen.get(address)).ok()["items"]:
            return
        await asyncio.sleep(LOOK_EVERY_S)
    raise AssertionError("a new city has no slots to book")
