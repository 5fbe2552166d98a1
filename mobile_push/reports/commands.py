"""`banshi push report` and `banshi push dead-letters`: what staff see, on a terminal. They ask a running server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from mobile_push.reports import screen
from mobile_push.reports.asking import Failed, Server, server
from mobile_push.reports.screen import plain

#: Seconds between two attempts to follow a stream that broke, and how many of them in a row.
RETRY_S, MAX_TRIES = 2.0, 5

#: Ends of the program: what was asked for can't be had, and Ctrl-C.
FAILED, INTERRUPTED = 1, 130


@click.group("push")
def push() -> None:
    """Look at notices and alerts on their way, and at what could not be delivered."""


def asks(command: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A command that asks a server: with --url and --token, and a sentence in place of a stack."""

    @click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The running server.")
    @click.option(
        "--token",
        default="",
        envvar="BANSHI_TOKEN",
        help="A bearer token. Better in BANSHI_TOKEN: others on this machine see a command's options.",
    )
    @click.option("--json", "as_json", is_flag=True, help="JSON, one document a line.")
    @wraps(command)
    def run(**options: Any) -> None:
        try:
            asyncio.run(command(**options))
        except Failed as error:
            raise click.ClickException(str(plain(error))) from None
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return run


@push.command("report")
@click.argument("id", type=click.UUID)
@click.option("--follow", is_flag=True, help="Go on until all of it is dealt with.")
@asks
async def report(id: Any, follow: bool, url: str, token: str, as_json: bool) -> None:  # noqa: A002 - the API's word
    """Show what became of the notice or alert ID on every phone.

    Takes a token with the role publisher of its department.
    """
    console = Console(highlight=False)
    async with server(url, token) as one:
        path, document = await _found(one, str(id))
        if not follow or document["finished"]:
            click.echo(_line(document)) if as_json else console.print(screen.report(document))
            return
        if as_json or not console.is_terminal:
            async for document in _followed(one, path):
                click.echo(_line(document)) if as_json else console.print(screen.report(document))
            return
        from rich.live import Live  # a start without a terminal need not load it

        with Live(screen.report(document), console=console, auto_refresh=False) as live:
            async for document in _followed(one, path):
                live.update(screen.report(document), refresh=True)


async def _found(one: Server, identity: str) -> tuple[str, Any]:
    """The path of a report and its document: whether it is a notice or an alert the id doesn't tell."""
    for kind in ("notice", "alert"):
        path = f"/v1/{kind}s/{identity}/report"
        try:
            return path, await one.ask("GET", path)
        except Failed as error:
            if error.status != 404:
                raise
    raise Failed(f"there is no notice or alert {identity} that this token may see")


async def _followed(one: Server, path: str) -> AsyncIterator[Any]:
    """The report whenever it changes. A stream that breaks is taken up again."""
    failures = 0
    while True:
        failure = Failed("the server ends the stream again and again; look at its log")
        try:
            async for name, document in one.follow(f"{path}/stream"):
                failures = 0
                yield document
                if name == "finished":
                    return
        except Failed as error:
            if error.status and error.status not in {429, 503}:
                raise
            failure = error
        failures += 1
        if failures >= MAX_TRIES:
            raise failure
        await asyncio.sleep(RETRY_S)


@push.command("dead-letters")
@click.option("--retry", multiple=True, metavar="ID", help="Send it again, as if for the first time; `all` for all.")
@click.option("--drop", multiple=True, metavar="ID", help="Give it up; the inbox keeps the message. `all` for all.")
@click.option("--yes", is_flag=True, help="Don't ask before `all`.")
@asks
async def dead_letters(
    retry: tuple[str, ...], drop: tuple[str, ...], yes: bool, url: str, token: str, as_json: bool
) -> None:
    """List what could not be delivered; retry or drop some of it.

    Takes a token with the role platform:operator.
    """
    if retry and drop and ("all" in retry or "all" in drop):
        raise click.UsageError("retry all, or drop all, or name them: not both at once")
    async with server(url, token) as one:
        if not retry and not drop:
            await _list(one, as_json)
            return
        moves = [(action, identity) for action, ids in (("retry", retry), ("drop", drop)) for identity in ids]
        if any(identity == "all" for _, identity in moves):
            action = moves[0][0]
            items = [item async for item in _letters(one) if action == "drop" or item["retryable"]]
            if items and not yes:
                click.confirm(f"{action} {len(items)} dead letters?", abort=True, err=True)
            moves = [(action, item["id"]) for item in items]
        await _move(one, moves, as_json)


async def _list(one: Server, as_json: bool) -> None:
    items = [item async for item in _letters(one)]
    if as_json:
        for item in items:
            click.echo(_line(item))
    elif items:
        console = Console(highlight=False, soft_wrap=True)
        console.print(screen.letters(items))
    else:
        click.echo("There are no dead letters.")


async def _letters(one: Server) -> AsyncIterator[Any]:
    path = "/v1/ops/push/dead-letters?limit=100"
    cursor = ""
    while True:
        page = await one.ask("GET", path + cursor)
        for item in page["items"]:
            yield item
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"


async def _move(one: Server, moves: list[tuple[str, str]], as_json: bool) -> None:
    """Retry and drop; the others still get their turn where one can't be had, and the program then ends with 1."""
    failed = False
    for action, identity in moves:
        try:
            done = await one.ask("POST", f"/v1/ops/push/dead-letters/{quote(identity, safe='')}/{action}")
        except Failed as error:
            if error.status not in {404, 409}:
                raise
            failed = True
            click.echo(f"{plain(identity)}: {plain(error)}", err=True)
            continue
        click.echo(_line(done) if as_json else f"{done['id']}: {done['state']}, {done['phones']:,} phones")
    if failed:
        sys.exit(FAILED)


def _line(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)
