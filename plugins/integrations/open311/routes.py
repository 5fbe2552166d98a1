"""The standard's methods, each in both formats."""

from __future__ import annotations

from .requests import listing, submitting, updates
from .services import describing

ROUTES = (*describing.ROUTES, *submitting.ROUTES, *listing.ROUTES, *updates.ROUTES)
