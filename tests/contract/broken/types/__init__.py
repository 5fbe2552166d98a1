"""Every hook returns something else than its signature says."""

from __future__ import annotations

from typing import Any

from banshi import hookimpl


@hookimpl
def banshi_settings() -> Any:
    return 3


@hookimpl
def banshi_handlers() -> Any:
    return ["zone-pass"]


@hookimpl
def banshi_kinds() -> Any:
    return None


@hookimpl
def banshi_tables() -> Any:
    return {"models": "models"}


@hookimpl
def banshi_resources() -> Any:
    return [1]


@hookimpl
def banshi_channels() -> Any:
    return "sms"


@hookimpl
def banshi_routes() -> Any:
    return [{"path": "/v1/x"}]


@hookimpl
def banshi_commands() -> Any:
    return [print]


@hookimpl
def banshi_checks() -> Any:
    yield "all is well"
