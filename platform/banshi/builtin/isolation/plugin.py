"""Plugins in processes of their own."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.isolation.keeper import SPARES, open_spares


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(SPARES, open_spares, Phase.BEFORE_PLUGINS),
    ]
