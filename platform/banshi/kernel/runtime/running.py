"""The running platform: the parts that every request needs, in one value that is passed along.

There is no global state: two platforms can run in one process, and a test builds one per case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from prometheus_client import CollectorRegistry

from banshi.foundation.database.store import Store
from banshi.foundation.keys import Key, T
from banshi.foundation.time.working_days import WorkingCalendar
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.containment import Breakers
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole


@dataclass(slots=True, repr=False)
class Platform:
    """Everything that lives as long as the server runs."""

    registry: Registry
    store: Store
    calendar: WorkingCalendar
    breakers: Breakers
    #: What this process does. Whoever works beside the requests asks it.
    duty: ProcessRole = EVERYTHING
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    #: The time, in UTC: `Store.shared_clock`'s. Tests turn it.
    now: Callable[[], datetime] = None  # type: ignore[assignment]
    #: Set once: the server is shutting down, long answers (streams) end.
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    settings: Settings = field(init=False)
    _resources: dict[Key[Any], Any] = field(default_factory=dict)
    _offered: dict[Key[Any], list[tuple[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.now is None:
            self.now = self.store.shared_clock.now
        self.settings = self.registry.configuration.settings

    def city_time(self) -> datetime:
        """The time in the city's time zone."""
        return self.now().astimezone(self.settings.timezone)

    def today(self) -> date:
        """The date in the city's time zone."""
        return self.city_time().date()

    def moment(self, at: datetime | None) -> str | None:
        """A time as RFC 3339 in the city's time zone, with its offset."""
        return at.astimezone(self.settings.timezone).isoformat(timespec="milliseconds") if at else None

    def __getitem__(self, key: Key[T]) -> T:
        """The open resource of that key; KeyError while it isn't open."""
        return cast("T", self._resources[key])

    def get(self, key: Key[T]) -> T | None:
        """The open resource of that key, or None."""
        return cast("T | None", self._resources.get(key))

    def offered(self, key: Key[T]) -> list[tuple[str, T]]:
        """What plugins offer under a key, each with the giver's name; looked up once."""
        found = self._offered.get(key)
        if found is None:
            found = self._offered[key] = self.registry.offered(key)
        return found

    def put(self, key: Key[T], value: T) -> None:
        self._resources[key] = value

    def drop(self, key: Key[Any]) -> None:
        self._resources.pop(key, None)
