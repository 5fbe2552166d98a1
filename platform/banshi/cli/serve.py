"""`banshi serve`: run the platform until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
import structlog

from banshi import logs
from banshi.cli import config_of
from banshi.registry import Registry

log = structlog.get_logger("banshi.serve")

#: What a port can be; 0 takes a free one.
PORT = click.IntRange(0, 65_535)

#: New objects after which garbage is looked for that only holds itself. Python's own 700 come together in every moment
#: in which a thousand messages are under way, and all that is under way is looked through, each time in vain.
GARBAGE_AFTER = 20_000


#: In the environment of a process that has begun anew; it doesn't do so again.
ANEW = "BANSHI_BEGUN_ANEW"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, type=PORT, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int) -> None:
    """Run the platform on plugins.toml."""
    from banshi.web.app import configure

    registry = configure(config_of(ctx))
    if not os.environ.pop(ANEW, "") and registry.put_away:
        begin_anew(registry)
    logs.configure(registry.configuration.settings.log_level)
    for finding in registry.warnings:
        click.secho(str(finding), fg="yellow", err=True)
    permit_connections()
    with listening(host, port):
        run(serve(registry, host, port))


def begin_anew(registry: Registry) -> None:
    """Start the program again in this process, once all is in files that the next start reads.

    To check ten thousand items takes six times the memory that serving them does, and Python keeps most of it.
    """
    from banshi.search import index_of

    index_of(registry)
    os.environ[ANEW] = "1"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program


async def serve(registry: Registry, host: str, port: int) -> None:
    """Serve until a signal asks to stop; then finish what is under way."""
    from banshi.search import SEARCH
    from banshi.web.app import open_platform, serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_platform(registry) as platform, serving(platform, host, port) as url:
        spare_the_collector()
        platform[SEARCH].add_done_callback(lambda _: gc.freeze())
        click.echo(f"Banshi serves on {url}")
        sys.stdout.flush()
        log.info("serving", url=url, plugins=sorted(registry.configuration.entries), items=len(registry.items))
        await stop.wait()
        log.info("stopping")


def spare_the_collector() -> None:
    """What a start has made lives as long as the process: nobody need look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])


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
