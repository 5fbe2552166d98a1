"""Signing people in ourselves, where the settings name a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from banshi.builtin.identity.tokens import Tokens
from banshi.builtin.outgoing.caller import open_outgoing
from banshi.builtin.sign_in.flow import SIGN_IN, SignIn
from banshi.builtin.sign_in.provider import Provider
from banshi.foundation.encryption.secrets import SEAL
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.callers import TOKENS
from banshi.kernel.runtime.running import Platform


@asynccontextmanager
async def open_sign_in(platform: Platform) -> AsyncIterator[SignIn]:
    """The flow, with connections of its own to the provider. No request is made yet."""
    identity, tokens = platform.settings.identity, cast("Tokens", platform[TOKENS])
    clock = platform.store.shared_clock
    if identity is None or not (identity.client_id or identity.client_secret):
        yield SignIn(None, tokens, platform[SEAL], clock.seconds)
        return
    async with open_outgoing(platform) as outgoing:
        yield SignIn(Provider(identity, outgoing), tokens, platform[SEAL], clock.seconds)


banshi_resources = hands_over(Resource(SIGN_IN, open_sign_in, Phase.BEFORE_PLUGINS))
