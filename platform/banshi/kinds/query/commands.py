"""`banshi register`: fill the platform's own registers, and see where each has its data."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from banshi.builtin.audit.commands import database
from banshi.kernel.loading.cli_context import audited, configured, unaudited
from banshi.kernel.loading.registry import Registry
from banshi.kinds.query.registers.declared import Declared, Register
from banshi.kinds.query.registers.opened import BUILT_IN, declared_in, kept_by_plugins


@click.group("register")
def register() -> None:
    """Fill the registers that queries ask, and see where each has its data."""


@register.command("import")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--samples", is_flag=True, help="Import the made-up registers of all departments, for development.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]),
    help="The time that the data are from; the file's own by default, a sample's now.",
)
@click.pass_context
@audited("files", "samples", "as_of")
def import_(ctx: click.Context, files: tuple[Path, ...], samples: bool, as_of: datetime | None) -> None:
    """Make each of FILES the register that its name says: `vehicles.csv`, or `vehicles.sample.csv` for a sample.

    A file is held to its columns, line by line. Where anything is wrong, all of it is told and the register stays as it
    is. Otherwise the whole file takes its place in one moment, also beside a running server.
    """
    registry, declared = _registry(ctx)
    if samples:
        folders = [plugin.folder / "registers" for plugin in registry.plugins.values()]
        found = (file for folder in folders for file in sorted(folder.glob("*.sample.csv")))
        files += tuple(file for file in found if file.name.partition(".")[0] in declared.registers)
    if not files:
        raise click.UsageError("name the files to import, or say --samples")
    if as_of is not None and as_of.tzinfo is None:
        as_of = as_of.replace(tzinfo=registry.configuration.settings.timezone)
    named = [(file, _register_of(file, registry, declared), as_of or _time_of(file, registry)) for file in files]
    sys.exit(asyncio.run(_import(registry, named)))


@register.command("list")
@click.pass_context
@unaudited
def list_(ctx: click.Context) -> None:
    """List the registers: where the data are, and what of it the platform has itself."""
    registry, declared = _registry(ctx)
    for line in asyncio.run(_listed(registry, declared)):
        click.echo(line)


def _registry(ctx: click.Context) -> tuple[Registry, Declared]:
    """What plugins.toml describes, without the registers whose records a plugin keeps. Raises ConfigurationError."""
    registry = configured(ctx)
    declared = declared_in(registry)
    for code in kept_by_plugins(registry):
        declared.registers.pop(code, None)
    return registry, declared


def _time_of(file: Path, registry: Registry) -> datetime:
    from banshi.kinds.query.imports.loading import register_named

    zone = registry.configuration.settings.timezone
    _, is_sample = register_named(file)
    return datetime.now(zone) if is_sample else datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _register_of(file: Path, registry: Registry, declared: Declared) -> Register:
    from banshi.foundation.findings import did_you_mean
    from banshi.kinds.query.imports.loading import register_named

    code, _ = register_named(file)
    ours = sorted(declared.registers.keys() - BUILT_IN.keys())
    if code not in ours:
        raise click.ClickException(f"{file}: there is no register {code!r}: {did_you_mean(code, ours)}")
    if code in registry.configuration.settings.registers:
        raise click.ClickException(
            f"{file}: platform.registers.{code} in plugins.toml says that this register is asked elsewhere; "
            "remove it first"
        )
    return declared.registers[code]


async def _import(registry: Registry, named: Iterable[tuple[Path, Register, datetime]]) -> int:
    """The status with which the program ends: 1 where a file was refused; the others are imported all the same."""
    from banshi.kinds.query.imports.loading import WrongFile, load, progress
    from banshi.kinds.query.pseudonyms import read_pseudonyms

    pseudonyms = read_pseudonyms(registry.configuration.settings.keys_folder)
    status = 0
    async with database(registry) as store:
        for file, one, as_of in named:
            try:
                with progress(file) as read:
                    done = await load(store, pseudonyms, one, file, as_of=as_of, read=read)
            except WrongFile as error:
                status = 1
                for told in error.problems.told:
                    click.secho(f"{file}: {told}", fg="red", err=True)
                more = error.problems.count - len(error.problems.told)
                rest = f", {more:,} more than are shown" if more > 0 else ""
                click.echo(
                    f"{file}: {error.problems.count:,} to mend{rest}; the register {one.code} is as it was", err=True
                )
            else:
                sample = " of made-up sample data" if done.sample else ""
                click.echo(f"{one.code}: {done.rows:,} records{sample}, as of {_day(registry, done.as_of)}")
    return status


async def _listed(registry: Registry, declared: Declared) -> list[str]:
    from banshi.kinds.query.models import Batch, RegisterPointer

    async with database(registry):
        pointers = {pointer.code: pointer.batch for pointer in await RegisterPointer.all()}
        batches: dict[Any, Batch] = {batch.id: batch for batch in await Batch.filter(id__in=list(pointers.values()))}
    lines = []
    for code in sorted(declared.registers):
        named = registry.configuration.settings.registers.get(code)
        batch = batches.get(pointers.get(code))
        if code in BUILT_IN:
            what = "the platform's own cases"
        elif named is not None:
            what = f"HTTP, {named.url.partition('?')[0]}" if named.url else f"SQL, {named.database.partition(':')[0]}"
        elif batch is None:
            what = f"empty; fill it with `banshi register import {code}.csv`"
        else:
            sample = ", made-up sample data" if batch.sample else ""
            what = f"{batch.rows:,} records, as of {_day(registry, batch.as_of)}{sample}"
        lines.append(f"{code}  {what}")
    return lines


def _day(registry: Registry, moment: datetime) -> str:
    """A time as the city has it."""
    return f"{moment.astimezone(registry.configuration.settings.timezone):%Y-%m-%d %H:%M}"
