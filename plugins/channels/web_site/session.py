"""Who is signed in, in a sealed cookie: no token is in any page, and none of the identity provider's is kept."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from banshi import Call, Forbidden, Platform, Principal, Texts
from banshi.sdk.http import ChannelFigures
from banshi.sdk.sign_in import ENDED_SESSIONS, Held, KeptCookie, admitted, end_sessions, held
from web_site.sentences import say, word
from web_site.settings import SETTINGS

#: Below which all pages are, and staff's among them; cookies go there alone.
ROOT = "/site"
STAFF = f"{ROOT}/staff"
COOKIE = KeptCookie("banshi_site", ROOT)
#: Staff have one of their own: by no sign-in is anybody a citizen and staff at once.
STAFF_COOKIE = KeptCookie("banshi_staff", ROOT)
#: A way to the provider and back, and sessions that somebody has left.
LEAVING = KeptCookie("banshi_site_sign_in", ROOT)
PURPOSE = "site-session"
#: What cases say by which channel they came that were begun here.
CHANNEL = "site"
#: For so long what was typed may still be kept as a draft, by whoever was signed in.
GRACE = timedelta(hours=24)
#: Characters of somebody's roles: sealed with all else they are shorter than a cookie may be (4,096 bytes).
MOST_ROLES = 2_000


class CrossSiteForm(Forbidden, code="cross-site-form", says=say):
    """This was not sent from a page of ours, or from one that was open for too long. Open the page again."""


class TooManyRoles(Forbidden):
    """This account has more roles than a browser can keep. Whoever manages accounts can give you one with fewer."""

    code = "too-many-roles"
    says = say


class SiteFigures(ChannelFigures):
    """What the site is called among the channels; cases know themselves which of them came by it."""

    def titles(self, platform: Platform) -> Mapping[str, Texts]:  # noqa: ARG002
        return {CHANNEL: word("Web site")}


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in."""

    person: Principal
    #: Unix seconds of the sign-in.
    since: float
    #: What each form of theirs bears.
    token: str = field(repr=False)
    #: Whether they have to sign in anew before they see anything; what they had typed is still kept.
    is_over: bool = False

    @property
    def held(self) -> Held:
        """What ends it: its own end, and that of any session of theirs."""
        one, own = held(self.person.subject, self.since), held(self.person.subject, self.since, _id(self.token))
        return Held(one.since, (*one.keys, *own.keys))


def begin(call: Call, answer: web.StreamResponse, person: Principal) -> None:
    """Sign somebody in, in this browser; whoever was here before goes on with the forms that are open beside this.

    For anybody else the browser forgets what it has kept: it may be another person's. An officer's scans are sealed for
    them alone, and stay until staff sign out: they may come back from a day without a network. Raises TooManyRoles.
    """
    if len(_named(person)) > MOST_ROLES:
        raise TooManyRoles
    before = found(call, _cookie_of(person))
    is_same = before is not None and before.person.subject == person.subject
    token = before.token if before is not None and is_same else secrets.token_urlsafe(24)
    if not is_same and not (before is None and person.is_staff):
        _clear(answer, keeps=person.is_staff or bool(STAFF_COOKIE.of(call)))
    _keep(call, answer, Session(person, call.now.timestamp(), token))


def is_work(address: str) -> bool:
    """Whether an address is one of staff's pages."""
    return address == STAFF or address.startswith((f"{STAFF}/", f"{STAFF}?"))


def found(call: Call, cookie: KeptCookie = COOKIE) -> Session | None:
    """Who is signed in here; None for nobody, for what was ended elsewhere, and for what is too old to be of use."""
    kept = cookie.remembered(call, PURPOSE)
    if not kept or bool(kept.get("roles")) != (cookie is STAFF_COOKIE):
        return None
    since, seen = float(kept["since"]), float(kept["seen"])
    known = {name: kept[name] for name in ("subject", "name", "resident_id", "phone")}
    settings, now = call.platform[SETTINGS], call.now.timestamp()
    ends = int(since + settings.most_hours * 3600)
    is_over = now - seen > settings.idle_minutes * 60 or now - since > settings.most_hours * 3600
    person = admitted(
        call.platform, Principal(**known, expires_at=ends, channel=CHANNEL), kept.get("roles", "").split()
    )
    session = Session(person, since, kept["token"], is_over) if person else None
    return None if session is None or call.platform[ENDED_SESSIONS].is_over(session.held) else session


def go_on(call: Call, answer: web.StreamResponse, session: Session) -> None:
    """Somebody has seen a page: they are signed in for a while from now on."""
    _keep(call, answer, session)


async def end(call: Call, answer: web.StreamResponse, session: Session | None, cookie: KeptCookie = COOKIE) -> None:
    """Sign somebody out: a copy of their cookie is of no use either. What else they are signed in with stays."""
    cookie.forget(answer)  # type: ignore[arg-type]
    _clear(answer, keeps=cookie is COOKIE and bool(STAFF_COOKIE.of(call)))
    if session is not None:
        await end_sessions(call.platform, "", _id(session.token), until=int(call.now.timestamp()))


def _clear(answer: web.StreamResponse, *, keeps: bool) -> None:
    """What a browser keeps for going back goes; what it keeps for no network too, but where scans of staff wait."""
    answer.headers["Clear-Site-Data"] = '"cache"' if keeps else '"cache", "storage"'


def _id(token: str) -> str:
    """What a session is ended by: none of the identity provider's has such a name."""
    return f"{PURPOSE} {token}"


def _keep(call: Call, answer: web.StreamResponse, session: Session) -> None:
    person = session.person
    about = {"subject": person.subject, "name": person.name, "resident_id": person.resident_id, "phone": person.phone}
    about |= {"since": str(session.since), "seen": str(call.now.timestamp()), "token": session.token}
    about |= {"roles": _named(person)}
    _cookie_of(person).remember(call, answer, PURPOSE, GRACE, **about)  # type: ignore[arg-type]


def _named(person: Principal) -> str:
    return " ".join(map(str, person.roles))


def _cookie_of(person: Principal) -> KeptCookie:
    return STAFF_COOKIE if person.is_staff else COOKIE


def refuse_others(call: Call, session: Session | None, token: str) -> None:
    """Raise CrossSiteForm for a form that no page of ours has sent: by its Origin, and by the token of who is there."""
    refuse_elsewhere(call)
    if not bears(session, token):
        raise CrossSiteForm


def refuse_elsewhere(call: Call) -> None:
    """Raise CrossSiteForm for what a page of somebody else's has sent."""
    if call.request.headers.get("Origin") != call.address:
        raise CrossSiteForm


def bears(session: Session | None, token: str) -> bool:
    """Whether a form bears the token of who is there; nobody has none."""
    return session is None or hmac.compare_digest(session.token.encode(), token.encode())


def within(address: str) -> str:
    """An address of ours to go on to; the home page's where somebody gave another."""
    is_ours = address == ROOT or address.startswith((f"{ROOT}/", f"{ROOT}?"))
    # Browsers read a backslash as a slash, and leave out tabs and ends of lines.
    is_plain = address.isascii() and address.isprintable() and not {*"\\<>\"' "} & {*address} and len(address) < 2_000
    return address if is_ours and is_plain and "//" not in address and "/.." not in address else ROOT
