"""`[plugins.webhooks.settings]`."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds that one request may take at most: a lease has to outlive it.
MAX_TIMEOUT_S = 30.0

#: Seconds by which a lease is longer than a request: several renewals.
LEASE_LEEWAY_S = 8.0


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """How events are sent."""

    #: Seconds that one request may take, requests under way to one receiver, and those a minute that are asked for.
    timeout: float = 10.0
    at_once: int = 8
    rate: int = 6000
    #: Hours after which an event that nobody took is given up, and a receiver that took nothing is disabled.
    retry_hours: int = 72
    #: Days for which events and what became of them are kept.
    keep_days: int = 30
    #: Webhooks that one client may have.
    per_client: int = 20

    def __post_init__(self) -> None:
        if not 0 < self.timeout <= MAX_TIMEOUT_S:
            raise ValueError(f"timeout has to be more than 0 and at most {MAX_TIMEOUT_S:g} seconds")
        for name in ("at_once", "rate", "retry_hours", "keep_days", "per_client"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} has to be at least 1")
        if self.keep_days * 24 < self.retry_hours:
            raise ValueError("keep_days has to be as long as retry_hours at least: what is tried again has to be there")

    @property
    def lease(self) -> float:
        """Seconds for which one process has a receiver to itself: longer than a request that has just begun."""
        return self.timeout + LEASE_LEEWAY_S
