"""The ring of personal columns: there, private, and the one that the database is encrypted with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from banshi.foundation.database.opening import connected, sqlite_file
from banshi.foundation.database.upgrade import missing
from banshi.foundation.encryption import look_ups
from banshi.foundation.encryption.ring import read_keys
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.runtime.examinations import Deployment, Verdict, are_private
from banshi.ops.backup.resealing import Held, columns_in, held

CHECK = "personal-keys"


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    settings, tables = deployment.registry.configuration.settings, deployment.registry.tables
    file, database = settings.personal_keys, sqlite_file(settings.database_url)
    found: list[Verdict] = are_private(CHECK, [file]) if file else []
    try:
        keys = read_keys(file) if file else None
        if database is not None and not database.exists():
            return found
        async with connected(settings.database_url, tables) as (context, apps):
            if await missing(apps):
                return found
            connection = context.connections.get("default")
            there = await look_ups.noted(connection)
            if keys is None:
                told = "this database is encrypted: say in platform.personal_keys where its ring of keys is"
                return [Verdict(CHECK, "error", told)] if there is not None else []
            found.append(_look_ups(there, max(keys.look_ups)))
            columns = columns_in(look_ups.models_of(context.apps))
            found_by = {one.field.place for one in columns if one.field.looked_up}
            found += _rows(await held(connection, columns, ends=True), keys.names, found_by)
    except ConfigurationError as error:
        found += [Verdict(CHECK, "error", f"{one.rule}: {one.advice}") for one in error.findings]
    return found


def _look_ups(there: int | None, newest: int) -> Verdict:
    if there == newest:
        return Verdict("personal-look-ups", "ok", f"sealed with look-up key {there}, the ring's newest")
    told = "stop every server and run `banshi encrypt --look-ups`: the database's look-ups are "
    return Verdict("personal-look-ups", "error", told + (f"under key {there}" if there else "plain"))


def _rows(rows: Sequence[Held], known: set[str], found_by: Collection[str]) -> list[Verdict]:
    """What the first and the last rows of each table are sealed with; `found_by` are the columns of look-ups."""
    unknown = [one for one in rows if one.key and one.key not in known]
    plain = sorted({one.place for one in rows if not one.key})
    found = []
    if unknown:
        named = ", ".join(f"{one.place} ({one.rows} with {one.key})" for one in unknown)
        told = f"sealed with a key that the ring doesn't have; bring back its copy that has it: {named}"
        found.append(Verdict("personal-rows", "error", told))
    if read := [place for place in plain if place not in found_by]:
        told = f"plain still, so run `banshi encrypt`: {', '.join(read)}"
        found.append(Verdict("personal-rows", "warning", told))
    if looked_up := [place for place in plain if place in found_by]:
        told = f"plain still, so stop every server and run `banshi encrypt --look-ups`: {', '.join(looked_up)}"
        found.append(Verdict("personal-rows", "warning", told))
    return found or [Verdict("personal-rows", "ok", "each table's ends are sealed, with keys that the ring has")]
