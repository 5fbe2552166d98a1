"""Passes: signed QR codes, their keys, and what was revoked."""

from __future__ import annotations

from typing import Any

from banshi.builtin.passes import dynamic_routes, own_routes, routes
from banshi.builtin.passes.keys import KEYRING, open_keyring
from banshi.builtin.passes.revocations import REVOCATIONS, open_revocations
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Phase, Resource


@hookimpl
def banshi_routes() -> list[Route]:
    return [*routes.ROUTES, *dynamic_routes.ROUTES, *own_routes.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(KEYRING, open_keyring, Phase.BEFORE_PLUGINS),
        Resource(REVOCATIONS, open_revocations, Phase.BEFORE_PLUGINS),
    ]
