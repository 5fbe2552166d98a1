"""What the city's identity provider publishes of itself, and its answer to a code."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import structlog

from banshi.builtin.outgoing.caller import CallFailed, Outgoing
from banshi.builtin.sentences import say
from banshi.foundation.errors import Problem, Unavailable
from banshi.foundation.logs import refusal_of
from banshi.kernel.loading.outside_systems import Identity

log = structlog.get_logger("banshi.sign_in")

#: Where a provider says what it has (OpenID Connect Discovery 1.0, section 4).
CONFIGURATION = "/.well-known/openid-configuration"

#: Seconds that one call may take, and bytes of its answer at most.
CALL_TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 1_048_576

#: Seconds between two questions to a provider that doesn't answer.
PAUSE_S = 2.0

BASIC, POST = "client_secret_basic", "client_secret_post"


class SignInFailed(Problem, status=400, code="sign-in-failed", says=say):
    """The sign-in did not work; begin it anew."""


class ProviderAway(Unavailable, says=say):
    """Signing in is not possible at present; try again in a moment."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where people are sent, where codes are exchanged, and how a client proves itself there."""

    authorization: str
    token: str
    methods: tuple[str, ...] = (BASIC,)


class Provider:
    """The provider as a client of it sees it."""

    def __init__(self, identity: Identity, outgoing: Outgoing) -> None:
        self.identity = identity
        self.client = identity.client_id or identity.audience
        self._outgoing = outgoing
        self._endpoints: Endpoints | None = None
        self._given = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """As the provider says, asked anew as often as for its keys. Raises ProviderAway."""
        async with self._lock:
            now = time.monotonic()
            if now - self._given >= self.identity.keys_ttl and now - self._tried >= PAUSE_S:
                self._tried = now
                try:
                    self._endpoints, self._given = await self._discovered(), now
                except (CallFailed, ValueError, KeyError, TypeError) as error:
                    log.error("the identity provider's configuration can't be read", **refusal_of(error))
            if self._endpoints is None or now - self._given > self.identity.keys_max_age:
                raise ProviderAway(headers={"Retry-After": "5"})
            return self._endpoints

    async def _discovered(self) -> Endpoints:
        issuer = self.identity.issuer
        address = self._outgoing.checked(issuer.rstrip("/") + CONFIGURATION)
        answer = await self._outgoing.call(
            address, body=b"", headers={}, seconds=CALL_TIMEOUT_S, limit=MAX_ANSWER_BYTES, method="GET"
        )
        if answer.status != 200:
            raise ValueError(f"the answer is {answer.status}")
        document = json.loads(answer.body)
        if document["issuer"] != issuer:
            raise ValueError("the configuration is another issuer's (OpenID Connect Discovery, section 4.3)")
        authorization = str(document["authorization_endpoint"])
        self.identity.refuse_plain(authorization)
        methods = tuple(map(str, document.get("token_endpoint_auth_methods_supported") or (BASIC,)))
        return Endpoints(authorization, self._outgoing.checked(str(document["token_endpoint"])), methods)

    async def id_token(self, code: str, verifier: str, back: str) -> str:
        """The ID token that is given for a code, once. Raises SignInFailed for a code that is none, ProviderAway."""
        endpoints = await self.endpoints()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers, proof = self._proof(endpoints)
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = await self._outgoing.call(
                endpoints.token,
                body=urlencode({**form, **proof}).encode(),
                headers=headers,
                seconds=CALL_TIMEOUT_S,
                limit=MAX_ANSWER_BYTES,
            )
        except CallFailed as failed:
            log.error("the identity provider takes no codes", why=failed.code)
            raise ProviderAway(headers={"Retry-After": "5"}) from None
        told = _json(answer.body)
        if answer.ok and isinstance(told.get("id_token"), str):
            return str(told["id_token"])
        # What it says may quote the code; the word alone is one of RFC 6749's.
        log.warning("the identity provider refuses a code", status=answer.status, why=str(told.get("error", ""))[:40])
        if answer.status == 400:
            raise SignInFailed(say("The sign-in was used already, or is over; begin it anew."))
        raise ProviderAway(headers={"Retry-After": "5"})

    def _proof(self, endpoints: Endpoints) -> tuple[dict[str, str], dict[str, str]]:
        """How this client says who it is: headers, and members of the form (RFC 6749 section 2.3.1)."""
        secret = self.identity.client_secret
        if not secret:
            return {}, {"client_id": self.client}
        if BASIC in endpoints.methods or POST not in endpoints.methods:
            pair = f"{quote_plus(self.client)}:{quote_plus(secret)}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}, {}
        return {}, {"client_id": self.client, "client_secret": secret}


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
