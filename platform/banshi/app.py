"""Assembly: from a configuration to a running platform, and from a platform to an aiohttp application."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
import structlog
from aiohttp import web
from tortoise.fields import data

from banshi.builtin.audit.commands import leave_trace
from banshi.builtin.catalogue.item_files import ItemFiles, put_away
from banshi.builtin.isolation.standing_in import isolate
from banshi.builtin.monitoring.worker_process import WORKER
from banshi.builtin.personal_data.housekeeping import clear_parts
from banshi.default_plugins import default_plugins
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.foundation.findings import ConfigurationError, Finding
from banshi.foundation.time.working_days import WorkingCalendar
from banshi.kernel.contract.routes import Route
from banshi.kernel.http.callers import LONGEST_TOKEN
from banshi.kernel.http.dispatch import Handler, endpoint
from banshi.kernel.http.malformed import Runner
from banshi.kernel.http.middleware import answering
from banshi.kernel.http.plugin_answers import bounded_route
from banshi.kernel.loading.cli_context import config_of
from banshi.kernel.loading.configuration import Configuration, inspect_configuration, make_folders
from banshi.kernel.loading.loader import inspect_plugins
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.containment import Breakers
from banshi.kernel.runtime.permissions import tighten
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.tracing import traced_route

log = structlog.get_logger("banshi.start")

#: Seconds that requests under way get to finish when the server stops, and between two looks at them.
DRAIN_S, DRAIN_LOOK_S = 8.0, 0.02

#: Seconds for which a kept connection stays open then: what its client has sent before it hears of the end is answered.
LAST_REQUEST_S = 0.25

#: Connections that may wait to be accepted. After a restart all phones come back in the same moment, and whoever finds
#: no room tries again seconds later. The system makes it `somaxconn` where that is less.
MAX_BACKLOG = 4096

#: The plugin whose routes every process has.
MONITORING = "banshi.monitoring"

PLATFORM = web.AppKey("banshi_platform", Platform)


def configure(file: Path, overrides: Mapping[str, Any] | None = None) -> Registry:
    """The registry that plugins.toml describes. Raises ConfigurationError with every finding."""
    configuration, wrong = inspect_configuration(file, overrides)
    return loaded(configuration, wrong)


def loaded(configuration: Configuration, wrong: Sequence[Finding] = ()) -> Registry:
    """The registry of a configuration in which `wrong` was found already. Raises ConfigurationError for any error."""
    shelves = ItemFiles(configuration.settings.items_folder)
    full, found = inspected(configuration, shelves=shelves)
    errors = [finding for finding in (*wrong, *found) if not finding.warning]
    if errors:
        raise ConfigurationError(errors)
    full.warnings = tuple(found)
    put_away(full, shelves)
    return full


def inspected(
    configuration: Configuration, *, strict: bool = False, shelves: ItemFiles | None = None
) -> tuple[Registry, list[Finding]]:
    """The registry with Banshi's own plugins and the city's, as far as it could be filled, and every finding."""
    without = configuration.settings.without
    apart = None if "isolation" in without else isolate
    return inspect_plugins(configuration, default_plugins(without), shelves, apart, strict=strict)


def read_quickly() -> None:
    """Let this process read moments of SQLite's rows, which are texts of ISO 8601, in a fiftieth of Tortoise's time."""
    data.parse_datetime = datetime.fromisoformat  # type: ignore[attr-defined]


@asynccontextmanager
async def open_platform(full: Registry, duty: ProcessRole = EVERYTHING) -> AsyncIterator[Platform]:
    """The running platform: database, keys, the plugins' resources, and the engine on top."""
    settings = full.configuration.settings
    await asyncio.to_thread(_prepare_folders, full)
    read_quickly()
    async with AsyncExitStack() as stack:
        opening = open_store(
            settings.database_url,
            full.tables,
            migrate=settings.migrate_at_start,
            replica=settings.replica_url,
            personal=settings.personal_keys,
        )
        store = await stack.enter_async_context(opening)
        await asyncio.to_thread(tighten, settings)
        platform = closed_platform(full, store, duty)
        for store.pulse.plugin, resource in sorted(full.resources, key=lambda one: one[1].phase):
            platform.put(resource.key, await stack.enter_async_context(resource.open(platform)))
        yield platform


@asynccontextmanager
async def opened_by(ctx: click.Context) -> AsyncIterator[Platform]:
    """The running platform of the plugins.toml that the command is about, which serves nobody.

    Raises ConfigurationError with every finding.
    """
    async with open_platform(configure(config_of(ctx))) as platform:
        await leave_trace(platform.settings, platform.store)
        yield platform


def closed_platform(full: Registry, store: Store, duty: ProcessRole = EVERYTHING) -> Platform:
    """The platform on its database, with none of its resources open."""
    settings = full.configuration.settings
    calendar = WorkingCalendar(settings.holidays, settings.make_up_days, settings.holiday_years)
    breakers = Breakers(settings.breaker_failures, settings.breaker_pause)
    return Platform(registry=full, store=store, calendar=calendar, breakers=breakers, duty=duty)


def _prepare_folders(full: Registry) -> None:
    settings = full.configuration.settings
    make_folders(settings, keys=True)
    if settings.database_url.startswith("sqlite"):
        # All who share the folder are on this machine, and hold what they are in the middle of taking.
        clear_parts(settings.attachments_folder)


def application(platform: Platform) -> web.Application:
    """The aiohttp application that serves an open platform."""
    app = web.Application()
    app[PLATFORM] = platform
    add_routes(app)

    async def close(_: web.Application) -> None:
        platform.closing.set()

    app.on_shutdown.append(close)
    return app


def add_routes(app: web.Application) -> None:
    """The routes that its platform's process has."""
    platform = app[PLATFORM]
    words = _words_below({route.path for _, route in platform.registry.routes})
    # aiohttp tries the routes of one prefix in turn: an item's guide, which most ask for, before what is below it, and
    # there first where things are made, which has most to do anyway.
    for plugin, route in sorted(platform.registry.routes, key=lambda one: (one[1].path.count("/"), not one[1].creates)):
        # Who is there to work is asked by machines alone.
        if not platform.duty.serves and plugin != MONITORING:
            continue
        handler, path = handler_of(platform, plugin, route), _pattern(route.path, words)
        if route.method == "GET":
            # A stream writes by itself, and what follows a head alone would be read as the next answer's.
            app.router.add_get(path, handler, allow_head=not route.streams)
        else:
            app.router.add_route(route.method, path, handler)


def handler_of(platform: Platform, plugin: str, route: Route) -> Handler:
    """aiohttp's handler for a plugin's route."""
    handler = endpoint(platform, route)
    if plugin in platform.registry.configuration.entries:
        handler = bounded_route(platform, plugin, route, handler)
    return traced_route(platform, route, handler)


def _words_below(paths: Iterable[str]) -> Mapping[str, list[str]]:
    """The words that are paths below each path, in order."""
    words: dict[str, list[str]] = {}
    for path in sorted(paths):
        parent, _, word = path.rpartition("/")
        if "{" not in word:
            words.setdefault(parent, []).append(word)
    return words


def _pattern(path: str, words: Mapping[str, Sequence[str]]) -> str:
    """The path as aiohttp takes it: a last name in braces stands for anything but the words that are paths there."""
    parent, _, last = path.rpartition("/")
    if parent not in words or not re.fullmatch(r"\{\w+\}", last):
        return path
    return f"{parent}/{last[:-1]}:(?!(?:{'|'.join(map(re.escape, words[parent]))})$)[^{{}}/]+}}"


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
        await web.TCPSite(runner, host, port, backlog=MAX_BACKLOG, reuse_port=worker is not None or None).start()
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
    """Wait for the requests under way, for `DRAIN_S` seconds at most, and close what is idle.

    aiohttp's own shutdown drops whatever still comes in, so a body that is under way would never come to its end.
    """
    if runner.server and runner.server.connections:
        await asyncio.sleep(LAST_REQUEST_S)
    for _ in range(int(DRAIN_S / DRAIN_LOOK_S)):
        await asyncio.sleep(DRAIN_LOOK_S)
        connections = runner.server.connections if runner.server else []
        idle = [connection for connection in connections if not connection._request_in_progress]
        for connection in idle:
            connection.close()
        if len(idle) == len(connections):
            return
