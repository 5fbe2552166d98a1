"""How staff's pages are declared: 404 to whoever doesn't find their room, and signed in before anything else."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from banshi import NotFound
from web_site import session
from web_site.filling.sent import read_sent
from web_site.rooms import Room
from web_site.visit import Handler, Pages, Visit


class StaffPages(Pages):
    """A room's pages, each declared above its handler; paths stand below that of the workbench."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room

    def show(
        self, path: str, query: Mapping[str, int] | None = None, media_type: str = ""
    ) -> Callable[[Handler], Handler]:
        """A page that is asked for, as `Pages.show` has it."""

        async def admitted(visit: Visit) -> None:
            self.admit(visit)

        return _after(admitted, super().show(f"/staff{path}", query, media_type))

    def take(
        self, path: str, media_type: str = "", *, takes_files: bool = False, keeps: bool = False
    ) -> Callable[[Handler], Handler]:
        """What a form of ours sends, and our script: it is in `visit.sent`, its files in `visit.files`.

        With `keeps` the handler looks itself at who is there, and at the form's token: what was typed isn't lost.
        """

        async def admitted(visit: Visit) -> None:
            visit.files = await read_sent(visit, takes_files=takes_files)
            if not keeps:
                session.refuse_others(visit.call, visit.session, visit.sent.get("token", ""))
            if not keeps or visit.known is not None:
                self.admit(visit)

        return _after(admitted, super().take(f"/staff{path}", media_type))

    def admit(self, visit: Visit) -> None:
        """Raise SignedOut for nobody, and NotFound for whoever doesn't find this room."""
        if not self.room.admits(visit.call.platform, visit.person):
            raise NotFound


def _after(before: Callable[[Visit], Awaitable[None]], declare: Any) -> Callable[[Handler], Handler]:
    def declared(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(visit: Visit) -> web.StreamResponse:
            await before(visit)
            return await handler(visit)

        declare(guarded)
        return handler

    return declared
