"""Who is calling: bearer tokens checked against the city's identity provider, or against the development key.

Tokens are OpenID Connect's (JWS-signed JWTs). A token that was found good is remembered until it ends, since checking a
signature costs more than the rest of a read. `alg: none` and shared-secret algorithms are refused whatever a key says.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from banshi.contract import Key
from banshi.errors import Unauthenticated, Unavailable
from banshi.private_files import write_private
from banshi.routes import Principal, Role
from banshi.settings import Identity, Settings

if TYPE_CHECKING:
    import aiohttp
    from joserfc.jwk import KeySet

    from banshi.runtime import Platform

log = structlog.get_logger("banshi.auth")

#: Signature algorithms that are accepted: public-key ones only.
ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "EdDSA"]

#: Issuer and audience of development tokens.
DEVELOPMENT = "banshi-development"

#: Tokens that are remembered at most, and the longest token that is looked at.
REMEMBERED = 20_000
LONGEST_TOKEN = 8_192

#: Seconds between two fetches of the keys that an unknown key id may cause; seconds of tolerance between clocks.
REFETCH = 10.0
LEEWAY = 30

#: "traffic:approver", or "traffic/zone-office:approver" within one unit.
ROLE = re.compile(r"(?P<department>[a-z0-9-]+)(/(?P<unit>[a-z0-9-]+))?:(?P<name>[a-z0-9-]+)\Z")

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="banshi"'}
INVALID = {"WWW-Authenticate": 'Bearer realm="banshi", error="invalid_token"'}


def refuse(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, headers=INVALID)


def parse_role(text: str) -> Role | None:
    match = ROLE.match(text)
    return Role(match["name"], match["department"], match["unit"]) if match else None


@dataclass(slots=True)
class Tokens:
    """Checks bearer tokens."""

    issuer: str
    audience: str
    roles_claim: str
    name_claim: str
    role_map: Mapping[str, str]
    keys: Keys
    _remembered: OrderedDict[str, Principal] = field(default_factory=OrderedDict)

    async def principal(self, authorization: str | None) -> Principal | None:
        """The caller that an Authorization header names; None without one. Raises Unauthenticated for a bad one."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            raise refuse("Authorization has to be: Bearer <token>")
        known = self._remembered.get(token)
        if known is not None:
            if known.expires_at > time.time():
                return known
            del self._remembered[token]
            raise refuse("The token has expired; get a new one from the identity provider.")
        principal = self._of(await self._claims(token))
        self._remembered[token] = principal
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        for fresh in (False, True):
            keys = await self.keys.get(fresh=fresh)
            try:
                claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
                break
            except (JoseError, ValueError, KeyError, TypeError):
                # A key id that is not in the set may be one that the issuer has just begun to use.
                if fresh or not self.keys.may_have_changed():
                    raise refuse("The token's signature is not one of the identity provider's.") from None
        now = time.time()
        audiences = claims.get("aud")
        if claims.get("iss") != self.issuer:
            raise refuse("The token is from another issuer.")
        if self.audience not in (audiences if isinstance(audiences, list) else [audiences]):
            raise refuse("The token is meant for another audience.")
        if not isinstance(claims.get("exp"), int | float) or claims["exp"] + LEEWAY <= now:
            raise refuse("The token has expired; get a new one from the identity provider.")
        if isinstance(claims.get("nbf"), int | float) and claims["nbf"] - LEEWAY > now:
            raise refuse("The token is not valid yet.")
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
            raise refuse("The token names no subject.")
        return claims

    def _of(self, claims: Mapping[str, Any]) -> Principal:
        named = claims.get(self.roles_claim) or []
        texts = [self.role_map.get(str(text), str(text)) for text in (named if isinstance(named, list) else [named])]
        roles = [role for role in map(parse_role, texts) if role]
        if len(roles) < len(texts):
            log.warning("a token names roles that are not of the form department:role", unknown=len(texts) - len(roles))
            if not roles:
                # Somebody whom the issuer gives roles is staff; what we can't read must not make a citizen of them.
                raise refuse(f"The claim {self.roles_claim} has no role of the form department:role.")
        name = claims.get(self.name_claim)
        return Principal(
            subject=claims["sub"],
            name=name[:255] if isinstance(name, str) else "",
            roles=tuple(roles),
            expires_at=int(claims["exp"]),
        )


class Keys(Protocol):
    """Where the public keys that tokens are signed with come from."""

    def may_have_changed(self) -> bool:
        """Whether asking anew may bring a key that was not there before."""

    async def get(self, *, fresh: bool = False) -> Any:
        """A key or key set for joserfc; `fresh` asks anew if that may change anything."""


class IssuerKeys:
    """The issuer's public keys: fetched once, kept for `ttl`, fetched again when an unknown key id turns up."""

    def __init__(self, identity: Identity, session: aiohttp.ClientSession) -> None:
        self._identity = identity
        self._session = session
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._lock = asyncio.Lock()

    def may_have_changed(self) -> bool:
        return time.monotonic() - self._fetched > REFETCH

    async def get(self, *, fresh: bool = False) -> Any:
        async with self._lock:
            age = time.monotonic() - self._fetched
            if self._keys is None or age > self._identity.keys_ttl or (fresh and age > REFETCH):
                try:
                    self._keys = await self._fetch()
                    self._fetched = time.monotonic()
                except Exception as error:
                    log.error("the identity provider's keys can't be fetched", error=type(error).__name__)
                    if self._keys is None:
                        told = "The identity provider does not answer, so no token can be checked."
                        raise Unavailable(told, headers={"Retry-After": "5"}) from None
            return self._keys

    async def _fetch(self) -> KeySet:
        from joserfc.jwk import KeySet

        uri = self._identity.jwks_uri
        if uri is None:
            address = self._identity.issuer.rstrip("/") + "/.well-known/openid-configuration"
            uri = str((await self._json(address))["jwks_uri"])
        return KeySet.import_key_set(await self._json(uri))

    async def _json(self, address: str) -> Any:
        async with self._session.get(address, allow_redirects=False) as response:
            response.raise_for_status()
            return await response.json(content_type=None)


class DevelopmentKeys:
    """The one key of this machine, for tokens of `banshi token`."""

    def __init__(self, folder: Path) -> None:
        self._key = development_key(folder)

    def may_have_changed(self) -> bool:
        return False

    async def get(self, *, fresh: bool = False) -> Any:
        del fresh
        return self._key


TOKENS: Key[Tokens] = Key("tokens")


@asynccontextmanager
async def open_tokens(platform: Platform) -> AsyncIterator[Tokens]:
    """The checker for the configured identity provider, or for development tokens where none is."""
    identity = platform.settings.identity
    if identity is None:
        folder = platform.settings.keys_folder
        yield Tokens(DEVELOPMENT, DEVELOPMENT, "banshi_roles", "name", {}, DevelopmentKeys(folder))
        return
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        keys = IssuerKeys(identity, session)
        yield Tokens(
            identity.issuer, identity.audience, identity.roles_claim, identity.name_claim, identity.role_map, keys
        )


def development_key(folder: Path) -> Any:
    """The key of this machine's development tokens, made on first use and readable by its owner alone."""
    from joserfc.jwk import ECKey

    file = folder / "development-token.pem"
    if not file.exists():
        write_private(file, ECKey.generate_key("P-256").as_pem(private=True))
    return ECKey.import_key(file.read_bytes())


def development_token(
    settings: Settings, subject: str, *, name: str = "", roles: Iterable[str] = (), lifetime: int = 86_400
) -> str:
    """A token for trying the platform out. Raises ValueError once an identity provider is configured."""
    if settings.identity is not None:
        raise ValueError(
            "plugins.toml names an identity provider in [platform.identity]: get tokens there; "
            "development tokens are not accepted beside it"
        )
    from joserfc import jwt

    listed = list(roles)
    for role in listed:
        if parse_role(role) is None:
            raise ValueError(f"a role is written department:role or department/unit:role, not {role!r}")
    now = int(time.time())
    claims = {"iss": DEVELOPMENT, "aud": DEVELOPMENT, "sub": subject, "iat": now, "exp": now + lifetime}
    claims |= ({"name": name} if name else {}) | ({"banshi_roles": listed} if listed else {})
    return jwt.encode({"alg": "ES256"}, claims, development_key(settings.keys_folder))
