"""Settings of the systems around the platform: who says whose a token is, where registers are, where calls may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from banshi.foundation.extras import lacking

#: The databases that the platform is tested on, by the beginnings of their URLs.
POSTGRES = ("asyncpg://", "postgres://", "postgresql://")
DATABASES = ("sqlite://", *POSTGRES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The city's identity provider. Without one, only tokens of `banshi token` are accepted."""

    #: The `iss` of its tokens; `/.well-known/openid-configuration` below it names the keys.
    issuer: str
    #: The `aud` that its tokens must bear.
    audience: str
    #: Where the keys are, if not where the issuer's configuration says.
    jwks_uri: str | None = None
    #: The claim that lists a member of staff's roles, and the claim with a person's name.
    roles_claim: str = "banshi_roles"
    name_claim: str = "name"
    #: The claim with the ID number that the provider has verified, a text: whoever has none looks nobody up.
    resident_id_claim: str = "resident_id"
    #: From the issuer's own role names to ours: {"jtj-sp" = "traffic:approver"}.
    role_map: Mapping[str, str] = field(default_factory=dict)
    #: Seconds for which the fetched keys are trusted before they are fetched again.
    keys_ttl: float = 600.0
    #: Seconds for which they go on where the issuer doesn't answer; after that nobody gets in.
    keys_max_age: float = 86_400.0
    #: Seconds that a token may live at most, from its `iat` to its `exp`.
    token_max_life: float = 86_400.0
    #: Types of tokens that let somebody in (RFC 9068, RFC 7519), without `application/`; "" is one without a type.
    token_types: tuple[str, ...] = ("", "jwt", "at+jwt")
    #: Values of `acr` of which a token with roles has to bear one, such as for two factors; without any, none has to.
    staff_acr: tuple[str, ...] = ()
    #: The client as which we lead people there, if not the audience, and its secret. Without both, nobody is led.
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    #: Clients beside these two whose logout tokens are for us too: those of apps.
    logout_audiences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _is_safe(self.issuer):
            raise ValueError("issuer has to be an https:// address (http:// only on this machine)")
        if not self.audience:
            raise ValueError("audience has to name what tokens are for: it can't be empty")
        if self.jwks_uri is not None:
            self.refuse_plain(self.jwks_uri)
        if not 0 < self.keys_ttl <= self.keys_max_age:
            raise ValueError("keys_ttl has to be more than 0 and at most keys_max_age")
        if not self.token_max_life > 0:
            raise ValueError("token_max_life has to be more than 0 seconds")
        if not set(self.token_types) <= {"", "jwt", "at+jwt"} or not self.token_types:
            raise ValueError('token_types has to be some of "", "jwt", "at+jwt"')
        if not all(one.isascii() and one.isprintable() and not {*one} & {*' "\\'} and one for one in self.staff_acr):
            raise ValueError("staff_acr has to name values of acr, in ASCII without spaces, quotes and backslashes")

    def refuse_plain(self, jwks_uri: str) -> None:
        """Raise ValueError for keys that anybody on the way could exchange."""
        parts = urlsplit(jwks_uri)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_local(self.issuer))):
            raise ValueError("jwks_uri has to be an https:// address (http:// only if the issuer is on this machine)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSource:
    """Where a register's data come from: an HTTP endpoint of its department's, or a database that is only read."""

    #: It is asked with POST, and answers with records as JSON.
    url: str = ""
    #: Bearer token for it.
    token: str = ""
    #: `sqlite://FILE`, relative to plugins.toml, or `postgres://user@host/name`.
    database: str = ""
    #: One SELECT. `:plate` is the question's field of that name, `:owner` whose records may be found, or null for all.
    sql: str = ""
    #: Seconds that an answer may take.
    timeout: float = 3.0

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.database):
            raise ValueError('has to say where the data are: either url = "…" or database = "…"')
        if bool(self.database) != bool(self.sql) or (self.token and not self.url):
            raise ValueError("sql stands beside database, and token beside url")
        if self.url and not _is_safe(self.url):
            raise ValueError("url has to be an https:// address (http:// only on this machine)")
        if self.database and not self.database.startswith(DATABASES):
            raise ValueError(f"database has to begin with {' or '.join(DATABASES)}")
        if self.database.startswith(DATABASES[1:]) and (told := lacking("asyncpg")):
            raise ValueError(f"database is on PostgreSQL, and {told}")
        if not 0 < self.timeout <= 60:
            raise ValueError("timeout has to be more than 0 and at most 60 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRules:
    """Where calls may go whose addresses somebody outside gave: integrators' services and receivers of webhooks."""

    #: Networks of the operator's own that may be called beside the internet: ["10.20.0.0/16"].
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    #: PEM file of the certificate authorities to trust in place of the system's; relative to plugins.toml.
    ca_file: Path | None = None


def _is_safe(address: str) -> bool:
    """Whether what is sent there is encrypted, or stays on this machine."""
    return {"https": True, "http": _is_local(address)}.get(urlsplit(address).scheme, False)


def _is_local(address: str) -> bool:
    return urlsplit(address).hostname in {"localhost", "127.0.0.1", "::1"}
