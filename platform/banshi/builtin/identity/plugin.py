"""Whose token it is: the city's identity provider's, or one for development; and whose sessions were ended."""

from __future__ import annotations

from banshi.builtin.identity import backchannel, me
from banshi.builtin.identity.access import ACCESS, Access
from banshi.builtin.identity.ended import ENDED_SESSIONS, open_ended
from banshi.builtin.identity.tokens import open_tokens
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.callers import TOKENS

banshi_routes = hands_over(*backchannel.ROUTES, *me.ROUTES)

banshi_resources = hands_over(
    Resource.made(ACCESS, lambda platform: Access(platform.registry)),
    Resource(ENDED_SESSIONS, open_ended, Phase.BEFORE_PLUGINS),
    Resource(TOKENS, open_tokens, Phase.BEFORE_PLUGINS),
)
