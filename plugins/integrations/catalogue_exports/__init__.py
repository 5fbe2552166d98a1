"""The catalogue in the formats that others exchange: CPSV-AP as JSON-LD, and the fields of the national item list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from banshi import Resource, Route, hookimpl

from .exports import EXPORTS, open_exports
from .routes import ROUTES
from .settings import ExportSettings


@hookimpl
def banshi_settings() -> type:
    return ExportSettings


@hookimpl
def banshi_resources(settings: ExportSettings) -> Sequence[Resource[Any]]:
    return [Resource(EXPORTS, partial(open_exports, settings))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES
