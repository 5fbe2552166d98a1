"""Who is calling: bearer tokens checked against the city's identity provider, or against the development key.

Tokens are OpenID Connect's (JWS-signed JWTs). A token that was found good is remembered until it ends, since checking a
signature costs more than the rest of a read. `alg: none` and shared-secret algorithms are refused whatever a key says.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, NoReturn

import structlog

from banshi.builtin.identity.access import ACCESS, Access
from banshi.builtin.identity.claims import check_subject, is_moment, refusal, verified_number, verified_phone
from banshi.builtin.identity.development import DEVELOPMENT, DevelopmentKeys
from banshi.builtin.identity.ended import ENDED_SESSIONS, EndedSessions, Held, held
from banshi.builtin.identity.jwks import IssuerKeys, Keys
from banshi.builtin.sentences import say
from banshi.foundation.background import working
from banshi.kernel.contract.principals import Principal
from banshi.kernel.http.callers import BEARERS, LONGEST_TOKEN, parse_role
from banshi.kernel.loading.outside_systems import Identity
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.auth")

#: Signature algorithms that are accepted: public-key ones only.
ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "Ed25519", "EdDSA"]

#: Tokens that are remembered at most.
MAX_REMEMBERED = 20_000

STEP_UP = 'Bearer realm="banshi", error="insufficient_user_authentication", acr_values="{}"'

#: Types of ID tokens.
ID_TOKENS = ("", "jwt")

#: Seconds of tolerance between clocks.
LEEWAY_S = 30


class OfDevelopment(Identity):
    """This machine as the provider of its own tokens, whose issuer is no address."""

    def __post_init__(self) -> None:
        """Nothing of it is written by hand, and to be looked at."""


@dataclass(slots=True)
class Tokens:
    """Checks bearer tokens."""

    #: Whose tokens they are, and what they have to say.
    identity: Identity
    keys: Keys
    #: Which roles there are.
    access: Access
    #: By what the tokens begin with.
    others: Mapping[str, Callable[[str], Awaitable[Principal | None]]] = field(default_factory=dict)
    #: What was ended before its time.
    ended: EndedSessions = field(default_factory=EndedSessions)
    _remembered: OrderedDict[str, tuple[Principal, Held]] = field(default_factory=OrderedDict)
    #: The generation of the keys that the remembered tokens were checked against.
    _generation: int = 0
    #: The catalogue whose roles they were held against.
    _revision: int = 0

    async def principal(self, authorization: str | None) -> Principal | None:
        """The caller that an Authorization header names; None without one.

        Raises Unauthenticated for a bad one, UnknownRoles for one of whose roles there is none.
        """
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or not token.isascii() or len(token) > LONGEST_TOKEN:
            raise refusal("This is no way to sign in here; send a bearer token of the identity provider's.")
        for prefix, holder in self.others.items():
            if token.startswith(prefix):
                return self.access.admitted(await holder(token) or _refuse_ended())
        if (self._generation, self._revision) != (self.keys.generation, self.access.registry.revision):
            # The issuer has other keys by now: what a withdrawn one signed is looked at anew. Or other roles are known.
            self._generation, self._revision = self.keys.generation, self.access.registry.revision
            self._remembered.clear()
        known = self._remembered.get(token)
        if known is not None:
            if known[0].expires_at + LEEWAY_S <= time.time():
                del self._remembered[token]
                raise refusal("The token has expired; get a new one from the identity provider.")
            self._refuse_ended(known[1])
            return known[0]
        # A logout token or a security event of the same issuer (RFC 8417) is of no type that lets somebody in.
        claims = await self._claims(token, self.identity.audience, self.identity.token_types)
        principal = self.access.admitted(self._of(claims))
        self._remembered[token] = principal, _held(claims)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return principal

    async def signed_in(self, token: str, client: str, nonce: str) -> Principal:
        """Whom an ID token names that this client was given for this sign-in (OpenID Connect Core 1.0, 3.1.3.7).

        Raises as `principal` does.
        """
        if not token.isascii() or len(token) > LONGEST_TOKEN:
            raise refusal("The token's signature is not one of the identity provider's.")
        claims = await self._claims(token, client, ID_TOKENS)
        if claims.get("azp", client) != client:
            raise refusal("The token is meant for another audience.")
        if claims.get("nonce") != nonce:
            raise refusal("The token is another sign-in's.")
        return self.access.admitted(self._of(claims))

    async def _claims(self, token: str, audience: str, types: Collection[str]) -> dict[str, Any]:
        """What a token says that lets a person in."""
        claims = await self.signed(token, (audience,), types)
        if "events" in claims:
            raise refusal("A token of an event is not accepted; send the access or ID token.")
        self._check_times(claims, time.time())
        check_subject(claims.get("sub"))
        self._refuse_ended(_held(claims))
        return claims

    async def signed(self, token: str, audiences: Collection[str], types: Collection[str]) -> dict[str, Any]:
        """What the issuer says in a token that is meant for one of these, whenever it is good.

        Raises Unauthenticated, and Unavailable where its keys are not to be had.
        """
        keys = await self.keys.get()
        claims = _decoded(token, keys, types)
        if claims is None:
            # A key id that is not in the set may be one that the issuer has just begun to use.
            newer = await self.keys.newer(keys)
            claims = _decoded(token, newer, types) if newer is not None else None
        if claims is None:
            raise refusal("The token's signature is not one of the identity provider's.")
        named = claims.get("aud")
        if claims.get("iss") != self.identity.issuer:
            raise refusal("The token is from another issuer.")
        if not any(one in audiences for one in (named if isinstance(named, list) else [named])):
            raise refusal("The token is meant for another audience.")
        return claims

    def _refuse_ended(self, held: Held) -> None:
        if self.ended.until and self.ended.is_over(held):
            raise refusal("This sign-in was ended; sign in anew at the identity provider.")

    def _check_times(self, claims: Mapping[str, Any], now: float) -> None:
        """Raise Unauthenticated for a token that has ended, hasn't begun, or would live for too long."""
        ends, begins, issued = claims.get("exp"), claims.get("nbf", 0), claims.get("iat", now)
        if not is_moment(ends) or ends + LEEWAY_S <= now:
            raise refusal("The token has expired; get a new one from the identity provider.")
        if not all(is_moment(one) and one - LEEWAY_S <= now for one in (begins, issued)):
            raise refusal("The token is not valid yet.")
        if ends - issued > (most := self.identity.token_max_life) + LEEWAY_S:
            raise refusal("The token is good for longer than {most:g} seconds; get one that ends sooner.", most=most)

    def _of(self, claims: Mapping[str, Any]) -> Principal:
        rules = self.identity
        named = claims.get(rules.roles_claim)
        if not (named is None or isinstance(named, str | list)):
            raise refusal("The claim {claim} has to be a text or a list of texts.", claim=rules.roles_claim)
        named = [] if named is None else named
        texts = [rules.role_map.get(str(text), str(text)) for text in (named if isinstance(named, list) else [named])]
        roles = [role for role in map(parse_role, texts) if role]
        if len(roles) < len(texts):
            log.warning("a token names roles that are not of the form department:role", unknown=len(texts) - len(roles))
            if not roles:
                # Somebody whom the issuer gives roles is staff; what we can't read must not make a citizen of them.
                raise refusal("The claim {claim} has no role of the form department:role.", claim=rules.roles_claim)
        if roles and rules.staff_acr and claims.get("acr") not in rules.staff_acr:
            # RFC 9470: the app asks the issuer for one of these.
            wanted = {"WWW-Authenticate": STEP_UP.format(" ".join(rules.staff_acr))}
            why = "Staff need a stronger sign-in; acr_values lists the levels."
            raise refusal(why, wanted, say(why))
        name = claims.get(rules.name_claim)
        return Principal(
            subject=claims["sub"],
            name="".join(filter(str.isprintable, name))[:255] if isinstance(name, str) else "",
            roles=tuple(roles),
            expires_at=int(claims["exp"]),
            resident_id=verified_number(claims.get(rules.resident_id_claim), rules.resident_id_claim),
            phone=verified_phone(claims),
        )


def _held(claims: Mapping[str, Any]) -> Held:
    """What the list of ended sessions is asked for a token; one that doesn't say since when it is, is as old as any."""
    session = claims.get("sid")
    return held(claims["sub"], claims.get("iat", 0), session if isinstance(session, str) else "")


def _refuse_ended() -> NoReturn:
    raise refusal("The token is not good, or not any more; get a new one.")


def _decoded(token: str, keys: Any, types: Collection[str]) -> dict[str, Any] | None:
    """The claims of a token that one of the keys has signed; None for any other text.

    Raises Unauthenticated for one of a type that is not accepted.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if str(decoded.header.get("typ", "")).lower().removeprefix("application/") not in types:
            raise refusal("Tokens of this type are not accepted; send the access or ID token.")
        return decoded.claims
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return None


@asynccontextmanager
async def open_tokens(platform: Platform) -> AsyncIterator[Tokens]:
    """The checker for the configured identity provider, or for development tokens where none is."""
    identity, access, ended = platform.settings.identity, platform[ACCESS], platform[ENDED_SESSIONS]
    others = {one.prefix: partial(one.holder, platform) for _, one in platform.registry.offered(BEARERS)}
    if identity is None:
        ours = OfDevelopment(issuer=DEVELOPMENT, audience=DEVELOPMENT, token_max_life=inf)
        yield Tokens(ours, DevelopmentKeys(platform.settings.keys_folder), access, others, ended)
        return
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        keys = IssuerKeys(identity, session)
        try:
            async with working("banshi-issuer-keys", keys.keep_fresh):
                yield Tokens(identity, keys, access, others, ended)
        finally:
            await keys.close()
