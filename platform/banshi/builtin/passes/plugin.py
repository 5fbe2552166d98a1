"""Passes: signed QR codes, their keys, and what was revoked."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.passes.keys import KEYRING, open_keyring
from banshi.passes.ledger import REVOCATIONS, open_revocations
from banshi.routes import Route
from banshi.web import dynamic_passes, passes


@hookimpl
def banshi_routes() -> list[Route]:
    return [*passes.ROUTES, *dynamic_passes.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(KEYRING, open_keyring, Phase.BEFORE_PLUGINS),
        Resource(REVOCATIONS, open_revocations, Phase.BEFORE_PLUGINS),
    ]
