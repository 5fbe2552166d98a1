"""Which process leads."""

from __future__ import annotations

from banshi.builtin.leading.leader_election import LEADER, open_leader
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource

banshi_resources = hands_over(Resource(LEADER, open_leader, Phase.BEFORE_PLUGINS))
