"""Calls to services of others, and how many calls each of ours takes."""

from __future__ import annotations

from typing import Any

from banshi.builtin.outgoing.rates import RATES, open_rates
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(RATES, open_rates, Phase.BEFORE_PLUGINS),
    ]
