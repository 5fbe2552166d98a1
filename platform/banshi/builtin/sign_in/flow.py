"""Somebody is sent to the provider, and comes back: PKCE with S256 (RFC 7636), a state and a nonce, each for once.

What has to be known again then is sealed and stays with their browser, in a cookie: nothing is kept here, any process
can answer, and whoever was only handed the provider's address, without our page, comes back without it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from banshi.builtin.identity.tokens import Tokens
from banshi.builtin.sentences import say
from banshi.builtin.sign_in.kept import has_come_back, opened, sealed
from banshi.builtin.sign_in.provider import Provider, SignInFailed
from banshi.foundation.encryption.secrets import Seal
from banshi.foundation.errors import Unauthenticated
from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal

#: Seconds that somebody may take to sign in.
ATTEMPT_LIFE_S = 600

#: What is asked of the provider: who it is, their name, and a telephone number that it has verified.
SCOPE = "openid profile phone"

#: Marks what is sealed as ours: other things are sealed with the same key.
MARK = "sign-in"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun."""

    #: Where their browser goes now.
    address: str
    #: What it keeps meanwhile and brings back: a cookie that no script reads.
    kept: str = field(repr=False)


@dataclass(slots=True)
class SignIn:
    """The flow, where the settings name a client: `client_id` or `client_secret` of `[platform.identity]`."""

    provider: Provider | None
    tokens: Tokens
    seal: Seal
    #: The present time in Unix seconds: another process may see the end of what began here.
    clock: Callable[[], float]

    @property
    def host(self) -> str:
        """What people know the provider by; "" where nobody can be signed in."""
        return (URL(self.provider.identity.issuer).authority) if self.provider else ""

    async def begin(self, back: str, about: str) -> Attempt:
        """Begin a sign-in that ends at our address `back`, which the provider knows, and is about that.

        The provider asks for it even where somebody is signed in there. Raises ProviderAway, and SignInFailed where
        nobody can be signed in.
        """
        provider = self._provider()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": provider.client,
            "redirect_uri": back,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "prompt": "login",
        }
        address = URL((await provider.endpoints()).authorization).update_query(asked)
        kept = {"about": about, "state": state, "nonce": nonce, "verifier": verifier}
        return Attempt(str(address), sealed(self.seal, MARK, self.clock() + ATTEMPT_LIFE_S, **kept))

    async def end(self, kept: str, came: Mapping[str, str], back: str) -> tuple[Principal, str]:
        """Who has signed in, and what about.

        Args:
            kept: The `kept` of the attempt, as their browser brings it.
            came: The parameters with which the provider has sent them back.
            back: As it was when it began.

        Raises SignInFailed, ProviderAway, and Unavailable where the provider's keys are not to be had.
        """
        provider, attempt = self._provider(), self._opened(kept)
        if not has_come_back(attempt, came):
            raise SignInFailed(say("This is the answer to another sign-in; begin it anew."))
        # RFC 9207: whose answer it is, where the provider says it.
        if came.get("iss", provider.identity.issuer) != provider.identity.issuer:
            raise SignInFailed(say("This is the answer to another sign-in; begin it anew."))
        if "error" in came or not came.get("code"):
            raise SignInFailed(say("You have not signed in there; begin it anew."))
        token = await provider.id_token(came["code"], attempt["verifier"], back)
        try:
            principal = await self.tokens.signed_in(token, provider.client, attempt["nonce"])
        except Unauthenticated:
            # Its reason is in the log; to somebody with a browser it says nothing.
            raise SignInFailed(say("What the identity provider says can't be trusted; begin it anew.")) from None
        return principal, str(attempt["about"])

    def _provider(self) -> Provider:
        if self.provider is None:
            raise SignInFailed(say("Nobody can sign in here: the operator has named no client."))
        return self.provider

    def _opened(self, kept: str) -> Mapping[str, Any]:
        attempt = opened(self.seal, MARK, kept, self.clock())
        if not attempt:
            raise SignInFailed(say("This was begun in another browser, or too long ago; begin it anew."))
        return attempt


#: People led to the identity provider and back.
SIGN_IN: Key[SignIn] = Key("sign-in")


def challenge_of(verifier: str) -> str:
    """What a verifier is asked for beforehand (RFC 7636 section 4.2, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
