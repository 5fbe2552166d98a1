"""What the sandboxes of push services have in common."""

from __future__ import annotations

import ssl
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

from mobile_push.sandbox.behaviour import Switches
from sandboxes.sandbox import Asked, Control, Sandbox

B = TypeVar("B", bound=Switches)

#: Messages that are kept to be looked at; the counts go on beyond. And those that one answer shows.
MAX_MESSAGES_KEPT, MAX_MESSAGES_SHOWN = 100_000, 1000


class PushSandbox(Sandbox[B]):
    """A push service on this machine."""

    def __init__(self, faults: B, host: str, port: int, *, tls: ssl.SSLContext | None, record: bool) -> None:
        super().__init__(faults, host, port, tls=tls)
        #: Whether messages are kept to be looked at.
        self.record = record
        self._number = 0

    @property
    def behaviour(self) -> B:
        """The faults, as this kind of sandbox has always called them."""
        return self.faults

    @behaviour.setter
    def behaviour(self, value: B) -> None:
        self.faults = value

    @abstractmethod
    def messages(self, asked: Asked) -> dict[str, Any]:
        """What arrived behind the message of a number. Raises ValueError."""

    def controls(self) -> Mapping[str, Control]:
        ours = super().controls()
        same = {"GET behaviour": ours["GET faults"], "PUT behaviour": ours["PUT faults"]}
        return {**ours, **same, "GET messages": self.messages}


def after(asked: Asked) -> int:
    """The number that a query names. Raises ValueError for what is none."""
    number = asked.query.get("after", "0")
    if not (number.isascii() and number.isdigit()):
        raise ValueError("after must be the number of a message")
    return int(number)
