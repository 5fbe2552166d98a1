"""OAuth 2.0 for programs: client credentials (RFC 6749 4.4), revocation (RFC 7009), and what a client finds there
(RFC 8414)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from aiohttp import web

from banshi import Answer, Audience, Call, Link, Stale, reply
from banshi.sdk.documents import MAYBE_MOMENT, TEXT, Record, array, optional
from banshi.sdk.http import Routes

from .models import ApiClient
from .sign_in import FORM, OAuthError, read_form, signed_in
from .tokens import TOKEN_LIFE_S, TOKENS

log = structlog.get_logger("banshi.clients")

ROUTES = Routes("integrators")

TOKEN_URL, REVOKE_URL = "/oauth/token", "/oauth/revoke"
METADATA_URL = "/.well-known/oauth-authorization-server"

#: What nobody on the way may keep.
UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}

#: Where a token stands in the answer that gives it.
OF_ANSWER = {"token": "$response.body#/access_token"}  # nosec B105 - a place

Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def oauth_errors(handler: Handler) -> Handler:
    """Answer what is refused as RFC 6749 section 5.2 has it, in place of a problem document."""

    @wraps(handler)
    async def answered(call: Call) -> web.StreamResponse:
        try:
            return await handler(call)
        except OAuthError as refused:
            # The description may quote what was sent.
            log.info("a program's sign-in is refused", why=refused.error)
            headers = {**UNKEPT, **({"WWW-Authenticate": 'Basic realm="banshi"'} if refused.status == 401 else {})}
            body = {"error": refused.error, "error_description": refused.description}
            return web.json_response(body, status=refused.status, headers=headers)

    return answered


TEXTS: dict[str, Any] = array(TEXT)

#: What is sent: the secret may stand in the Authorization header instead.
CREDENTIALS = {"client_id": optional(TEXT), "client_secret": optional(TEXT)}
#: Unknown parameters are ignored, as the standard has it.
OPEN = {"additionalProperties": True}
TOKEN_FORM = (
    Record(grant_type={"type": "string", "const": "client_credentials"}, scope=optional(TEXT), **CREDENTIALS) | OPEN
)
REVOKE_FORM = Record(token=TEXT, token_type_hint=optional(TEXT), **CREDENTIALS) | OPEN

ERROR = Record(error=TEXT, error_description=TEXT)
ERRORS = {
    400: Answer("The request is wrong; `error` is one of RFC 6749 section 5.2.", ERROR),
    401: Answer("The client or its secret is wrong.", ERROR),
    413: Answer("The parameters are too many.", ERROR),
}

TOKEN = Record(access_token=TEXT, token_type={"const": "Bearer"}, expires_in={"type": "integer"}, scope=TEXT)
METADATA = Record(
    issuer=TEXT,
    token_endpoint=TEXT,
    token_endpoint_auth_methods_supported=TEXTS,
    revocation_endpoint=TEXT,
    revocation_endpoint_auth_methods_supported=TEXTS,
    grant_types_supported=TEXTS,
    response_types_supported=TEXTS,
    scopes_supported=TEXTS,
)
CLIENT = Record(
    id=TEXT, name=TEXT, mode={"enum": ["test", "team", "live"]}, scopes=TEXTS, token_expires_at=MAYBE_MOMENT
)


@ROUTES.post(
    TOKEN_URL,
    Audience.ANYONE,
    {
        200: Answer("The token.", TOKEN, links=[Link("revoke_token", body=OF_ANSWER), Link("show_client")]),
        **ERRORS,
        429: Answer("The client holds too many tokens; see Retry-After."),
    },
    raw_body={FORM: TOKEN_FORM},
)
@oauth_errors
async def give_token(call: Call) -> web.StreamResponse:
    """Take a token for a program, with its client's secret.

    It is for the scopes that are asked for, or for all that the client may have.
    """
    form = await read_form(call.request)
    client, secret = await signed_in(call, form)
    grant = form.get("grant_type")
    if grant is None:
        raise OAuthError("invalid_request", "grant_type is missing; it is client_credentials.")
    if grant != "client_credentials":
        raise OAuthError("unsupported_grant_type", "grant_type has to be client_credentials.")
    scopes = wished(client, form.get("scope"))
    try:
        token = await call.platform[TOKENS].give(client, secret, scopes)
    except Stale:
        raise OAuthError("invalid_client", "The client has just been revoked.", 401) from None
    body: dict[str, Any] = {"access_token": token, "expires_in": TOKEN_LIFE_S, "scope": " ".join(scopes)}
    body["token_type"] = "Bearer"  # noqa: S105 - a type of token
    return web.json_response(body, headers=UNKEPT)


def wished(client: ApiClient, text: str | None) -> list[str]:
    """The scopes that are asked for, each of which the client may have. Raises OAuthError."""
    if text is None:
        return list(client.scopes)
    wanted = sorted(set(text.split(" ")))
    if beyond := [scope for scope in wanted if not client.may_have(scope)]:
        may = ", ".join(client.scopes) or "none"
        raise OAuthError("invalid_scope", f"The client may not have {_shown(beyond[0])}; it may have: {may}.")
    return wanted


def _shown(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:80] or "an empty scope"


@ROUTES.post(
    REVOKE_URL,
    Audience.ANYONE,
    {200: Answer("It is none any more, if it ever was one of the client's.", media_type=""), **ERRORS},
    raw_body={FORM: REVOKE_FORM},
)
@oauth_errors
async def revoke_token(call: Call) -> web.StreamResponse:
    """Let a token end before its time.

    One that is none is answered with 200 too, as the standard has it.
    """
    form = await read_form(call.request)
    client, _ = await signed_in(call, form)
    if "token" not in form:
        raise OAuthError("invalid_request", "token is missing: the token to revoke.")
    await call.platform[TOKENS].take_back(client, form["token"])
    return web.Response(headers=UNKEPT)


@ROUTES.get(METADATA_URL, Audience.ANYONE, {200: Answer("The metadata of RFC 8414.", METADATA)})
async def show_oauth_metadata(call: Call) -> web.StreamResponse:
    """Show where programs take their tokens."""
    ways = ["client_secret_basic", "client_secret_post"]
    scopes = sorted({route.scope for _, route in call.platform.registry.routes if route.scope})
    document = {
        "issuer": call.address,
        "token_endpoint": call.address + TOKEN_URL,
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint": call.address + REVOKE_URL,
        "revocation_endpoint_auth_methods_supported": ways,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": scopes,
    }
    return reply(call, document)


@ROUTES.get("/v1/client", Audience.INTEGRATOR, {200: Answer("The client.", CLIENT)})
async def show_client(call: Call) -> web.StreamResponse:
    """Show whose token this is and what it allows."""
    client, zone, at = call.client, call.platform.settings.timezone, call.principal.expires_at
    # A key doesn't end by itself.
    ends = datetime.fromtimestamp(at, zone).isoformat() if at else None
    shown = {"id": client.id, "name": client.name, "mode": client.mode, "scopes": sorted(client.scopes)}
    return reply(call, {**shown, "token_expires_at": ends})
