"""`[plugins.remote_services.settings]`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How services are called."""

    #: Seconds that one call may take; less than `platform.handler_timeout`, or the citizen hears of that first.
    deadline: float = 4.0
    #: Bytes of an answer.
    answer_limit: int = 1_048_576
    #: Services of one client, and items of one service.
    services: int = 20
    items: int = 200
    #: Days for which the secret before is still good after a rotation.
    overlap_days: int = 7

    def __post_init__(self) -> None:
        if not 0 < self.deadline <= 60:
            raise ValueError("deadline has to be more than 0 and at most 60 seconds")
        for name in ("answer_limit", "services", "items"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} has to be at least 1")
        if not 0 <= self.overlap_days <= 90:
            raise ValueError("overlap_days has to be 0 to 90")
