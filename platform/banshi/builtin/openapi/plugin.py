"""The description of the API, made from what the plugins declare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from banshi.builtin.openapi import document as openapi
from banshi.builtin.openapi.routes import ROUTES
from banshi.builtin.openapi.served import DESCRIPTION, Descriptions
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource
from banshi.kernel.runtime.running import Platform


@hookimpl
def banshi_routes() -> list[Route]:
    return ROUTES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(DESCRIPTION, _open),
    ]


@asynccontextmanager
async def _open(platform: Platform) -> AsyncIterator[Descriptions]:
    registry = platform.registry
    document = partial(openapi.document, registry, [route for _, route in registry.routes])
    descriptions = Descriptions(registry, document, platform.settings.data)
    try:
        yield descriptions
    finally:
        descriptions.close()
