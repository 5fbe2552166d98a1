"""What the processes of a deployment tell each other, and who of them leads."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.leader import LEADER, open_leader
from banshi.sealed import SEAL, Seal
from banshi.signals.signals import SIGNALS, open_signals


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(SIGNALS, open_signals, Phase.BEFORE_PLUGINS),
        Resource(LEADER, open_leader, Phase.BEFORE_PLUGINS),
        Resource.made(SEAL, lambda platform: Seal(platform.settings.keys_folder)),
    ]
