"""What every process knows of the services, in step with the tables: a change shows within a second, everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter

from banshi import Case, Item, Key, Platform
from banshi.sdk.catalogue import Joining, RuntimeItems
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.operations import led, looking_at, place_of, working
from banshi.sdk.outgoing import SEAL, Outgoing, open_outgoing
from banshi.sdk.registers import REGISTERS

from ..declared import Declared, declared_by, owner_of
from ..models import FailedCall, OwedCheck, RemoteService, ServiceVersion, TakenAnswer
from ..settings import ServiceSettings
from .handlers import HANDLERS
from .line import Line, Secret
from .register import RemoteRegister

log = structlog.get_logger("banshi.services")

#: What is another value once any process has changed a service.
REVISIONS = "SELECT COUNT(*) || '/' || COALESCE(SUM(revision), 0) FROM services_service"

#: Seconds between two rounds that clear away, and how long an answer that was taken is remembered: for longer than its
#: signature is good.
FORGET_EVERY_S, ANSWERS_REMEMBERED_FOR = 3600.0, timedelta(days=1)

#: For how long an integrator sees which calls have failed.
FAILED_CALLS_KEPT_FOR = timedelta(days=7)

#: Owed checks that one round looks at.
MAX_OWED_AT_ONCE = 10_000

#: Versions before the current one that are kept for their cases.
MAX_EARLIER_VERSIONS = 20

#: States in which a service has items.
OFFERED = ("running", "suspended", "retired")


@dataclass(slots=True)
class Services:
    """The services as this process knows them."""

    platform: Platform
    settings: ServiceSettings
    outgoing: Outgoing
    counted: Counter
    joined: RuntimeItems
    #: Declarations are checked one after the other: large ones take seconds of a thread.
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: The `REVISIONS` of the last look.
    _seen: str = "0/0"
    #: What each version declares, by its id: it never changes.
    _declared: dict[UUID, Declared] = field(default_factory=dict)
    #: What the last call of each name ended with, by service.
    _outcomes: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Whose registers are open.
    _owners: set[str] = field(default_factory=set)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def forget(self) -> None:
        """Clear away what was taken or has failed long ago, and checks that are owed to no case that waits."""
        now = self.platform.now()
        await TakenAnswer.filter(taken_at__lt=now - ANSWERS_REMEMBERED_FOR).delete()
        await FailedCall.filter(at__lt=now - FAILED_CALLS_KEPT_FOR).delete()
        old = OwedCheck.filter(at__lt=now - ANSWERS_REMEMBERED_FOR)
        owed: Any = await old.order_by("at").limit(MAX_OWED_AT_ONCE).values_list("case_id", flat=True)
        waiting: Any = await Case.filter(id__in=owed, state="submitted").values_list("id", flat=True) if owed else ()
        if settled := set(owed).difference(waiting):
            await old.filter(case_id__in=settled).delete()

    async def look(self) -> None:
        """Bring the catalogue in step where anything has changed since the last look."""
        async with self._loading:
            now = (await self.platform.store.connection.execute_query_dict(f"SELECT ({REVISIONS}) AS seen"))[0]["seen"]
            if now != self._seen:
                await self._load()
                self._seen = now

    async def _load(self) -> None:
        services = await RemoteService.filter(state__in=OFFERED).order_by("code")
        versions: dict[UUID, list[ServiceVersion]] = {}
        found = ServiceVersion.filter(service_id__in=[one.id for one in services], state__in=["current", "superseded"])
        for version in await found.order_by("service_id", "-number") if services else []:
            versions.setdefault(version.service_id, []).append(version)
        joining = [made for one in services if (made := await self._opened(one, versions.get(one.id, [])))]
        wanted = {version.id for some in versions.values() for version in some}
        self._declared = {key: one for key, one in self._declared.items() if key in wanted}
        if taken := self.joined.replace(joining):
            log.error("items of services have a plugin's code and are left out", items=taken)
        registers = self.platform[REGISTERS]
        now = {one.owner for one in joining}
        for owner in self._owners - now:
            registers.drop(owner)
        self._owners = now

    async def _opened(self, service: RemoteService, versions: list[ServiceVersion]) -> Joining | None:
        """What the service has in the catalogue, with its registers open; None where it can't be made of its rows.

        Then it alone is missing until it or the platform is mended: one of them takes no other with it.
        """
        try:
            joining = await self._joining(service, versions)
            await self._open_registers(service, versions)
        except Exception as error:
            log.error(
                "a service can't be opened", service=service.code, error=type(error).__name__, where=place_of(error)
            )
            return None
        return joining

    async def _joining(self, service: RemoteService, versions: list[ServiceVersion]) -> Joining:
        """What the service has in the catalogue: of the newest version, and of those before what cases rest on.

        The versions are the current one and those before, the newest first.
        """
        offered: dict[str, Item] = {}
        ended: dict[str, Item] = {}
        earlier: dict[tuple[str, int], Item] = {}
        for version in versions[: MAX_EARLIER_VERSIONS + 1]:
            line = self.line(service, version)
            mode: Any = version.mode
            runs = version.state == "current" and service.state != "retired"
            for item in (await self._declaration(service, version)).items:
                handler = HANDLERS.get(item.kind)
                made = replace(
                    item, mode=mode, team=frozenset(version.team), handler=handler(line) if handler else None
                )
                if runs:
                    offered[item.code] = made
                elif item.code not in offered:
                    ended.setdefault(item.code, made)
                known = offered.get(item.code) or ended[item.code]
                if known.version != item.version:
                    earlier.setdefault((item.code, item.version), made)
        return Joining(
            owner=owner_of(service.code),
            items=tuple(offered.values()),
            ended=tuple(ended.values()),
            earlier=tuple(earlier.values()),
        )

    async def _open_registers(self, service: RemoteService, versions: list[ServiceVersion]) -> None:
        """Let the queries of the current version be answered."""
        for version in versions:
            if version.state == "current":
                source = partial(RemoteRegister, self.line(service, version))
                found = (await self._declaration(service, version)).registers
                seconds = self.settings.deadline + 1
                self.platform[REGISTERS].replace(owner_of(service.code), found, source, seconds)

    async def _declaration(self, service: RemoteService, version: ServiceVersion) -> Declared:
        declared = self._declared.get(version.id)
        if declared is None:
            registry = self.platform.registry
            department = registry.departments.get(service.department)
            if department is None:
                log.error("a service's department is not loaded", service=service.code, department=service.department)
                return Declared()
            document = {"items": version.items, "registers": version.registers}
            owner = owner_of(service.code)
            declared = await asyncio.to_thread(declared_by, registry, owner, document, department)
            self._declared[version.id] = declared
        return declared

    def line(self, service: RemoteService, version: ServiceVersion) -> Line:
        """The way to a version."""
        secrets = self.secrets(service)
        return Line(
            self.platform, self.outgoing, self.settings, self.counted, service, version, secrets, self._outcomes
        )

    def secrets(self, service: RemoteService) -> list[Secret]:
        """The newest, and the one before; none that can't be read, until a rotation makes one that can."""
        found: list[Secret] = []
        for text, ends_at in ((service.secret, None), (service.secret_before, service.before_ends_at)):
            if not text:
                continue
            try:
                found.append((self.platform[SEAL].opened(text), ends_at))
            except ValueError as error:
                log.error(
                    "a service's secret can't be read: let its integrator rotate it",
                    service=service.code,
                    error=str(error),
                )
        return found


#: The running services.
SERVICES: Key[Services] = Key("remote services")


@asynccontextmanager
async def open_services(settings: ServiceSettings, platform: Platform) -> AsyncIterator[Services]:
    """The services of the tables, in the catalogue before the first request."""
    counted = Counter(
        "banshi_service_calls",
        "Calls of integrators' services by service, call and outcome",
        ["service", "call", "outcome"],
        registry=platform.metrics,
    )
    async with open_outgoing(platform) as outgoing:
        services = Services(platform, settings, outgoing, counted, RuntimeItems(platform))
        await services.look()

        changed = asyncio.Event()
        platform.store.pulse.changes("services", REVISIONS, changed.set)
        looking = looking_at(platform, RemoteService, MAX_SLEEP_S, lambda _: services.look(), changed)
        forgetting = partial(
            led, platform, FORGET_EVERY_S, services.forget, "answers and failed calls of services were not cleared away"
        )
        async with working("banshi-services", looking, forgetting):
            yield services
