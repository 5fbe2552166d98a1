"""The audit's rows as the tables have them, page by page: not through the models, whose values have to be right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from tortoise.exceptions import FieldError
from tortoise.models import Model

from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.marks import PERSONAL, ROW, command_mark, fault_in, fault_in_whole, reading_mark
from banshi.builtin.audit.models import CaseReading, OperatorCommand
from banshi.foundation.database.store import Store
from banshi.foundation.encryption.fields import as_read, personal_fields
from banshi.foundation.encryption.sealing import Altered
from banshi.kernel.tables.cases import Case, CaseEvent

#: Rows that are read at once.
PAGE_ROWS = 2_000

#: Behind no number, and before and behind every id.
FIRST_NUMBER, FIRST, LAST = -(2**63), str(UUID(int=0)), str(UUID(int=2**128 - 1))


class Trail(NamedTuple):
    """A table whose rows are sealed."""

    model: type[Model]
    #: The bit by which a seal tells its rows from steps, of which none leaves for its age; 0 for these.
    flag: int
    #: Its columns, without those that all have, and those of them that may be encrypted.
    columns: str
    personal: Sequence[str]
    #: What is wrong with a row by itself.
    fault: Callable[[AuditKey, Mapping[str, Any]], str | None]

    @property
    def table(self) -> str:
        return self.model._meta.db_table


READING, COMMAND = 2, 4

#: What operators did comes first: it is sealed at once, however much waits beside it.
TRAILS = (
    Trail(
        OperatorCommand,
        COMMAND,
        "NULL AS case_id, operator, command, about, whose, purpose, NULL AS redacted",
        ("operator", "purpose"),
        partial(fault_in_whole, command_mark),
    ),
    Trail(
        CaseEvent,
        0,
        "case_id, version, action, state_before, state, actor, actor_id, reason, details, salt, row_digest, redacted, "
        "(SELECT mode FROM banshi_case WHERE id = case_id) AS mode",
        PERSONAL,
        fault_in,
    ),
    Trail(
        CaseReading,
        READING,
        "case_id, reader, department, unit, role, NULL AS redacted",
        ("reader",),
        partial(fault_in_whole, reading_mark),
    ),
)

#: Cases that are read at once: each with its answers.
CASES_AT_ONCE = 200

#: Those of their columns that are read here and may be encrypted.
SEALED = tuple(name for name in ROW if name in personal_fields(Case))

#: Of some cases, behind one: their rows, how many entries each has, and what the newest says of its row.
STEPS = Path(__file__).with_name("steps_of_cases.sql").read_text("ascii")


async def rows_between(store: Store, after: int, until: int | None = None) -> AsyncIterator[dict[str, Any]]:
    """The entries of the seals after one, up to and with another or to the end: of each trail in order."""
    most = "" if until is None else f"AND seal <= {until}"
    marks = ", ".join(store.placeholders(2))
    for trail in TRAILS:
        place: list[Any] = [after, LAST]
        while rows := await _read(store, trail, f"(seal, id) > ({marks}) {most}", place):
            for row in rows:
                yield row
            place = [rows[-1]["seal"], rows[-1]["place"]]


async def rows_unsealed(store: Store) -> AsyncIterator[list[dict[str, Any]]]:
    """The entries that no seal has yet."""
    for trail in TRAILS:
        after: Any = FIRST
        while rows := await _read(store, trail, f"seal IS NULL AND id > {store.placeholders(1)[0]}", [after]):
            yield rows
            after = rows[-1]["place"]


async def steps_of_cases(store: Store) -> AsyncIterator[list[dict[str, Any]]]:
    """Each case with how many entries it has, and the newest one's version and state, and its digest of the row."""
    after, sql = FIRST, STEPS.format(*store.placeholders(2))
    while rows := await store.connection.execute_query_dict(sql, [after, CASES_AT_ONCE]):
        after = str(rows[-1]["id"])
        read = [dict(row) for row in rows]
        for row in read:
            row.update({name: _opened(Case, name, row[name]) for name in SEALED})
        yield read


async def _read(store: Store, trail: Trail, where: str, values: list[Any]) -> list[dict[str, Any]]:
    """Rows as either database gives them. What can't be what it should stays as it is: no mark fits it."""
    sql = f"SELECT id, at, mark, seal, {trail.columns} FROM {trail.table} WHERE {where} "  # noqa: S608 - names of ours
    sql += f"ORDER BY seal, id LIMIT {PAGE_ROWS}"
    rows = [dict(row) for row in await store.connection.execute_query_dict(sql, values)]
    for row in rows:
        row["place"], row["id"], row["case_id"] = row["id"], _identity(row["id"]), _identity(row["case_id"])
        row["at"], row["trail"] = _time(row["at"]), trail
        for name in trail.personal:
            row[name] = _opened(trail.model, name, row[name])
    return rows


def _identity(value: Any) -> Any:
    with suppress(ValueError):
        return UUID(str(value))
    return value


def _time(value: Any) -> Any:
    with suppress(ValueError):
        value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _opened(model: type[Model], column: str, value: Any) -> Any:
    """A personal column as it was written. Raises UnknownKey: what can't be opened says nothing of who changed it."""
    try:
        return as_read(model, column, value)
    except (Altered, FieldError):
        return object()
