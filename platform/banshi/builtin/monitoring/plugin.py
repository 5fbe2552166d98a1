"""What machines ask of a process: whether it lives, whether it can serve, what it counts."""

from __future__ import annotations

from banshi.builtin.monitoring import routes
from banshi.builtin.monitoring.database_metrics import DATABASE_FAILURES, WRITTEN_GROUPS, DatabaseFailures, count_groups
from banshi.builtin.monitoring.folders import FOLDERS, Folders
from banshi.builtin.monitoring.held_loop import HELD_LOOP, open_held_loop
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Resource

banshi_routes = hands_over(*routes.ROUTES)

banshi_resources = hands_over(
    Resource.made(FOLDERS, lambda platform: Folders(platform.settings)),
    Resource.made(WRITTEN_GROUPS, count_groups),
    Resource(HELD_LOOP, open_held_loop),
    Resource.made(DATABASE_FAILURES, DatabaseFailures),
)
