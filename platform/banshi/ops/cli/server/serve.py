"""`banshi serve`: run the platform until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from banshi.kernel.loading.cli_context import config_of, settings_of
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.ops.development import refuse_beyond, said_of

if TYPE_CHECKING:
    from banshi.builtin.monitoring.worker_process import Worker
    from banshi.kernel.loading.registry import Registry
    from banshi.kernel.loading.settings import Settings

#: What its lines in the log are of.
LOG = "banshi.serve"

#: What a port can be; 0 takes a free one.
PORT = click.IntRange(0, 65_535)

#: Processes of one machine; there is hardly one with more cores.
WORKERS = click.IntRange(1, 512)

#: New objects after which garbage is looked for that only holds itself. Python's own 700 come together in every moment
#: in which a thousand messages are under way, and all that is under way is looked through, each time in vain.
GC_THRESHOLD_OBJECTS = 20_000


#: Seconds in which a server that is asked to stop comes to its end.
END_TIMEOUT_S = 28.0

#: In the environment of a process that has begun anew; it doesn't do so again.
ANEW = "BANSHI_BEGUN_ANEW"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, type=PORT, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--workers", default=1, type=WORKERS, show_default=True, help="Processes that share the port.")
@click.option("--no-work", is_flag=True, help="Answer requests alone; `banshi worker` does what they promise.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int, workers: int, no_work: bool) -> None:
    """Run the platform on plugins.toml."""
    from banshi.builtin.monitoring.worker_process import present_worker

    worker, duty = present_worker(), ProcessRole(lanes=frozenset()) if no_work else EVERYTHING
    if workers == 1 or worker is not None:
        serve_alone(ctx, host, port, worker, duty)
        return
    from banshi.foundation import logs
    from banshi.ops.cli.server.workers import supervise

    settings = settings_of(ctx)
    shared(settings, "leave --workers out")
    logs.configure(settings.log_level)
    with listening(host, port):
        status = supervise(host, port, workers)
    if status:
        sys.exit(status)


def shared(settings: Settings, otherwise: str) -> None:
    """Refuse a database that is one process's."""
    if settings.database_url.startswith("sqlite"):
        told = f"SQLite is one process's: name a PostgreSQL database in platform.database, or {otherwise}"
        raise click.ClickException(told)


def serve_alone(ctx: click.Context, host: str, port: int, worker: Worker | None, duty: ProcessRole) -> None:
    """Do a process's part in this very one, alone or as one of several."""
    # What is read and made here is next to never garbage, and each look for it goes through all of it.
    gc.disable()
    from banshi.app import configure
    from banshi.foundation import logs
    from banshi.kernel.runtime.permissions import forbidden_in

    registry = configure(config_of(ctx))
    gc.freeze()
    gc.enable()
    if duty != EVERYTHING:
        shared(registry.configuration.settings, "let one `banshi serve` do everything")
    refuse_beyond(registry, host, worker.count if worker else 1)
    if not os.environ.pop(ANEW, "") and registry.put_away:
        begin_anew(registry, worker)
    logs.configure(registry.configuration.settings.log_level)
    # Whatever this process makes is its account's alone, also under the umask of a shell.
    os.umask(forbidden_in(registry.configuration.settings))
    for finding in registry.warnings:
        click.secho(str(finding), fg="yellow", err=True)
    permit_connections()
    with listening(host, port):
        run(serve(registry, host, port, worker, duty))


def begin_anew(registry: Registry, worker: Worker | None) -> None:
    """Start the program again in this process, once all is in files that the next start reads.

    To check ten thousand items takes six times the memory that serving them does, and Python keeps most of it.
    """
    from banshi.builtin.catalogue.search import index_of

    index_of(registry)
    os.environ[ANEW] = "1"
    if worker is not None:
        os.environ |= worker.environment()
        os.set_inheritable(worker.pipe, True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program


async def serve(
    registry: Registry, host: str, port: int, worker: Worker | None = None, duty: ProcessRole = EVERYTHING
) -> None:
    """Serve until a signal asks to stop, or a worker's supervisor is gone; then finish what is under way."""
    import structlog

    from banshi.app import open_platform, serving
    from banshi.builtin.catalogue.search import SEARCH
    from banshi.builtin.monitoring.worker_process import WORKER
    from banshi.foundation.background import working

    log = structlog.get_logger(LOG)
    stop = asked_to_stop()
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(open_platform(registry, duty))
        if worker is not None:
            platform.put(WORKER, worker)
        url = await stack.enter_async_context(serving(platform, host, port))
        spare_the_collector()
        who: dict[str, int] = {}
        if worker is not None:
            who["worker"] = worker.number
            await stack.enter_async_context(working("banshi-worker", partial(worker.live, stop.set)))
        told = said_of(platform.settings)
        if worker is None or worker.number == 1:
            click.echo(f"Banshi {'serves' if duty.serves else 'works'} on {url}")
            if told:
                # Here too: the log's level may leave the warning out.
                click.echo(told)
            sys.stdout.flush()
        log.info("serving", url=url, plugins=sorted(registry.configuration.entries), items=len(registry.items), **who)
        if told:
            log.warning("this is for development", told=told, **who)
        if duty.serves:
            platform[SEARCH].begun().add_done_callback(lambda _: gc.freeze())
        await stop.wait()
        log.info("stopping", **who)
        end = end_within(END_TIMEOUT_S)
    end.cancel()


def asked_to_stop() -> asyncio.Event:
    """Set once SIGTERM or Ctrl-C asks this process to end."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def end_within(seconds: float) -> threading.Timer:
    """End this process then, whatever it waits for: a database may be there and say nothing, for hours."""

    import structlog

    def end() -> None:
        told = "did not come to its end and is cut off; what was under way is taken up by leases"
        structlog.get_logger(LOG).error(told, seconds=seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def spare_the_collector() -> None:
    """What a start has made lives as long as the process: nobody need look through it for garbage, not even once."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD_OBJECTS, *gc.get_threshold()[1:])


def permit_connections() -> None:
    """Ask for as many open files as the system permits: each connection is one, and shells hand out 1,024."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems name a hard limit that they then refuse.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def listening(host: str, port: int) -> Iterator[None]:
    """Says in one sentence why an address can't be listened on."""
    try:
        yield
    except OSError as error:
        unknown = isinstance(error, socket.gaierror)
        if not unknown and error.errno not in {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}:
            raise
        if error.filename is not None:
            raise
        why = error.strerror if unknown else os.strerror(error.errno or 0)
        raise click.ClickException(f"can't listen on {host}:{port}: {why}; say --host and --port") from None


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end on the loop that serves."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's where it is installed: it serves half as many requests again."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
