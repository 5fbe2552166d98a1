"""What requests and processes share: signals, the seal of secrets, and that each request makes its thing once."""

from __future__ import annotations

from banshi.foundation.encryption.secrets import SEAL, Seal
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.http.idempotency import RUNNING, SQL, STORED_ANSWERS
from banshi.kernel.runtime.signals.signals import SIGNALS, open_signals
from banshi.kernel.tables.look_ups import LookUps

banshi_resources = hands_over(
    Resource(SIGNALS, open_signals, Phase.BEFORE_PLUGINS),
    Resource.made(SEAL, lambda platform: Seal(platform.settings.keys_folder)),
    Resource.made(RUNNING, lambda _: set()),
    Resource.made(STORED_ANSWERS, lambda platform: LookUps(platform.store, SQL)),
)
