"""A plugin with which nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from banshi import Application, hookimpl


@hookimpl
def banshi_handlers() -> Mapping[str, Application]:
    return {"good-item": Application()}
