"""Materials: what a person has handed in once may serve again."""

from __future__ import annotations

from banshi.builtin import materials
from banshi.builtin.materials import routes
from banshi.kernel.cases.materials import MATERIALS
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Offer

banshi_offers = hands_over(Offer(MATERIALS, materials))

banshi_routes = hands_over(*routes.ROUTES)
