"""Following over the API: one press each to begin and to end it, and a list; the same in every plugin that has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from banshi.builtin.personal_data.following.kinds import ALL, NOTICE_KINDS, Follower, NoticeKind
from banshi.builtin.personal_data.holdings import HOLDINGS, theirs_alone
from banshi.builtin.sentences import say
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Conflict, NotFound
from banshi.kernel.contract.route_table import RouteOptions, Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.contract.values import Offer, Texts
from banshi.kernel.http.document_schemas import TEXT, Record, array
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform

#: What one person may follow of a kind at once.
MAX_FOLLOWED = 200

#: What is in front of what somebody wants to hear of no more.
NO_MORE = "-"

SO_IT_IS = {204: Answer("So it is from now on.")}
LISTED = {200: Answer("`all`, and each by its name in the address.", Record(items=array(TEXT)))}

#: A name as it may be, where its plugin says no more, and the answer where nothing has it.
NAME = {"type": "string", "minLength": 1, "maxLength": 120, "pattern": "^[^\\x00-\\x1f\\x7f]+$"}
UNKNOWN = {404: Answer("There is nothing of that name to be followed.")}

#: What a name in the path is as `Follower.about` has it. Raises NotFound, and what else keeps it from being followed.
Known = Callable[[Call, str], Awaitable[str]]


def no_more(about: object) -> str:
    """What a row is about of whoever wants to hear no more of something that they would else be told of."""
    return f"{NO_MORE}{str(about).replace('-', '')}"


async def followed(followers: type[Follower], person: str) -> list[str]:
    """What somebody follows, as `Follower.about` has it, in the order in which they began."""
    rows = followers.filter(person=person).exclude(about__startswith=NO_MORE).order_by("at", "id")
    return [str(one) for one in await rows.values_list("about", flat=True)]


async def follow(platform: Platform, kind: NoticeKind, person: str, about: str) -> Follower | None:
    """The row with which somebody follows it from now on, to be written; None where they do. Raises Conflict."""
    assert kind.followers is not None  # noqa: S101 - as its routes and its chat ask
    there = await followed(kind.followers, person)
    if about in there:
        return None
    if len(there) >= MAX_FOLLOWED:
        raise Conflict(say("You follow {most} already, as many as may be; let one go first.", most=MAX_FOLLOWED))
    return kind.followers(person=person, about=about, at=platform.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A plugin's following: its routes, and what is held about people."""

    kind: NoticeKind
    #: What is said where its `meant` finds nothing to be followed by a name; or how else it is found.
    unknown: Texts | None = None
    known: Known | None = None
    #: Whether whoever ends it for one thing would else be told of it again, as of what they have asked about.
    ends_for_good: bool = False

    @property
    def followers(self) -> type[Follower]:
        assert self.kind.followers is not None  # noqa: S101 - this is of a kind that is followed
        return self.kind.followers

    def routes(
        self, tag: str, path: str, one: str, schema: Mapping[str, Any] = NAME, more: Mapping[int, Answer] = UNKNOWN
    ) -> Routes:
        """The three routes: `path` ends with the name of what is followed; `one` is in theirs, such as `road`."""
        listed, _, last = path.rpartition("/")
        routes, who = Routes(tag, path_schemas={last[1:-1]: schema}), Audience.CITIZEN
        own = RouteOptions(operation=f"list_followed_{one}s", summary="List what one is told of.")
        routes.get(listed, who, LISTED, **own)(self._list)
        own = RouteOptions(operation=f"follow_{one}", summary="Be told of it, or of `all`. Again changes nothing.")
        full = {409: Answer("One follows as much as may be.")}
        routes.put(path, who, {**SO_IT_IS, **full, **more}, **own)(self._follow)
        own = RouteOptions(operation=f"unfollow_{one}", summary="Be told of it no more.")
        routes.delete(path, who, SO_IT_IS, **own)(self._end)
        return routes

    async def _list(self, call: Call) -> web.StreamResponse:
        return reply(call, {"items": [one or ALL for one in await followed(self.followers, call.principal.subject)]})

    async def _follow(self, call: Call) -> web.StreamResponse:
        person, (name,) = call.principal.subject, call.path.values()
        about = "" if name == ALL else await self._about(call, name)
        if row := await follow(call.platform, self.kind, person, about):
            await self.followers.filter(person=person, about=no_more(about)).delete()
            await call.platform.store.commit(Write(unless_there=[row]))
        return web.Response(status=204)

    async def _about(self, call: Call, name: str) -> str:
        if self.known is not None:
            return await self.known(call, name)
        about = await self.kind.meant(call.platform, name) if self.kind.meant else None
        if not about:
            raise NotFound(self.unknown)
        return about

    async def _end(self, call: Call) -> web.StreamResponse:
        person, (name,) = call.principal.subject, call.path.values()
        about = "" if name == ALL else " ".join(name.split())
        if not await self.followers.filter(person=person, about=about).delete():
            meant = self.kind.meant and await self.kind.meant(call.platform, name)
            if not meant or not await self.followers.filter(person=person, about=meant).delete():
                raise NotFound
            about = meant
        if about and self.ends_for_good:
            row = self.followers(person=person, about=no_more(about), at=call.now)
            await call.platform.store.commit(Write(unless_there=[row]))
        return web.Response(status=204)

    @property
    def offers(self) -> Sequence[Offer[Any]]:
        """The kind, and what is held of a person and forgotten with them."""
        return [Offer(NOTICE_KINDS, self.kind), Offer(HOLDINGS, theirs_alone(self.followers))]
