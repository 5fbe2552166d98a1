"""`[plugins.http_channel.settings]`."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpChannelSettings:
    """How much programs that are channels may do."""

    #: Channels of one client.
    channels: int = 5
    #: Messages and outcomes that one channel hands in within a minute.
    messages_a_minute: int = 6_000
    #: Seconds that one call of a channel's endpoint may take. After fifteen whoever sends gives it up.
    deadline: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.deadline <= 14:
            raise ValueError("deadline has to be more than 0 and at most 14 seconds")
        for name in ("channels", "messages_a_minute"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} has to be at least 1")


SETTINGS: Key[HttpChannelSettings] = Key("http channels' settings")
