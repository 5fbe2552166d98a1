"""What PostgreSQL does for the statements of a server: its plans, and what is wrong with them.

A statement is planned as the server's pool would have it: prepared and carried out several times, so that PostgreSQL
has settled on a plan for all values or for each. It is carried out in a transaction that is rolled back.
"""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

#: A table of more rows is large: nobody goes through it. More rows are never sorted, nor thrown away to find a few.
#: Below that a step of 4,000 phones rightly reads all of a table that is joined to them.
LARGE_TABLE_ROWS, MAX_ROWS = 20_000, 10_000

#: Pages that an index has from its root to what is looked for, and that a row which is found takes, all with room.
ROOT_PAGES, PAGES_A_ROW = 60, 8

#: After so many times PostgreSQL stays with its plan.
RUNS_UNTIL_SETTLED = 6

#: What has no plan: the words that a statement begins with.
UNPLANNED = re.compile("BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|LISTEN|UNLISTEN|NOTIFY|SHOW|CREATE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the values that it was sent with."""

    text: str
    values: Sequence[Any] = ()

    @property
    def planned(self) -> bool:
        return not UNPLANNED.match(self.text.strip().strip("("))

    @property
    def short(self) -> str:
        """On one line, without its list of columns."""
        text = " ".join(self.text.split())
        return re.sub(r'SELECT ("[^ ]+",?){3,} FROM', "SELECT … FROM", text.replace('", "', '","'))[:200]


@dataclass(slots=True)
class Plan:
    """How PostgreSQL carries a statement out, and what of that is wrong."""

    statement: Statement
    milliseconds: float
    #: By what each large table is reached: {"banshi_case": {"Index Scan banshi_case_person"}}.
    ways: dict[str, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def note(seen: dict[str, Statement], logged: Any) -> Statement | None:
    """The statement that asyncpg has sent, where it is a new one; of one for many rows the first row."""
    if logged.query in seen:
        return None
    values = list(logged.args)
    if isinstance(logged.args, list) and values and isinstance(values[0], list | tuple):
        values = list(values[0])
    seen[logged.query] = Statement(logged.query, values)
    return seen[logged.query]


def read(file: Path) -> list[Statement]:
    """What `peers/noting_server.py` has written down, that file being our own."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    return [Statement(*pickle.loads(base64.b64decode(line))) for line in lines]  # noqa: S301


async def large_tables(connection: Any, large: int = LARGE_TABLE_ROWS) -> dict[str, int]:
    """How many rows the large tables have."""
    rows = await connection.fetch(
        "SELECT relname, reltuples::bigint AS n FROM pg_class WHERE relkind = 'r' AND reltuples > $1 "
        "AND relnamespace = current_schema()::regnamespace",
        float(large),
    )
    return {row["relname"]: row["n"] for row in rows}


async def clear_up(connection: Any, tables: Iterable[str]) -> None:
    """Take rows out of the indexes that statements have left behind, as PostgreSQL does by itself before long."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_stat_user_tables WHERE relname = ANY($1) AND n_dead_tup > 0", list(tables)
    )
    for row in rows:
        await connection.execute(f'VACUUM (INDEX_CLEANUP ON) "{row["relname"]}"')


async def plans(
    connection: Any, statements: Sequence[Statement], tables: Mapping[str, int], many: int = MAX_ROWS
) -> list[Plan]:
    """The settled plan of each statement that touches a large table."""
    return [
        await plan_of(connection, one, tables, many)
        for one in statements
        if one.planned and any(re.search(rf"\b{name}\b", one.text) for name in tables)
    ]


async def plan_of(connection: Any, statement: Statement, tables: Mapping[str, int], many: int = MAX_ROWS) -> Plan:
    """Carry a statement out, undo it, and look at how it was done.

    What only adds rows is planned alone: the same ones can't be added again.
    """
    prepared = await connection.prepare(statement.text)
    types = [one.name for one in prepared.get_parameters()]
    given = ", ".join(literal(value, name) for value, name in zip(statement.values, types, strict=True))
    said = f"EXECUTE seed_plan({given})" if given else "EXECUTE seed_plan"
    await connection.execute(f"PREPARE seed_plan AS {statement.text}")
    try:
        for _ in range(RUNS_UNTIL_SETTLED - 1):
            await connection.fetchval(f"EXPLAIN {said}")
        transaction = connection.transaction()
        await transaction.start()
        try:
            carried = "" if statement.text.lstrip().upper().startswith("INSERT") else "ANALYZE, BUFFERS, "
            answer = json.loads(await connection.fetchval(f"EXPLAIN ({carried}FORMAT JSON) {said}"))[0]
        finally:
            await transaction.rollback()
    finally:
        await connection.execute("DEALLOCATE seed_plan")
    found = Plan(statement, answer.get("Planning Time", 0.0) + answer.get("Execution Time", 0.0))
    for node in nodes(answer["Plan"]):
        _judge(found, node, tables, many)
    return found


def _judge(plan: Plan, node: Mapping[str, Any], tables: Mapping[str, int], many: int) -> None:
    kind, name = node["Node Type"], node.get("Relation Name", "")
    rows = node.get("Actual Rows", 0) * node.get("Actual Loops", 1)
    if name in tables and "Scan" in kind:
        plan.ways.setdefault(name, set()).add(f"{kind} {node.get('Index Name', '')}".strip())
        if kind == "Seq Scan":
            plan.wrong.append(f"goes through all {tables[name]:,} rows of {name}")
        # A condition on a column that isn't an index's first is called a condition of the index, too.
        # Rows that are taken by their places are as many as there are; what finds the places is counted there.
        elif kind != "Tid Scan" and (pages := _pages(node)) > ROOT_PAGES + PAGES_A_ROW * (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        ):
            index = node.get("Index Name", name)
            plan.wrong.append(f"reads {pages:,.0f} pages of {index} for {node['Actual Rows']:,} rows of {name}")
    thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    thrown *= node.get("Actual Loops", 1)
    if thrown > many and kind != "Seq Scan":
        plan.wrong.append(f"throws {thrown:,.0f} rows of {name or kind} away")
    if "Sort" in kind and (below := _below(node)) > many:
        plan.wrong.append(f"sorts {below:,.0f} rows")
    if kind == "Bitmap Heap Scan" and rows > many:
        plan.wrong.append(f"fetches {rows:,.0f} rows of {name}")


def _pages(node: Mapping[str, Any]) -> float:
    """How many pages a node itself reads each time; 0 where it wasn't carried out."""
    if "Actual Rows" not in node:
        return 0.0
    read = _read(node) - sum(_read(one) for one in node.get("Plans", ()))
    return float(read / max(1, node.get("Actual Loops", 1)))


def _read(node: Mapping[str, Any]) -> int:
    """Pages that a node and all below it read."""
    return int(node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0))


def _below(node: Mapping[str, Any]) -> float:
    """How many rows a sort is given."""
    return max((one.get("Actual Rows", 0) * one.get("Actual Loops", 1) for one in node.get("Plans", ())), default=0)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan and all below it."""
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes(one)


def literal(value: Any, kind: str) -> str:
    """A value as SQL writes it. `kind` is the name of its PostgreSQL type, an array's with a bracket behind."""
    if value is None:
        return "NULL"
    kind = kind if kind.endswith("[]") else kind.removeprefix("_") + "[]" if kind.startswith("_") else kind
    text = "{" + ",".join(map(_element, value)) + "}" if isinstance(value, list | tuple) else _text(value)
    quoted = text.replace("'", "''")
    return f"'{quoted}'::{kind}"


def _element(value: Any) -> str:
    """A value within an array."""
    return "NULL" if value is None else '"' + _text(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
