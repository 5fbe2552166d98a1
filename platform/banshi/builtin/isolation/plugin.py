"""Plugins in processes of their own."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from banshi.builtin.isolation.supervisor import SPARES, Spares
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [Resource(SPARES, lambda _: aclosing(Spares()), Phase.BEFORE_PLUGINS)]
