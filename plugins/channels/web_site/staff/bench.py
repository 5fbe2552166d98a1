"""The workbench's door: it leads to the first of somebody's rooms, and out."""

from __future__ import annotations

from aiohttp import web

from banshi import Forbidden
from web_site import session
from web_site.filling.sent import read_sent
from web_site.sentences import say
from web_site.session import STAFF
from web_site.visit import Pages, Visit

ROUTES = Pages()


class NoRoom(Forbidden, code="no-room", says=say):
    """None of your roles has a room here. Whoever manages accounts can give you one."""


@ROUTES.show("/staff")
async def enter_bench(visit: Visit) -> web.StreamResponse:
    """Go to the first of one's rooms."""
    visit.person  # noqa: B018 - it raises
    if not visit.rooms:
        raise NoRoom
    return visit.to(f"{STAFF}{visit.rooms[0].at}")


@ROUTES.take("/staff/sign-out")
async def leave_bench(visit: Visit) -> web.StreamResponse:
    """Be signed out of the workbench in this browser, which keeps nothing."""
    await read_sent(visit)
    session.refuse_others(visit.call, visit.session, visit.sent.get("token", ""))
    answer = visit.to(f"{session.ROOT}/sign-in?next={STAFF}")
    await session.end(visit.call, answer, visit.session, session.STAFF_COOKIE)
    return answer
