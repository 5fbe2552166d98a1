"""The lists that forms choose from, as routes."""

from __future__ import annotations

from banshi.builtin.lists.routes import ROUTES
from banshi.kernel.contract.hookspecs import hands_over

banshi_routes = hands_over(*ROUTES)
