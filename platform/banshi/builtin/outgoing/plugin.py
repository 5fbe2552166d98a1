"""Calls to services of others, and how many calls each of ours takes."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.rates import RATES, open_rates


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(RATES, open_rates, Phase.BEFORE_PLUGINS),
    ]
