"""Whose token it is: the city's identity provider's, or one for development; and whose sessions were ended."""

from __future__ import annotations

from typing import Any

from banshi.builtin.identity import backchannel, me
from banshi.builtin.identity.access import ACCESS, Access
from banshi.builtin.identity.ended import ENDED_SESSIONS, open_ended
from banshi.builtin.identity.tokens import open_tokens
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.callers import TOKENS


@hookimpl
def banshi_routes() -> list[Route]:
    return [*backchannel.ROUTES, *me.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(ACCESS, lambda platform: Access(platform.registry)),
        Resource(ENDED_SESSIONS, open_ended, Phase.BEFORE_PLUGINS),
        Resource(TOKENS, open_tokens, Phase.BEFORE_PLUGINS),
    ]
