"""A made-up city of any size in PostgreSQL, written by the database itself: every name, text and token is synthetic.

Departments, items, roles and states are those of the plugins that are loaded. People have 1 to 30 cases each, spread
over a year, the latest of which are still open; what the server writes beside a case (its audit, messages, files,
promises, deliveries) is there in the same proportions.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from banshi.builtin.passes.ledger import NUMBERS
from banshi.kernel.contract.values import Who
from banshi.kernel.loading.registry import Registry

#: People for each case, as in a city of 4.7 million with 5 million cases.
PEOPLE_PER_CASE = 0.94

#: Share of the people who have cases is what follows of their number: 1 and more each, 30 at most, 3.5 on average.
CASES_EACH, MOST_EACH = 2.5, 30

#: Days over which cases are spread, and after how many one is over in the mean; share of those that never end.
DAYS, OPEN_DAYS, FORGOTTEN = 365, 5.0, 0.004

SQL = Path(__file__).with_name("seed_city.sql").read_text("utf-8")

#: The statements by their part of `seed_city.sql`.
PARTS = dict(re.findall(r"^-- (\w+):.*\n((?s:.+?))(?=^-- |\Z)", SQL, re.MULTILINE))

#: The tables that are written, so that their keys and indexes are taken away meanwhile.
TABLES = (
    *("banshi_case", "banshi_case_event", "push_inbox_message", "push_inbox_counter", "banshi_attachment"),
    *("banshi_pass", "push_delivery", "banshi_outbox", "banshi_idempotency_key", "appointment_booking"),
    *("query_look_up", "push_device", "push_profile", "push_follow", "push_receipt"),
)


def items_of(registry: Registry) -> list[tuple[Any, ...]]:
    """Every item with cases as a row of `seed_item`, with the states in which staff have work and those that end."""
    rows: list[tuple[Any, ...]] = []
    for item in registry.items.with_cases():
        steps = registry.kinds[item.kind].steps(item.details)
        ends = sorted({step.to for step in steps} - {step.state for step in steps})
        waits = sorted({step.state for step in steps if step.work and Who.STAFF in step.who})
        if waits and ends:
            promised = item.promised_days or 5
            rows.append((len(rows), item.code, item.department, item.unit, item.kind, promised, waits, ends))
    return rows


async def write_city(
    url: str, registry: Registry, *, devices: int, cases: int, schema: str = "public", say: Any = print
) -> None:
    """Fill the tables of the migrated database at `url`, make its indexes anew, and let PostgreSQL look at it all.

    Tables are UNLOGGED from then on, and refer to nothing: what is read is found as otherwise, and the disk has half as
    much to write.
    """
    import asyncpg

    where = {"search_path": schema}
    first, second = [await asyncpg.connect(url, server_settings=where) for _ in range(2)]
    try:
        for one in (first, second):
            await one.execute(PARTS["session"])
        await first.execute(PARTS["functions"])
        items = items_of(registry)
        await first.executemany("INSERT INTO seed_item VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", items)
        again = await _bare(first)
        values = {
            "cases": cases,
            "passes": NUMBERS,
            "people": max(1, round(cases * PEOPLE_PER_CASE)),
            "devices": devices,
            "items": len(items),
            "now": f"{int(time.time() * 1000)}::bigint",
            "days": DAYS,
            "each": CASES_EACH,
            "most": MOST_EACH,
            "open_days": OPEN_DAYS,
            "forgotten": FORGOTTEN,
        }
        await asyncio.gather(_run(first, PARTS["cases"], values, say), _run(second, PARTS["devices"], values, say))
        # Each of the two has half of the work, the largest table's indexes first.
        await asyncio.gather(_indexes(first, again[::2], say), _indexes(second, again[1::2], say))
        begun = time.monotonic()
        await first.execute("DROP TABLE seed_case, seed_person")
        await first.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
        say(f"{time.monotonic() - begun:6.1f} s  vacuum and analyze")
    finally:
        await first.close()
        await second.close()


async def _bare(connection: Any) -> list[list[str]]:
    """Take the tables' keys and indexes away; the statements that make them anew, by table."""
    keys = await connection.fetch(
        "SELECT conrelid::regclass::text AS name, conname, contype::text, pg_get_constraintdef(oid) AS made "
        "FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conrelid::regclass::text = ANY($1) OR "
        "contype = 'f' AND confrelid::regclass::text = ANY($1) ORDER BY contype <> 'f'",
        list(TABLES),
    )
    again: dict[str, list[str]] = {name: [] for name in TABLES}
    for key in keys:
        await connection.execute(f'ALTER TABLE {key["name"]} DROP CONSTRAINT "{key["conname"]}"')
        if key["contype"] != "f":
            add = f'ALTER TABLE {key["name"]} ADD CONSTRAINT "{key["conname"]}" {key["made"]}'
            again[key["name"]].append(add)
    indexes = await connection.fetch(
        "SELECT tablename, indexname, indexdef FROM pg_indexes "
        "WHERE tablename = ANY($1) AND schemaname = current_schema()",
        list(TABLES),
    )
    for index in indexes:
        await connection.execute(f'DROP INDEX "{index["indexname"]}"')
        again[index["tablename"]].append(index["indexdef"])
    for name in TABLES:
        await connection.execute(f"ALTER TABLE {name} SET UNLOGGED")
    largest = ("push_device", "banshi_case_event", "banshi_case", "push_inbox_message")
    return [again[name] for name in (*largest, *(one for one in TABLES if one not in largest))]


async def _run(connection: Any, part: str, values: Mapping[str, Any], say: Any) -> None:
    for sql in part.format(**values).strip().split(";\n\n"):
        begun = time.monotonic()
        done = await connection.execute(sql)
        words = sql.split()
        rows = int(done.split()[-1])
        seconds = time.monotonic() - begun
        say(f"{seconds:6.1f} s  {rows:>12,} rows  {words[2] if words[0] == 'INSERT' else words[3]}")


async def _indexes(connection: Any, tables: Sequence[Sequence[str]], say: Any) -> None:
    begun = time.monotonic()
    for statements in tables:
        for statement in statements:
            await connection.execute(statement)
    say(f"{time.monotonic() - begun:6.1f} s  keys and indexes of {len(tables)} tables")
