"""Passes: signed QR codes, their keys, and what was revoked."""

from __future__ import annotations

from banshi.builtin.passes import dynamic_routes, own_routes, routes
from banshi.builtin.passes.keys import KEYRING, open_keyring
from banshi.builtin.passes.revocations import REVOCATIONS, open_revocations
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource

banshi_routes = hands_over(*routes.ROUTES, *dynamic_routes.ROUTES, *own_routes.ROUTES)

banshi_resources = hands_over(
    Resource(KEYRING, open_keyring, Phase.BEFORE_PLUGINS), Resource(REVOCATIONS, open_revocations, Phase.BEFORE_PLUGINS)
)
