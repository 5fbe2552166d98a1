"""The attachments' face, the room that each person has, and the wait until a file was examined."""

from __future__ import annotations

from collections import Counter
from typing import Any

from banshi.builtin.uploads.quarantine import QUARANTINE, open_quarantine
from banshi.builtin.uploads.room import ON_THEIR_WAY
from banshi.builtin.uploads.routes import ROUTES
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource


@hookimpl
def banshi_routes() -> list[Route]:
    return ROUTES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource.made(ON_THEIR_WAY, lambda _: Counter()), Resource(QUARANTINE, open_quarantine)]
