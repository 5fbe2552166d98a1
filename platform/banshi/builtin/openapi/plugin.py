"""The description of the API, made from what the plugins declare."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial

from banshi.builtin.openapi import document as openapi
from banshi.builtin.openapi.routes import ROUTES
from banshi.builtin.openapi.served import DESCRIPTION, Descriptions
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Resource
from banshi.kernel.http.api_reader import READER, ApiReader
from banshi.kernel.runtime.running import Platform

banshi_routes = hands_over(*ROUTES)


def _descriptions(platform: Platform) -> Descriptions:
    registry = platform.registry
    document = partial(openapi.document, registry, [route for _, route in registry.routes if route.described])
    return Descriptions(registry, document, platform.settings.data)


banshi_resources = hands_over(
    Resource(DESCRIPTION, lambda platform: aclosing(_descriptions(platform))), Resource.made(READER, ApiReader)
)
