"""Who is calling: what a token's checker gives, whoever checks it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Client, Principal, Role
from banshi.kernel.runtime.running import Platform

#: The longest token that is looked at.
LONGEST_TOKEN = 8_192

#: "traffic:approver", or "traffic/zone-office:approver" within one unit.
ROLE = re.compile(r"(?P<department>[a-z0-9-]+)(/(?P<unit>[a-z0-9-]+))?:(?P<name>[a-z0-9-]+)\Z")

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="banshi"'}
#: For whoever develops what people use; they are told to sign in.
UNSENT = "There is no Authorization header: send a bearer token of the identity provider's."
INVALID = {"WWW-Authenticate": 'Bearer realm="banshi", error="invalid_token"'}


def parse_role(text: str) -> Role | None:
    match = ROLE.match(text)
    return Role(match["name"], match["department"], match["unit"]) if match else None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Tokens that a plugin gives out itself."""

    #: What its tokens begin with, and no issuer's does: such as `bat_`.
    prefix: str
    #: Path at which they are given out by RFC 6749.
    token_url: str
    #: Whose token it is; None for one that is not good, or not any more.
    holder: Callable[[Platform, str], Awaitable[Principal | None]]


#: Plugins that give out tokens of their own offer how these are checked.
BEARERS: Key[Bearer] = Key("bearers")


@dataclass(frozen=True, slots=True)
class Directory:
    """The clients that a plugin knows."""

    #: The client as it is now, with all that it may do; None for one that is not, or not any more.
    find: Callable[[Platform, str], Awaitable[Client | None]]


#: A plugin that knows integrators' clients offers where they are looked up by others that act for them later.
CLIENTS: Key[Directory] = Key("clients")


class Checker(Protocol):
    """Checks bearer tokens."""

    async def principal(self, authorization: str | None) -> Principal | None:
        """The caller that an Authorization header names; None without one.

        Raises Unauthenticated for a bad one, UnknownRoles for one of whose roles there is none.
        """
        ...


TOKENS: Key[Checker] = Key("tokens")

#: Is told who creates something, once for each, before it is done; it raises TooManyRequests.
CREATING: Key[Callable[[Principal], Awaitable[None]]] = Key("creating")


async def caller_of(platform: Platform, token: str) -> Principal | None:
    """Whose token it is, for a standard that has it elsewhere than in the Authorization header.

    None for an empty one. Raises Unauthenticated for one that is not good.
    """
    return await platform[TOKENS].principal(f"Bearer {token}") if token else None
