"""What the routes share: the settings, the services, and how fast each client may send."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from banshi import Call, Key, Platform, TooManyRequests
from banshi.sdk.catalogue import PerRevision
from banshi.sdk.limits import RATES

from ..sentences import say
from ..settings import Open311Settings
from ..wire.errors import NO_SERVICE, Unknown
from .catalogue import Service, services_of


@dataclass
class Endpoint:
    settings: Open311Settings
    platform: Platform

    def __post_init__(self) -> None:
        registry = self.platform.registry
        self._services: PerRevision[Mapping[str, Service]] = PerRevision(
            registry, lambda: {one.code: one for one in services_of(self.settings, registry)}
        )

    @property
    def services(self) -> Mapping[str, Service]:
        """Those of the catalogue as it is now: items come and go while the platform runs."""
        return self._services.get()

    def service(self, code: str) -> Service:
        """Raises Unknown."""
        if code not in self.services:
            raise Unknown(NO_SERVICE)
        return self.services[code]

    def jurisdiction(self, given: str | None) -> None:
        """Raises Unknown for another city's."""
        if given and self.settings.jurisdiction and given != self.settings.jurisdiction:
            own = self.settings.jurisdiction
            raise Unknown(say("jurisdiction_id was not found; this endpoint is for {own}.", own=own))

    async def pace(self, client: str) -> None:
        """Raises TooManyRequests where the client has sent too many lately."""
        most = self.settings.per_minute
        if wait := await self.platform[RATES].wait(f"open311.{client}", most, 60):
            told = say("A client sends at most {most} requests a minute; send it again after Retry-After.", most=most)
            raise TooManyRequests(told, headers={"Retry-After": str(math.ceil(wait))})


ENDPOINT: Key[Endpoint] = Key("open311")


def endpoint_for(call: Call) -> Endpoint:
    """What answers a read of this city's. Raises Unknown for another city's."""
    office = call.platform[ENDPOINT]
    office.jurisdiction(call.query.get("jurisdiction_id"))
    return office
