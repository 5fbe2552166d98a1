"""A program that fills in whatever a conversation asks: by what each reply says as data, without a title or an item.

`whole` is what is to be handed in, by the pointers of the questions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from conversations import Asked, Content, File, Place, Reply
from questions.plan import MISSING, value_at

#: Messages that one item may take.
MOST = 200


class Stopped(AssertionError):
    """The conversation can't go on; it has everything that was said."""


@dataclass(slots=True)
class Talker:
    """Whoever answers from what is on their papers."""

    whole: Any
    #: Fetches the picture that stands for any file.
    picture: Callable[[], Awaitable[bytes]]
    #: Pointers that were answered: a list goes on while it has more than those.
    answered: list[str] = field(default_factory=list)

    async def fill(self, send: Callable[[Content | str], Awaitable[Reply]], reply: Reply) -> Reply:
        """Answer until all is shown once more, or it goes on elsewhere; what comes back is that."""
        for _ in range(MOST):
            asked = reply.asked
            if asked is None or asked.sort in ("confirm", "menu"):
                return reply
            reply = await send(self.answer(asked))
        raise Stopped(f"it asks without end: {reply}")

    def answer(self, asked: Asked) -> Content | str:
        """What is sent to one question."""
        says = Says(asked)
        match asked.sort:
            case "optional":
                return "、".join(one for pointer, _, one in asked.choices if pointer and self.has(pointer)) or "0"
            case "another":
                entries = value_at(self.whole, asked.pointer.removesuffix("/-"))
                place = asked.pointer.count("/")
                done = {one.split("/")[place] for one in self.answered if one.startswith(asked.pointer[:-1])}
                return says.of(len(done) < len(entries))
        value = value_at(self.whole, asked.pointer)
        if value is MISSING:
            return "0"
        if asked.pointer not in self.answered:
            self.answered.append(asked.pointer)
        match asked.sort:
            case "choices":
                return "、".join(says.of(one) for one in value)
            case "choice" | "yes":
                return says.of(value)
            case "listed":
                # What only the API knows, such as a free time, is the first that there is.
                typed = str(value) if "search" in asked.schema["x-choices"] else asked.choices[0][2]
                return says.known(value) or typed
            case "file":
                return File(self.picture, "photo.jpg")
        return self.place(asked, value) or str(value)

    def has(self, pointer: str) -> bool:
        return value_at(self.whole, pointer) is not MISSING

    def place(self, asked: Asked, value: str) -> Place | None:
        """An address with its degrees, where there are some beside it."""
        above = asked.pointer.rpartition("/")[0]
        latitude, longitude = (value_at(self.whole, f"{above}/{name}") for name in ("latitude", "longitude"))
        if asked.schema.get("x-place") != "address" or MISSING in (latitude, longitude):
            return None
        return Place(latitude, longitude, value)


@dataclass(frozen=True, slots=True)
class Says:
    """The texts that stand for the choices of a question."""

    asked: Asked

    def known(self, value: Any) -> str:
        return next((says for one, _, says in self.asked.choices if one == value), "")

    def of(self, value: Any) -> str:
        if says := self.known(value):
            return says
        raise Stopped(f"{value!r} is no choice of {self.asked}")
