"""Certificates: PDF files that anybody can verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from banshi.certificates.press import PRESS, open_press
from banshi.checks import certificates as checks
from banshi.contract import Phase, Resource
from banshi.errors import Finding
from banshi.hookspecs import hookimpl
from banshi.registry import Registry
from banshi.routes import Route
from banshi.web import certificates


@hookimpl
def banshi_routes() -> list[Route]:
    return [*certificates.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(PRESS, open_press, Phase.BEFORE_PLUGINS),
    ]


@hookimpl
def banshi_checks(registry: Registry) -> Iterator[Finding]:
    yield from checks.certificates_can_be_made(registry)
    yield from checks.fonts_can_be_read(registry)
