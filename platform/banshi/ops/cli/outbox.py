"""`banshi outbox`: what was promised and is not done, and what an operator does about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from banshi.kernel.loading.cli_context import audited, configured, coroutine_command, operator_of, unaudited

if TYPE_CHECKING:
    from banshi.builtin.monitoring.outbox_rows import Promise
    from banshi.foundation.database.store import Store
    from banshi.kernel.loading.registry import Registry

#: What is lost where a row is given up, by the beginning of its consumer.
LOST = {
    "intake": "its case stays as it is, and its department is never handed it",
    "channel:": "the person it is for never gets this message, not in the inbox either",
    "listener:": "this event is never told to that listener, nor to whoever hears of it from there",
}

#: What can be asked for, and rows of a list when nothing is said.
STANDINGS, LANES, DEFAULT_ROWS = ("parked", "waiting", "working"), ("case", "alert", "notice"), 100


@click.group("outbox")
def command() -> None:
    """Look at what was promised and is not done; retry or drop it, hold or release what goes out."""


@command.command("list")
@click.option("--state", type=click.Choice(STANDINGS), help="Only what is parked, waits, or is with a worker.")
@click.option("--consumer", default="", help="Only what is for this consumer, such as channel:mobile_push.")
@click.option("--lane", type=click.Choice(LANES), help="Only what is in this lane.")
@click.option("--limit", default=DEFAULT_ROWS, type=click.IntRange(1, 100_000), show_default=True, help="Rows at most.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one document a line.")
@coroutine_command
@unaudited
async def list_(
    ctx: click.Context, state: str | None, consumer: str, lane: str | None, limit: int, as_json: bool
) -> None:
    """List what is parked, waits, or is with a worker at the moment, the oldest first; never what is in it."""
    from banshi.builtin.monitoring import outbox_rows
    from banshi.kernel.outbox.pause import paused

    async with _opened(ctx) as (store, registry):
        lane_number = outbox_rows.LANES[lane] if lane else None
        rows = await outbox_rows.page(store, standing=state or "", consumer=consumer, lane=lane_number, limit=limit + 1)
        found = await paused(store)
        if as_json:
            for row in rows[:limit]:
                click.echo(json.dumps({**row.document(), "held": found is not None}))
        else:
            _show(rows[:limit], more=len(rows) > limit)
        if found is not None:
            await _say_held(store, registry)


def _show(rows: list[Promise], *, more: bool) -> None:
    if not rows:
        click.echo("Nothing of that kind is in the outbox.")
    for row in rows:
        one = row.document()
        error = f"  {one['error']}" if one["error"] else ""
        times = f"{one['attempts']} attempt{'' if one['attempts'] == 1 else 's'}"
        click.echo(
            f"{one['id']}  {one['state']:<7}  {one['lane']:<6}  {row.consumer}  {_span(row.age)}  {times}{error}"
        )
    if more:
        click.echo("There is more: say --limit, or what of it with --state, --consumer or --lane.", err=True)


@command.command("retry")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--consumer", default="", help="Everything that is parked for this consumer.")
@click.option("--all", "everything", is_flag=True, help="Everything that is parked.")
@coroutine_command
@audited("ids", "consumer", "everything")
async def retry(ctx: click.Context, ids: tuple[UUID, ...], consumer: str, everything: bool) -> None:
    """Try what is parked again, as if for the first time: the rows IDS, or those of a consumer, or all."""
    from banshi.builtin.monitoring import outbox_rows

    if bool(ids) + bool(consumer) + everything != 1:
        raise click.UsageError("say which: ids as `banshi outbox list` shows them, or --consumer NAME, or --all")
    right = True
    async with _opened(ctx) as (store, _):
        if not ids:
            count = await outbox_rows.retry_parked(store, consumer)
            _note("parked outbox rows are tried again", consumer=consumer or "all", rows=count)
            nothing = f"Nothing is parked for {consumer}." if consumer else "Nothing is parked."
            click.echo(f"{count} {'is' if count == 1 else 'are'} tried again." if count else nothing)
        for identity in ids:
            if await outbox_rows.retry(store, identity):
                _note("a parked outbox row is tried again", row=str(identity))
                click.echo(f"{identity}: is tried again")
            else:
                right = False
                click.echo(f"{identity}: {_why_not(await outbox_rows.find(store, identity), 'parked')}", err=True)
    if not right:
        ctx.exit(1)


@command.command("drop")
@click.argument("identity", metavar="ID", type=click.UUID)
@click.option("--yes", is_flag=True, help="Don't ask.")
@coroutine_command
@audited("identity")
async def drop(ctx: click.Context, identity: UUID, yes: bool) -> None:
    """Give the row ID up, for good; says first what is lost."""
    from banshi.builtin.monitoring import outbox_rows

    async with _opened(ctx) as (store, _):
        row = await outbox_rows.find(store, identity)
        if row is None or row.standing not in {"parked", "waiting"}:
            raise click.ClickException(f"{identity}: {_why_not(row, 'parked or waiting')}")
        lost = next((text for start, text in LOST.items() if row.consumer.startswith(start)), "it is never done")
        if not yes:
            click.echo(f"{identity} for {row.consumer}: {lost}.", err=True)
            await asyncio.to_thread(click.confirm, "Drop it?", abort=True, err=True)
        word = f"dropped by {_operator()}; before: {row.last_error or 'nothing'}"
        if not await outbox_rows.drop(store, identity, word):
            now = await outbox_rows.find(store, identity)
            raise click.ClickException(f"{identity}: {_why_not(now, 'parked or waiting')}")
        _note("an outbox row was dropped", row=str(identity), consumer=row.consumer, attempts=row.tries)
        click.echo(f"{identity} is dropped: {lost}.")


@command.command("hold")
@click.option("--restored", is_flag=True, help="The database was restored without `banshi restore`: move numbers on.")
@click.option("--reason", default="by an operator", show_default=True, help="What the log and the list say.")
@coroutine_command
@audited("restored", "reason")
async def hold_(ctx: click.Context, restored: bool, reason: str) -> None:
    """Let nothing go out until `banshi outbox release`; requests are served, and what they promise waits."""
    from tortoise.transactions import in_transaction

    from banshi.kernel.outbox.pause import AFTER_RESTORE
    from banshi.ops.holding import ADVANCE, RESTORED, hold

    async with _opened(ctx) as (store, registry):
        first = await hold(store, RESTORED if restored else reason)
        if restored:
            async with in_transaction() as connection:
                for statement in [*ADVANCE, *(one for _, given in registry.offered(AFTER_RESTORE) for one in given)]:
                    await connection.execute_query(statement)
        _note("the outbox is held", reason=RESTORED if restored else reason, restored=restored)
        click.echo("Nothing goes out any more." if first else "Nothing goes out: it was held already.")


@command.command("release")
@click.option("--drop-before", metavar="TIME", default="", help="Give up first what was promised before, by --of.")
@click.option("--of", "sorts", multiple=True, metavar="SORT", help="What of it to give up, as the command lists it.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@coroutine_command
@audited("drop_before", "sorts")
async def release(ctx: click.Context, drop_before: str, sorts: tuple[str, ...], yes: bool) -> None:
    """Let a held outbox go: everything, or without what was certainly sent already.

    TIME is in the city's time zone where it names none, such as 2026-11-26T03:00.
    """
    from banshi.kernel.outbox.pause import paused
    from banshi.ops.holding import resume

    async with _opened(ctx) as (store, registry):
        moment = _moment(registry, drop_before)
        if bool(drop_before) != bool(sorts):
            raise click.UsageError(
                "--drop-before TIME and --of SORT belong together: say what is given up, and from when"
            )
        if await paused(store) is None:
            raise click.ClickException("what goes out isn't held; nothing was changed")
        there = await _sorts(store, registry)
        if unknown := sorted(set(sorts) - set(there)):
            known = ", ".join(there) or "nothing waits"
            raise click.ClickException(f"--of {unknown[0]}: nothing of that sort waits; there is: {known}")
        await _say_held(store, registry)
        if not yes:
            what = (
                f"Give up {', '.join(sorts)} from before {drop_before}, and release the rest?"
                if sorts
                else "Release it?"
            )
            await asyncio.to_thread(click.confirm, what, abort=True, err=True)
        for sort in sorts:
            count = await _given_up(store, registry, sort, moment)
            _note("what was held is given up", sort=sort, before=drop_before, rows=count)
            click.echo(f"{sort}: {count} given up")
        if not await resume(store):
            raise click.ClickException("somebody else has released it in this moment")
        _note("the outbox is released")
        click.echo("It goes out again.")


def _moment(registry: Registry, text: str) -> int:
    """Milliseconds since 1970 of a time as an operator writes it."""
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--drop-before {text}: write a time such as 2026-11-26T03:00") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=registry.configuration.settings.timezone)
    return int(at.timestamp() * 1000)


async def _sorts(store: Store, registry: Registry) -> dict[str, int]:
    """How much waits, by what it is: consumers of the outbox, and plugins' own work as PLUGIN:SORT."""
    from banshi.kernel.outbox import outbox
    from banshi.kernel.outbox.pause import JOBS

    found = {consumer: n for (consumer, state), n in (await outbox.counts(store)).items() if state == "due"}
    for plugin, jobs in registry.offered(JOBS):
        found |= {f"{plugin}:{sort}": n for sort, n in (await jobs.waiting(store)).items() if n}
    return dict(sorted(found.items()))


async def _given_up(store: Store, registry: Registry, sort: str, moment: int) -> int:
    from banshi.builtin.monitoring import outbox_rows
    from banshi.kernel.outbox.pause import JOBS

    for plugin, jobs in registry.offered(JOBS):
        if sort.startswith(f"{plugin}:"):
            return await jobs.drop(store, sort.removeprefix(f"{plugin}:"), moment)
    return await outbox_rows.drop_before(store, sort, moment, f"given up by {_operator()} at the release")


async def _say_held(store: Store, registry: Registry) -> None:
    from banshi.kernel.outbox.pause import paused

    found = await paused(store)
    if found is None:
        return
    since = datetime.fromtimestamp(found.since, registry.configuration.settings.timezone)
    click.echo(f"Nothing goes out since {since:%Y-%m-%d %H:%M:%S}: {found.reason}.", err=True)
    waits = ", ".join(f"{n} {sort}" for sort, n in (await _sorts(store, registry)).items())
    click.echo(f"There waits: {waits or 'nothing'}.", err=True)


def _why_not(row: Promise | None, wanted: str) -> str:
    if row is None:
        return "there is no such row; `banshi outbox list` shows the ids"
    if row.standing == "working":
        return f"a worker has it in hand; look again in {(row.lease_until - row.now) // 1000 + 1} s"
    return f"it is {row.standing}, and not {wanted}"


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _operator() -> str:
    return operator_of(click.get_current_context())


def _note(event: str, **what: Any) -> None:
    """What an operator did, in the log."""
    import structlog

    structlog.get_logger("banshi.outbox").warning(event, by=_operator(), **what)


@asynccontextmanager
async def _opened(ctx: click.Context) -> AsyncIterator[tuple[Store, Registry]]:
    """The configured database, which has to be there and at this version's schema."""
    from banshi.builtin.audit.commands import existing_database
    from banshi.foundation import logs

    registry = configured(ctx)
    logs.configure(registry.configuration.settings.log_level)
    async with existing_database(registry) as store:
        yield store, registry
