"""How a client proves itself at the OAuth endpoints: RFC 6749 section 2.3.1, by HTTP Basic or in the form."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from banshi import Call, Problem
from banshi.sdk.http import read_body

from .models import ApiClient, ClientSecret
from .tokens import digest_of

#: The form's media type, and bytes of it at most.
FORM, MAX_FORM_BYTES = "application/x-www-form-urlencoded", 8_192

#: Parameters of one form at most.
MAX_FIELDS = 20


class OAuthError(Exception):
    """An OAuth error, RFC 6749 section 5.2: `error` for programs, `description` for people, and a status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.error, self.description, self.status = error, description, status
        super().__init__(description)


async def read_form(request: web.Request) -> dict[str, str]:
    """The parameters of the body; empty ones are left out, as the standard has it. Raises OAuthError."""
    try:
        raw = await read_body(request, MAX_FORM_BYTES, FORM)
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except Problem as problem:
        raise OAuthError("invalid_request", problem.detail, 413 if problem.status == 413 else 400) from None
    except ValueError:
        raise OAuthError("invalid_request", "The parameters can't be read.") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise OAuthError("invalid_request", "A parameter may be given once.")
    return {name: value for name, value in form.items() if value}


async def signed_in(call: Call, form: Mapping[str, str]) -> tuple[ApiClient, str]:
    """The client that the request names and proves, and the secret by which it did. Raises OAuthError."""
    header = call.request.headers.get("Authorization")
    if header is not None and "client_secret" in form:
        raise OAuthError("invalid_request", "Send the secret in one place: the Authorization header, or the form.")
    name, secret = _basic(header) if header is not None else (form.get("client_id", ""), form.get("client_secret", ""))
    if header is not None and form.get("client_id", name) != name:
        raise OAuthError("invalid_request", "client_id in the form is another than in the Authorization header.")
    if not name or not secret:
        raise OAuthError("invalid_client", "Name the client and its secret.", 401)
    found = await ClientSecret.get_or_none(digest=digest_of(secret), client=name)
    client = await ApiClient.get_or_none(id=name, revoked_at=None) if found is not None else None
    if found is None or client is None or (found.expires_at is not None and found.expires_at <= call.now):
        raise OAuthError(
            "invalid_client", "There is no such client, or the secret isn't its secret, or not any more.", 401
        )
    return client, secret


def _basic(header: str) -> tuple[str, str]:
    """Name and secret of an Authorization header, each form-encoded before they were joined."""
    scheme, _, value = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError(scheme)
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise OAuthError(
            "invalid_client", "Authorization has to be: Basic <client_id:client_secret in base64>", 401
        ) from None
    if not colon:
        raise OAuthError("invalid_client", "Authorization names no secret.", 401)
    return unquote_plus(name), unquote_plus(secret)
