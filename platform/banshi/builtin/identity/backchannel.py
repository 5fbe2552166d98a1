"""Whose sessions end: the identity provider says so (OpenID Connect Back-Channel Logout 1.0), or they do themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi.builtin.identity.claims import check_subject, is_moment
from banshi.builtin.identity.ended import MAX_LOGOUT_AGE_S, end_sessions, logout_row
from banshi.builtin.identity.models import EndedSession
from banshi.builtin.identity.tokens import LEEWAY_S, Tokens
from banshi.builtin.limits.rates import RATES
from banshi.builtin.sentences import say
from banshi.foundation.errors import Problem, TooManyRequests, Unauthenticated
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.callers import LONGEST_TOKEN, TOKENS
from banshi.kernel.http.dispatch import read_body
from banshi.kernel.http.document_schemas import Record

log = structlog.get_logger("banshi.sessions")

ROUTES = Routes("identity")

#: The form's media type, and bytes of it at most: the longest token with its name.
FORM, MAX_FORM_BYTES = "application/x-www-form-urlencoded", 3 * LONGEST_TOKEN

#: Types of logout tokens: the specification recommends the last, and older providers say less.
LOGOUT_TOKENS = ("", "jwt", "logout+jwt")

#: The event that a logout token has to tell of (section 2.4).
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"

#: Logout tokens that are taken in a minute. Each keeps a row for minutes, and an entry for as long as a token lives.
MAX_LOGOUTS, MINUTE_S = 6_000, 60

#: Characters of a session's id at most.
MAX_ID_CHARS = 255


class LogoutRefused(Problem, status=400, code="logout-refused", says=say):
    """This logout token can't be taken."""


@ROUTES.post(
    "/v1/backchannel-logout",
    Audience.ANYONE,
    {
        200: Answer("What was issued before is good no more.", media_type=""),
        400: Answer("It is no logout token of the identity provider's for this platform, or was sent before."),
        413: Answer("The form is too large."),
        415: Answer("It is no form."),
        429: Answer("Too many at once; see Retry-After."),
        503: Answer("The provider's keys can't be had now; see Retry-After."),
    },
    raw_body={FORM: Record(logout_token={"type": "string"}) | {"additionalProperties": True}},
)
async def end_signed_out_sessions(call: Call) -> web.StreamResponse:
    """Hear from the identity provider that somebody has signed out there, or was.

    Its tokens from before are refused from then on, and chats that are bound to them know them no more.
    """
    token = _token_in(await read_body(call.request, MAX_FORM_BYTES, FORM))
    try:
        claims = await _logout(cast("Tokens", call.platform[TOKENS]), token, call)
    except (Unauthenticated, LogoutRefused) as refused:
        reason = refused.members.get("reason")
        log.info("a logout token is refused", why=reason or refused.detail)
        # A refused bearer token is 401; the specification wants 400 here (section 2.8).
        raise LogoutRefused(reason or refused.texts) from None
    row = logout_row(claims["jti"], await call.platform.store.milliseconds())
    person, session = claims.get("sub", ""), claims.get("sid", "")
    try:
        # Before it is counted: whoever has got hold of a used one can't use up what the provider may send.
        if await EndedSession.exists(id=row.id):
            raise IntegrityError
        if wait := await call.platform[RATES].wait("logout", MAX_LOGOUTS, MINUTE_S):
            raise TooManyRequests(headers={"Retry-After": str(int(wait) + 1)})
        await end_sessions(call.platform, person, session, until=int(claims["iat"]), once=[row])
    except IntegrityError:
        raise LogoutRefused(say("This logout token was taken already.")) from None
    log.info("the identity provider has ended sessions")
    return web.Response(headers={"Cache-Control": "no-store"})


@ROUTES.delete("/v1/me/sessions", Audience.PERSON, {204: Answer("They are ended, this one with them.")})
async def end_my_sessions(call: Call) -> web.StreamResponse:
    """End whatever the caller is signed in with, on all their devices and in all chats: after a phone was lost, say.

    This token too is refused from now on. The identity provider's own session is ended there.
    """
    await end_sessions(call.platform, call.principal.subject)
    return web.Response(status=204)


def _token_in(raw: bytes) -> str:
    """The one `logout_token` of a form. Raises LogoutRefused."""
    try:
        given = parse_qs(raw.decode("ascii"), max_num_fields=20).get("logout_token", [])
    except ValueError:
        given = []
    if len(given) != 1 or not given[0].isascii() or len(given[0]) > LONGEST_TOKEN:
        raise LogoutRefused(say("Send one logout_token, as a form."))
    return given[0]


async def _logout(tokens: Tokens, token: str, call: Call) -> Mapping[str, Any]:
    """What a logout token says (section 2.6). Raises Unauthenticated, LogoutRefused."""
    identity = call.platform.settings.identity
    clients = (
        tokens.identity.audience,
        *(filter(None, (identity.client_id, *identity.logout_audiences)) if identity else ()),
    )
    claims = await tokens.signed(token, clients, LOGOUT_TOKENS)
    events, now = claims.get("events"), time.time()
    if not (isinstance(events, dict) and isinstance(events.get(LOGOUT), dict)):
        raise LogoutRefused(say("The token tells of no logout."))
    if "nonce" in claims:
        raise LogoutRefused(say("A logout token has no nonce: this is another token."))
    issued = claims.get("iat")
    if not is_moment(issued) or issued - LEEWAY_S > now:
        raise LogoutRefused(say("The logout token doesn't say when it was issued, or a time that is to come."))
    ends = claims.get("exp", issued + MAX_LOGOUT_AGE_S)
    if not is_moment(ends) or min(ends, issued + MAX_LOGOUT_AGE_S) + LEEWAY_S <= now:
        raise LogoutRefused(say("The logout token has expired."))
    if not _is_id(claims.get("jti")) or not ("sub" in claims or "sid" in claims):
        raise LogoutRefused(say("A logout token has a jti, and sub or sid."))
    if "sub" in claims:
        check_subject(claims["sub"])
    if "sid" in claims and not _is_id(claims["sid"]):
        raise LogoutRefused(say("sid has to be a text of 1 to {most} characters.", most=MAX_ID_CHARS))
    return claims


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARS
