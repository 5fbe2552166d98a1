"""Plugins in processes of their own."""

from __future__ import annotations

from typing import Any

from banshi.builtin.isolation.supervisor import SPARES, open_spares
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(SPARES, open_spares, Phase.BEFORE_PLUGINS),
    ]
