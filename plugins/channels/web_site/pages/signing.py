"""Signing in at the city's identity provider, and out again."""

from __future__ import annotations

import hashlib
import re
from ipaddress import ip_address

from aiohttp import web

from banshi import Forbidden, Principal
from banshi.sdk.sign_in import ATTEMPT_LIFE_S, CAME, SIGN_IN, admitted
from web_site import session
from web_site.filling.sent import read_sent
from web_site.sentences import say
from web_site.session import LEAVING, ROOT
from web_site.settings import SETTINGS
from web_site.visit import Pages, Visit

ROUTES = Pages()
BACK = f"{ROOT}/signed-in"

#: What proxies add to what they pass on, and by what a browser asks the machine that it is on.
PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
OWN_NAME = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1])(?::[0-9]{1,5})?")


class ForCitizens(Forbidden, code="for-citizens", says=say):
    """This account is a member of staff's. Sign in as a citizen."""


class ForStaff(Forbidden, code="for-staff", says=say):
    """This account is no member of staff's. Sign in as one."""


class NobodyMadeUp(Forbidden, code="nobody-made-up", says=say):
    """Nobody is made up here: sign in at the identity provider."""


def made_up(visit: Visit) -> list[str]:
    """The people whom anybody on this machine may be, staff on staff's pages; none where the city has an identity
    provider, or from elsewhere.

    The address of whoever asks is the connection's own: behind a proxy on this machine it would be everybody. And the
    browser has to have asked this machine by its name: any other may be a stranger's page that had its name lead here.
    """
    settings, request = visit.call.platform.settings, visit.call.request
    proxied, named = any(name in request.headers for name in PROXIES), OWN_NAME.fullmatch(request.host)
    if settings.identity is not None or settings.address or proxied or not request.remote or not named:
        return []
    own = visit.call.platform[SETTINGS]
    return [*(own.staff if visit.is_work else own.people)] if ip_address(request.remote).is_loopback else []


@ROUTES.show("/sign-in", {"next": 2_000})
async def show_sign_in(visit: Visit) -> web.StreamResponse:
    """Say where one signs in, and why."""
    there = session.within(visit.call.query.get("next", ""))
    if session.is_work(there):
        visit.be_at_work()
    was = visit.session is not None and visit.session.is_over
    host, people = visit.call.platform[SIGN_IN].host, made_up(visit)
    return await visit.page("frame/sign_in.html", next=there, was=was, host=host, people=people)


@ROUTES.take("/sign-in")
async def begin_sign_in(visit: Visit) -> web.StreamResponse:
    """Go to the identity provider; a made-up person is signed in at once."""
    await read_sent(visit)
    session.refuse_others(visit.call, None, "")
    there, person = session.within(visit.sent.get("next", "")), visit.sent.get("person", "")
    if person:
        if session.is_work(there):
            visit.be_at_work()
        if person not in made_up(visit):
            raise NobodyMadeUp
        subject = "made-up-" + hashlib.blake2b(person.encode(), digest_size=6).hexdigest()
        roles = visit.call.platform[SETTINGS].staff.get(person, ()) if visit.is_work else ()
        made = admitted(visit.call.platform, Principal(subject, name=person), roles)
        if made is None:
            raise NobodyMadeUp
        answer = visit.to(there)
        session.begin(visit.call, answer, made)
        return answer
    sign_in = visit.call.platform[SIGN_IN]
    attempt = await sign_in.begin(visit.call.address + BACK, there)
    # A redirect would have to be allowed as the target of a form, wherever the provider leads.
    answer = await visit.page("frame/leaving.html", address=attempt.address, host=sign_in.host)
    answer.headers["Refresh"] = f"0; url={attempt.address}"
    LEAVING.put(visit.call, answer, attempt.kept, ATTEMPT_LIFE_S)
    return answer


@ROUTES.show("/signed-in", {one.name: 2_048 for one in CAME})
async def end_sign_in(visit: Visit) -> web.StreamResponse:
    """Come back from the identity provider, to where one was."""
    call = visit.call
    person, there = await call.platform[SIGN_IN].end(LEAVING.of(call), call.query, call.address + BACK)
    if person.is_staff != session.is_work(there):
        raise ForCitizens if person.is_staff else ForStaff
    answer = visit.to(session.within(there))
    LEAVING.forget(answer)
    session.begin(call, answer, person)
    return answer


@ROUTES.take("/sign-out")
async def sign_out(visit: Visit) -> web.StreamResponse:
    """Be signed out in this browser, which keeps nothing; a copy of its cookie lets nobody in."""
    await read_sent(visit)
    session.refuse_others(visit.call, visit.session, visit.sent.get("token", ""))
    answer = visit.to(ROOT)
    await session.end(visit.call, answer, visit.session)
    return answer
