"""Assembly: from a configuration to a running platform, and from a platform to an aiohttp application."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from aiohttp import web

from banshi import attachments, checks
from banshi.access import ACCESS, Access
from banshi.audit.keeping import AUDIT, open_audit
from banshi.audit.readings import READINGS, open_readings
from banshi.audit.refusals import REFUSALS, open_refusals
from banshi.auth import LONGEST_TOKEN, TOKENS, open_tokens
from banshi.calendar import WorkingCalendar
from banshi.certificates.press import PRESS, open_press
from banshi.configuration import Configuration, inspect_configuration, make_folders
from banshi.containment import Breakers
from banshi.contract import Resource
from banshi.duty import EVERYTHING, Duty
from banshi.engine.embedded import ENGINE, open_engine
from banshi.engine.upkeep import UPKEEP, open_upkeep
from banshi.errors import ConfigurationError, Finding
from banshi.isolation.keeper import SPARES, open_spares
from banshi.isolation.standing_in import isolate
from banshi.kinds import KINDS
from banshi.latest import Latest
from banshi.leader import LEADER, open_leader
from banshi.loading import inspect_plugins
from banshi.once import RUNNING
from banshi.opening import open_store
from banshi.passes.keys import KEYRING, open_keyring
from banshi.passes.ledger import REVOCATIONS, open_revocations
from banshi.rates import RATES, open_rates
from banshi.registry import Registry
from banshi.runtime import Platform
from banshi.sealed import SEAL, Seal
from banshi.search import SEARCH, open_search
from banshi.shelf import LARGE, Shelves
from banshi.signals.signals import SIGNALS, open_signals
from banshi.stored_answers import STORED_ANSWERS, StoredAnswers
from banshi.tracing.traces import TRACES, open_traces, traced_route
from banshi.web import attachments as attachments_face
from banshi.web import (
    cases,
    catalogue,
    certificates,
    dynamic_passes,
    materials,
    me,
    openapi,
    operations,
    passes,
    readings,
    submissions,
    work,
)
from banshi.web.catalogue import GUIDES, Guides
from banshi.web.description import DESCRIPTION, Descriptions
from banshi.web.dispatch import endpoint
from banshi.web.envelope import answering
from banshi.web.unreadable import Runner
from banshi.worker import WORKER

log = structlog.get_logger("banshi.start")

#: Seconds that requests under way get to finish when the server stops, and between two looks at them.
DRAIN, DRAIN_LOOK = 8.0, 0.02

#: Connections that may wait to be accepted. After a restart all phones come back in the same moment, and whoever finds
#: no room tries again seconds later. The system makes it `somaxconn` where that is less.
BACKLOG = 4096

PLATFORM = web.AppKey("banshi_platform", Platform)

#: The faces that are no kind's and no plugin's.
FACES = (catalogue, materials, cases, readings, attachments_face, passes, dynamic_passes, certificates, me, operations)

#: Opened before the plugins' resources, and closed after them.
BEFORE_PLUGINS: tuple[Resource[Any], ...] = (
    Resource(TRACES, open_traces),
    Resource(SIGNALS, open_signals),
    Resource(LEADER, open_leader),
    Resource(RATES, open_rates),
    Resource(AUDIT, open_audit),
    Resource(READINGS, open_readings),
    Resource(REFUSALS, open_refusals),
    Resource(TOKENS, open_tokens),
    Resource(KEYRING, open_keyring),
    Resource(REVOCATIONS, open_revocations),
    Resource(PRESS, open_press),
    Resource(SEARCH, open_search),
    Resource(SPARES, open_spares),
)

#: Opened when every plugin is ready to be given work.
AFTER_PLUGINS: tuple[Resource[Any], ...] = (Resource(ENGINE, open_engine), Resource(UPKEEP, open_upkeep))


def configure(file: Path, overrides: Mapping[str, Any] | None = None) -> Registry:
    """The registry that plugins.toml describes. Raises ConfigurationError with every finding."""
    configuration, wrong = inspect_configuration(file, overrides)
    return loaded(configuration, wrong)


def loaded(configuration: Configuration, wrong: Sequence[Finding] = ()) -> Registry:
    """The registry of a configuration in which `wrong` was found already. Raises ConfigurationError for any error."""
    shelves = Shelves(configuration.settings.items_folder)
    full, found = inspected(configuration, shelves=shelves)
    errors = [finding for finding in (*wrong, *found) if not finding.warning]
    if errors:
        raise ConfigurationError(errors)
    full.warnings = tuple(found)
    put_away(full, shelves)
    return full


def put_away(full: Registry, shelves: Shelves) -> None:
    """Leave a large catalogue's items in files; those of a plugin of which anything was found stay in memory."""
    talked_of = {finding.plugin for finding in full.warnings}
    if len(full.items) >= LARGE:
        key = full.kinds_key()
        for name in (one for one in full.catalogues if one not in talked_of):
            folder = full.plugins[name].folder
            try:
                shelves.write(name, folder, full.catalogues[name], full.items, key)
            except OSError as error:
                log.warning("items can't be kept for the next start", plugin=name, error=type(error).__name__)
                continue
            shelf = shelves.find(name, folder, full.kinds, key)
            if shelf is None:
                continue
            full.shelved[name], full.put_away = shelf.head["digest"], True
            for code, place, at_start in shelf.rows():
                if not at_start:
                    full.items.put(code, place)
    full.catalogues.clear()


def inspected(
    configuration: Configuration, *, strict: bool = False, shelves: Shelves | None = None
) -> tuple[Registry, list[Finding]]:
    """The registry with the kernel's own kinds and faces, as far as it could be filled, and every finding."""
    full, found = inspect_plugins(configuration, KINDS, shelves, isolate)
    faces = [route for face in FACES for route in face.ROUTES]
    full.routes[:0] = [("banshi", route) for route in (*faces, submissions.route(full))]
    return full, [*found, *checks.findings(full, strict=strict)]


@asynccontextmanager
async def open_platform(full: Registry, duty: Duty = EVERYTHING) -> AsyncIterator[Platform]:
    """The running platform: database, keys, the plugins' resources, and the engine on top."""
    settings = full.configuration.settings
    await asyncio.to_thread(_prepare_folders, full)
    async with AsyncExitStack() as stack:
        opening = open_store(
            settings.database_url,
            full.tables,
            migrate=settings.migrate_at_start,
            replica=settings.replica_url,
            personal=settings.personal_keys,
        )
        store = await stack.enter_async_context(opening)
        calendar = WorkingCalendar(settings.holidays, settings.make_up_days, settings.holiday_years)
        breakers = Breakers(settings.breaker_failures, settings.breaker_pause)
        platform = Platform(registry=full, store=store, calendar=calendar, breakers=breakers, duty=duty)
        platform.put(RUNNING, set())
        platform.put(STORED_ANSWERS, StoredAnswers(store))
        platform.put(me.BUSY, set())
        platform.put(SEAL, Seal(settings.keys_folder))
        guides: Latest[Guides] = Latest(full, dict)
        platform.put(GUIDES, guides)
        platform.put(ACCESS, Access(full))
        platform.put(work.WORK, Latest(full, partial(work.work_in, full)))
        routes = [route for _, route in full.routes]
        description = Descriptions(full, partial(openapi.document, full, routes), settings.data)
        platform.put(DESCRIPTION, description)
        stack.callback(description.close)
        plugins = [resource for _, resource in full.resources]
        for resource in (*BEFORE_PLUGINS, *plugins, *AFTER_PLUGINS):
            platform.put(resource.key, await stack.enter_async_context(resource.open(platform)))
        yield platform


def _prepare_folders(full: Registry) -> None:
    settings = full.configuration.settings
    make_folders(settings, keys=True)
    if settings.database_url.startswith("sqlite"):
        # The folder is this process's alone; where others share it, they are in the middle of taking files.
        attachments.clear_parts(settings.attachments_folder)


def application(platform: Platform) -> web.Application:
    """The aiohttp application that serves an open platform."""
    app = web.Application()
    app[PLATFORM] = platform
    # Who is there to work is asked by machines alone.
    routes = (
        platform.registry.routes if platform.duty.serves else [("banshi", route) for route in operations.OF_MACHINES]
    )
    for _, route in routes:
        handler = traced_route(platform, route, endpoint(platform, route))
        if route.method == "GET":
            # A stream writes by itself, and what follows a head alone would be read as the next answer's.
            app.router.add_get(route.path, handler, allow_head=not route.streams)
        else:
            app.router.add_route(route.method, route.path, handler)

    async def close(_: web.Application) -> None:
        platform.closing.set()

    app.on_shutdown.append(close)
    return app


@asynccontextmanager
async def serving(platform: Platform, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address, with the real port where 0 was asked for.

    A worker shares the port with its siblings, and answers them on a socket of its own.
    """
    app = application(platform)
    # handler_cancellation: a phone that leaves its stream ends the handler, instead of leaking it.
    runner = Runner(
        app,
        answering(platform, app),
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=1.0,
        # Nothing that comes compressed is read, so nothing is ever expanded.
        auto_decompress=False,
        # The longest token that is looked at fits into a header.
        max_field_size=2 * LONGEST_TOKEN,
    )
    await runner.setup()
    try:
        worker = platform.get(WORKER)
        if worker is not None:
            await web.UnixSite(runner, worker.socket(worker.number)).start()
        await web.TCPSite(runner, host, port, backlog=BACKLOG, reuse_port=worker is not None or None).start()
        real = next(address[1] for address in runner.addresses if isinstance(address, tuple))
        yield f"http://{f'[{host}]' if ':' in host else host}:{real}"
    finally:
        platform.closing.set()
        await _unlisten(runner)
        await _drained(runner)
        await runner.cleanup()


async def _unlisten(runner: web.AppRunner) -> None:
    """Take no more connections, and serve those that the system has taken for us.

    Siblings share the port, and the system has dealt each of them connections that it hasn't heard of yet: a socket
    that is closed would break these off.
    """
    sockets = [one for site in runner.sites for one in getattr(getattr(site, "_server", None), "sockets", ())]
    kept = [socket.fromfd(one.fileno(), one.family, one.type) for one in sockets]
    for open_site in list(runner.sites):
        await open_site.stop()
    taken = [connection for one in kept for connection in _taken(one)]
    for connection in taken if runner.server else ():
        with suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(cast("web.Server", runner.server), connection)


def _taken(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait at a socket, which is then closed."""
    with listening:
        listening.setblocking(False)
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.setblocking(False)
                yield connection


async def _drained(runner: web.AppRunner) -> None:
    """Wait for the requests under way, for `DRAIN` seconds at most, and close what is idle.

    aiohttp's own shutdown drops whatever still comes in, so a body that is under way would never come to its end.
    """
    for _ in range(int(DRAIN / DRAIN_LOOK)):
        await asyncio.sleep(DRAIN_LOOK)
        connections = runner.server.connections if runner.server else []
        idle = [connection for connection in connections if not connection._request_in_progress]
        for connection in idle:
            connection.close()
        if len(idle) == len(connections):
            return
