"""`banshi audit`: whether the audit is what was written, its newest seal, who was refused, and what operators did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from banshi.kernel.loading.cli_context import audited, coroutine_command, settings_of, unaudited

if TYPE_CHECKING:
    from banshi.builtin.audit.key import AuditKey
    from banshi.builtin.audit.verifying import Tally
    from banshi.foundation.database.store import Store


def pin(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, str] | None:
    """A seal that was kept elsewhere: its number and its digest."""
    if value is None:
        return None
    number, _dot, digest = value.strip().partition(".")
    right = number.isascii() and number.isdigit() and len(number) < 19 and len(digest) == 64
    if not right or set(digest) - set("0123456789abcdef"):
        raise click.BadParameter("give what `banshi audit seal` printed: a number, a dot and 64 hexadecimal digits")
    return int(number), digest


@click.group("audit")
def command() -> None:
    """Find entries of the audit that were changed, removed or made up, and who asked for what they may not."""


@command.command("verify")
@click.option("--since", type=click.IntRange(1, 2**62), default=1, metavar="NUMBER", help="Begin with this seal.")
@click.option("--against", callback=pin, metavar="SEAL", help="What `banshi audit seal` printed, kept elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line: each finding, and what was read.")
@coroutine_command
@unaudited
async def verify(ctx: click.Context, since: int, against: tuple[int, str] | None, as_json: bool) -> None:
    """Read the audit against its chain; end with 1 if anything is wrong.

    The platform may go on meanwhile. With --since, whether each case has all of its entries is not looked at.
    """
    from banshi.builtin.audit.verifying import Verification

    if against and against[0] < since:
        raise click.UsageError(f"--against is seal {against[0]}, so --since has to be {against[0]} or less")

    async with _opened(ctx) as (store, key):
        verification = Verification(store, key, datetime.now(UTC), since=since, against=against)
        with _readable():
            async for one in verification.findings():
                if as_json:
                    found = {"finding": one.what, "seal": one.seal, "entry": one.entry, "case": one.case}
                    click.echo(json.dumps({**found, "case_id": str(one.case_id) if one.case_id else None}))
                else:
                    click.secho(str(one), fg="red")
    tally = verification.tally
    if as_json:
        click.echo(json.dumps(asdict(tally)))
    else:
        _tell(tally)
    ctx.exit(1 if tally.findings else 0)


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever of it is no text, no time or no page any more is told in a sentence, and ends with 1."""
    from tortoise.exceptions import OperationalError

    try:
        yield
    except (sqlite3.DatabaseError, OperationalError, ValueError, TypeError) as error:
        told = f"the audit can't be read to its end ({type(error).__name__}: {error}): the database is damaged, or was"
        raise click.ClickException(f"{told} written to past the platform; see `banshi doctor`") from None


def _tell(tally: Tally) -> None:
    click.echo(f"{tally.entries} entries in {tally.seals} seals, {tally.unsealed} of them not sealed yet.")
    if tally.found:
        click.echo(f"{tally.found} are from before the chain: sealed as they were found.")
    if tally.blanked:
        click.echo(f"Of {tally.blanked} what they said of a person was blanked.")
    for cause, number in sorted(tally.left.items()):
        click.echo(f"{number} left lawfully: {cause}.")
    if tally.findings:
        click.echo(f"{tally.findings} findings: the audit is not what was written.", err=True)
    else:
        click.echo(f"Nothing is wrong, up to seal {tally.pin or 0}")


@command.command("seal")
@click.option("--json", "as_json", is_flag=True, help="With its signature and the key to check that with.")
@coroutine_command
@unaudited
async def seal(ctx: click.Context, as_json: bool) -> None:
    """Print the newest seal, to be kept where the database's administrators can't write.

    `banshi audit verify --against` then finds a chain that was written anew as a whole, or whose end was cut off.
    """
    from banshi.builtin.audit.chain import newest_seal, pin_of

    async with _opened(ctx) as (_, key):
        newest = await newest_seal()
    if newest is None:
        raise click.ClickException("Nothing is sealed yet: `banshi serve` seals within a minute of the first case.")
    if as_json:
        signed = {"hash": newest.hash, "kid": newest.kid, "signature": newest.signature.hex(), "ed25519": key.public}
        click.echo(json.dumps({"seal": pin_of(newest), "at": newest.at.isoformat(), **signed}))
    else:
        click.echo(pin_of(newest))


@command.command("refusals")
@click.option("--days", type=click.IntRange(1, 36_500), default=7, show_default=True, help="Of the last so many days.")
@click.option("--subject", metavar="SUBJECT", help="Of this person alone, as the identity provider calls them.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@coroutine_command
@audited("days")
async def refusals(ctx: click.Context, days: int, subject: str | None, as_json: bool) -> None:
    """Print who asked for what they may not: once a person, operation and quarter of an hour, the oldest first.

    Persons are named by a digest that is always the same; --subject finds somebody whom you suspect.
    """
    from banshi.builtin.audit.refusals import subject_key, written_since

    rows = 0
    async with _opened(ctx) as (_, key):
        whose = subject_key(key, subject) if subject else None
        async for one in written_since(datetime.now(UTC) - timedelta(days=days), whose):
            rows += 1
            first, last = one.first_at.isoformat(timespec="seconds"), one.last_at.isoformat(timespec="seconds")
            told = {"subject": one.subject, "operation": one.operation, "code": one.code, "count": one.count}
            if as_json:
                click.echo(json.dumps({"first_at": first, "last_at": last, **told}))
            else:
                click.echo(f"{first}  {one.count:>5} x  {one.subject or 'others':<32}  {one.operation} ({one.code})")
    if not rows and not as_json:
        click.echo(f"Nobody was refused anything in the last {days} days.", err=True)


@command.command("commands")
@click.option("--days", type=click.IntRange(1, 36_500), default=7, show_default=True, help="Of the last so many days.")
@click.option("--subject", metavar="SUBJECT", help="About this person alone, as the identity provider calls them.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@coroutine_command
@audited("days")
async def commands(ctx: click.Context, days: int, subject: str | None, as_json: bool) -> None:
    """Print which commands operators ran that read people's data or changed something, the oldest first.

    Persons are named by a digest that is always the same; --subject finds what was done about somebody.
    """
    from banshi.builtin.audit.commands import commands_since, whose_key

    async with _opened(ctx) as (_, key):
        whose = whose_key(key, subject) if subject else None
        async for one in commands_since(datetime.now(UTC) - timedelta(days=days), whose):
            at = one.at.isoformat(timespec="seconds")
            if as_json:
                told = {name: getattr(one, name) for name in ("operator", "command", "about", "whose", "purpose")}
                click.echo(json.dumps({"at": at, **told, "seal": one.seal}, ensure_ascii=False))
            else:
                more = [one.about, one.whose and f"of {one.whose}", one.purpose and f"for: {one.purpose}"]
                click.echo("  ".join([at, one.operator, one.command, *filter(None, more)]))


@asynccontextmanager
async def _opened(ctx: click.Context) -> AsyncIterator[tuple[Store, AuditKey]]:
    """The database as it is, and the key that is there."""
    from banshi.builtin.audit.commands import leave_trace
    from banshi.builtin.audit.key import read_key
    from banshi.foundation.database.opening import open_store

    settings = settings_of(ctx)
    try:
        key = read_key(settings.keys_folder)
    except FileNotFoundError as error:
        told = f"there is no {error.filename}: verify where the platform has run, or restore the keys folder"
        raise click.ClickException(told) from None
    async with open_store(settings.database_url, {}, migrate=False, personal=settings.personal_keys) as store:
        await leave_trace(settings, store)
        yield store, key
