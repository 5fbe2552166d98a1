"""Plugins in processes of their own."""

from __future__ import annotations

from contextlib import aclosing

from banshi.builtin.isolation.supervisor import SPARES, Spares
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource

banshi_resources = hands_over(Resource(SPARES, lambda _: aclosing(Spares()), Phase.BEFORE_PLUGINS))
