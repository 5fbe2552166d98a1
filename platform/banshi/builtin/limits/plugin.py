"""How many calls each of ours takes, and who is asked before somebody creates something."""

from __future__ import annotations

from functools import partial

from banshi.builtin.limits.per_person import one_more
from banshi.builtin.limits.rates import RATES, open_rates
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.callers import CREATING

banshi_resources = hands_over(
    Resource(RATES, open_rates, Phase.BEFORE_PLUGINS),
    Resource.made(CREATING, lambda platform: partial(one_more, platform)),
)
