"""`banshi keys personal`: the ring of keys that personal columns are encrypted with."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.cli_context import audited, configured, coroutine_command, settings_of, unaudited

if TYPE_CHECKING:
    from banshi.foundation.encryption.ring import Keys
    from banshi.ops.backup.resealing import Held

#: Seconds after which every process writes with a key that has begun, and has committed what it sealed before.
SETTLED_AFTER_S = 60.0


@click.group("personal", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Make, rotate, list and remove the keys that personal columns are encrypted with."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@command.command("make")
@click.pass_context
def make(ctx: click.Context) -> None:
    """Make the ring that `platform.personal_keys` names, with its first keys."""
    from banshi.foundation.encryption.ring import new_ring, write_keys

    file = _file(ctx)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(file):
        if file.exists():
            raise click.ClickException(f"{file} is there already; `banshi keys personal rotate` adds a key to it")
        ring = new_ring(datetime.now(UTC))
        write_keys(file, ring)
    click.echo(f"{file}: key {ring.keys[0].id} and look-up key 1.")
    told = "Keep a copy of it away from the database and its backups: without it nobody reads what it has encrypted."
    click.echo(told, err=True)


@command.command("rotate")
@click.option(
    "--lead",
    default=10,
    type=click.IntRange(0, 60 * 24 * 365),
    show_default=True,
    help="Minutes until it is used, in which every machine gets to know it.",
)
@click.option("--look-ups", is_flag=True, help="A key for look-ups instead; servers then stop for `banshi encrypt`.")
@coroutine_command
@audited("lead", "look_ups")
async def rotate(ctx: click.Context, lead: int, look_ups: bool) -> None:
    """Add a key, which seals what is written from then on; `banshi encrypt` seals anew what is there."""
    from banshi.foundation.encryption.ring import new_key, with_new_look_up

    await _leave_trace(ctx)
    if look_ups:
        keys = _changed(_file(ctx), with_new_look_up)
        click.echo(f"look-up key {max(keys.look_ups)}: stop every server and run `banshi encrypt --look-ups`.")
        return
    key = new_key(datetime.now(UTC), timedelta(minutes=lead))
    _changed(_file(ctx), lambda keys: replace(keys, keys=(*keys.keys, key)))
    click.echo(f"{key.id} seals from {key.seals_from:%Y-%m-%d %H:%M} UTC; then run `banshi encrypt`.")
    click.echo("Renew the copy of the ring that you keep.", err=True)


@command.command("list")
@click.option("--count", is_flag=True, help="Count the rows under each key; it reads all of them.")
@coroutine_command
@unaudited
async def show(ctx: click.Context, count: bool) -> None:
    """List the keys, and with --count how many rows are sealed with which."""
    from banshi.foundation.encryption.ring import read_keys

    keys, now = read_keys(_file(ctx)), datetime.now(UTC)
    sealing = max((one for one in keys.keys if one.seals_from <= now), key=lambda one: one.seals_from, default=None)
    for one in sorted(keys.keys, key=lambda one: one.seals_from):
        state = "opens what is there"
        if one is sealing:
            state = "seals"
        elif one.seals_from > now:
            state = f"seals from {one.seals_from:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.id}  {state}")
    for number in sorted(keys.look_ups):
        click.echo(f"i{number}  for look-ups{', the newest' if number == max(keys.look_ups) else ''}")
    if count:
        for held in await _held(ctx):
            unknown = held.key and held.key not in keys.names
            told = "plain" if not held.key else f"{held.key}{', which the ring does not have' if unknown else ''}"
            click.echo(f"{held.place}: {held.rows} {told}")


@command.command("remove")
@click.argument("key")
@coroutine_command
@audited("key")
async def remove(ctx: click.Context, key: str) -> None:
    """Take the key KEY out of the ring, once no row is sealed with it. Backups from before need it still."""
    from banshi.foundation.encryption.ring import Ring, read_keys

    file = _file(ctx)
    keys, now = read_keys(file), datetime.now(UTC)
    if key not in keys.names:
        raise click.ClickException(f"the ring has no key {key}; it has {', '.join(sorted(keys.names))}")
    ahead = {one.id for one in keys.keys if one.seals_from > now}
    if key in {Ring(file).sealing()[0], f"i{max(keys.look_ups)}", *ahead}:
        raise click.ClickException(f"{key} is in use; `banshi keys personal rotate` makes another one first")
    if (wait := _unsettled(keys, key)) > 0:
        raise click.ClickException(f"a server may still be writing with {key}; remove it in {wait:.0f} seconds")
    if there := [one for one in await _held(ctx) if one.key == key]:
        named = ", ".join(f"{one.rows} of {one.place}" for one in there)
        raise click.ClickException(f"rows are sealed with {key}: {named}; run `banshi encrypt`, then remove it")
    await _leave_trace(ctx)
    _changed(file, lambda present: _without(present, key))
    click.echo(f"{key} is out of the ring. Backups from before it was out of use need the copy that has it.")


async def _leave_trace(ctx: click.Context) -> None:
    """In the database. One that isn't there or isn't encrypted with this ring yet is nothing to leave it in."""
    from banshi.builtin.audit.commands import existing_database

    with suppress(ConfigurationError):
        async with existing_database(configured(ctx)):
            pass


def _without(keys: Keys, key: str) -> Keys:
    look_ups = {number: secret for number, secret in keys.look_ups.items() if f"i{number}" != key}
    return replace(keys, look_ups=look_ups, keys=tuple(one for one in keys.keys if one.id != key))


def _unsettled(keys: Keys, key: str) -> float:
    """Seconds for which somebody may still write with a key, after the one that came behind it has begun."""
    begun = next((one.begins for one in keys.keys if one.id == key), None)
    behind = [one.begins for one in keys.keys if begun is not None and one.begins > begun]
    return min(behind) + SETTLED_AFTER_S - time.time() if behind else 0.0


async def _held(ctx: click.Context) -> list[Held]:
    from banshi.foundation.database.opening import connected
    from banshi.foundation.encryption.look_ups import models_of
    from banshi.ops.backup.resealing import columns_in, held

    registry = configured(ctx)
    async with connected(registry.configuration.settings.patient_url, registry.tables) as (context, _):
        return await held(context.connections.get("default"), columns_in(models_of(context.apps)))


def _file(ctx: click.Context) -> Path:
    file = settings_of(ctx).personal_keys
    if file is None:
        raise click.ClickException("say in platform.personal_keys of plugins.toml where the ring of keys is to be")
    return file


def _changed(file: Path, change: Callable[[Keys], Keys]) -> Keys:
    """Change a ring's file; of two who do at once, one comes after the other."""
    from banshi.foundation.encryption.ring import read_keys, write_keys

    with _locked(file):
        keys = change(read_keys(file))
        write_keys(file, keys)
    return keys


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
