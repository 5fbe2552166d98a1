"""Hooks that would never be called as their author thinks."""

from __future__ import annotations

from typing import Any

from banshi import hookimpl


@hookimpl
def banshi_handler(settings: Any) -> dict[str, Any]:
    return {}


@hookimpl
def bansi_routes() -> list[Any]:
    return []


@hookimpl
async def banshi_channels() -> list[Any]:
    return []


def banshi_checks(settings: Any) -> list[Any]:
    return []


@hookimpl
def banshi_commands(settings: Any) -> list[Any]:
    return []
