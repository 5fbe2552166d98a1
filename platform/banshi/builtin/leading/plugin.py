"""Which process leads."""

from __future__ import annotations

from banshi.builtin.leading.leader_election import LEADER, Leader, open_leader
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource


@hookimpl
def banshi_resources() -> list[Resource[Leader]]:
    return [Resource(LEADER, open_leader, Phase.BEFORE_PLUGINS)]
