"""How the push server of the sandbox is told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from mobile_push.sandbox.behaviour import Switches
from sandboxes.faults import Status


@dataclass(slots=True)
class WebPushBehaviour(Switches):
    """How the push server treats the messages that come from now on; a code is a status."""

    #: Subscription → status that each of its messages is answered with.
    faults: dict[str, Status] = field(default_factory=dict)
    #: Subscriptions whose phone is off: a message waits for its TTL at most, and one of the same topic replaces it.
    offline: list[str] = field(default_factory=list)
    #: 403 for every message, as for a key that no phone has subscribed with.
    wrong_key: bool = False
