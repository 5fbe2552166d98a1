"""What waits for staff, and its index by role."""

from __future__ import annotations

from functools import partial

from banshi.builtin.worklist import routes, statistics
from banshi.builtin.worklist.figures import WEEKS, came_in
from banshi.builtin.worklist.kept import KeptFigures
from banshi.builtin.worklist.waiting import WORK, work_in
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Resource
from banshi.kernel.loading.cached import PerRevision

banshi_routes = hands_over(*routes.ROUTES, *statistics.ROUTES)

banshi_resources = hands_over(
    Resource.made(WORK, lambda platform: PerRevision(platform.registry, partial(work_in, platform.registry))),
    Resource.made(WEEKS, partial(KeptFigures, count=came_in)),
)
