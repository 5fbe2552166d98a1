"""`banshi serve`: run the platform until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import click
import structlog

from banshi import logs
from banshi.cli import config_of
from banshi.registry import Registry

log = structlog.get_logger("banshi.serve")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int) -> None:
    """Run the platform on plugins.toml."""
    from banshi.web.app import configure

    registry = configure(config_of(ctx))
    logs.configure(registry.configuration.settings.log_level)
    for finding in registry.warnings:
        click.secho(str(finding), fg="yellow", err=True)
    try:
        run(serve(registry, host, port))
    except OSError as error:
        raise click.ClickException(f"can't listen on {host}:{port}: {error.strerror}; say --port") from None


async def serve(registry: Registry, host: str, port: int) -> None:
    """Serve until a signal asks to stop; then finish what is under way."""
    from banshi.web.app import open_platform, serving

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_platform(registry) as platform, serving(platform, host, port) as url:
        click.echo(f"Banshi serves on {url}")
        sys.stdout.flush()
        log.info("serving", url=url, plugins=sorted(registry.configuration.entries), items=len(registry.items))
        await stop.wait()
        log.info("stopping")


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where it is installed: it serves half as many requests again."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)
