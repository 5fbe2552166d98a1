"""What the processes of a deployment tell each other."""

from __future__ import annotations

from typing import Any

from banshi.foundation.encryption.secrets import SEAL, Seal
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.runtime.signals.signals import SIGNALS, open_signals


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource(SIGNALS, open_signals, Phase.BEFORE_PLUGINS),
        Resource.made(SEAL, lambda platform: Seal(platform.settings.keys_folder)),
    ]
