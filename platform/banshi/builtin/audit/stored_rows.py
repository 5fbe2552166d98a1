"""The audit's rows as the tables have them, page by page: not through the models, whose values have to be right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tortoise.exceptions import FieldError
from tortoise.models import Model

from banshi.builtin.audit.marks import PERSONAL
from banshi.builtin.audit.models import CaseReading
from banshi.foundation.database.store import Store
from banshi.foundation.encryption.fields import as_read
from banshi.foundation.encryption.sealing import Altered
from banshi.kernel.tables.cases import CaseEvent

#: Rows that are read at once.
PAGE_ROWS = 2_000

#: Behind no number, and before and behind every id.
FIRST_NUMBER, FIRST, LAST = -(2**63), str(UUID(int=0)), str(UUID(int=2**128 - 1))

ENTRIES = (
    "SELECT id, case_id, version, at, action, state_before, state, actor, actor_id, reason, details, salt, mark, "
    "redacted, seal, (SELECT mode FROM banshi_case WHERE id = case_id) AS mode FROM banshi_case_event WHERE "
)

READINGS = (
    "SELECT id, case_id, at, reader, department, unit, role, mark, seal, NULL AS redacted "
    "FROM banshi_case_reading WHERE "
)

#: Where the entries of the seals lie.
TRAILS = (ENTRIES, READINGS)

STEPS = (
    "SELECT g.*, e.state AS told FROM (SELECT c.id, c.number, c.version, c.state, c.content, c.mode, c.person, "
    "COUNT(e.id) AS steps, COALESCE(MAX(e.version), 0) AS newest FROM "
    "(SELECT id, number, version, state, content, mode, person FROM banshi_case WHERE id > $1 ORDER BY id LIMIT $2) c "
    "LEFT JOIN banshi_case_event e ON e.case_id = c.id "
    "GROUP BY c.id, c.number, c.version, c.state, c.content, c.mode, c.person) g "
    "LEFT JOIN banshi_case_event e ON e.case_id = g.id AND e.version = g.newest ORDER BY g.id"
)


async def rows_between(store: Store, after: int, until: int | None = None) -> AsyncIterator[dict[str, Any]]:
    """The entries of the seals after one, up to and with another or to the end: of each trail in order."""
    most = "" if until is None else f"AND seal <= {until}"
    for trail in TRAILS:
        place: list[Any] = [after, LAST]
        sql = f"{trail} (seal, id) > ($1, $2) {most} ORDER BY seal, id LIMIT {PAGE_ROWS}"
        while rows := await _read(store, sql, place):
            for row in rows:
                yield row
            place = [rows[-1]["seal"], rows[-1]["place"]]


async def rows_unsealed(store: Store) -> AsyncIterator[list[dict[str, Any]]]:
    """The entries that no seal has yet."""
    for trail in TRAILS:
        after: Any = FIRST
        while rows := await _read(
            store, f"{trail} seal IS NULL AND id > $1 ORDER BY seal, id LIMIT {PAGE_ROWS}", [after]
        ):
            yield rows
            after = rows[-1]["place"]


async def steps_of_cases(store: Store) -> AsyncIterator[list[dict[str, Any]]]:
    """Each case with how many entries it has, and the newest one's version and state."""
    after: Any = FIRST
    while rows := await store.connection.execute_query_dict(STEPS, [after, PAGE_ROWS]):
        yield rows
        after = str(rows[-1]["id"])


async def _read(store: Store, sql: str, values: list[Any]) -> list[dict[str, Any]]:
    """Rows as either database gives them. What can't be what it should stays as it is: no mark fits it."""
    rows = [dict(row) for row in await store.connection.execute_query_dict(sql, values)]
    for row in rows:
        row["place"], row["id"], row["case_id"] = row["id"], _identity(row["id"]), _identity(row["case_id"])
        row["at"] = _time(row["at"])
        for model, name in [(CaseReading, "reader")] if is_reading(row) else [(CaseEvent, name) for name in PERSONAL]:
            row[name] = _opened(model, name, row[name])
    return rows


def is_reading(row: Mapping[str, Any]) -> bool:
    """Whether an entry is of who has read a case, and no step of it."""
    return "reader" in row


def _identity(value: Any) -> Any:
    try:
        return UUID(str(value))
    except ValueError:
        return value


def _time(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _opened(model: type[Model], column: str, value: Any) -> Any:
    """A personal column as it was written. Raises UnknownKey: what can't be opened says nothing of who changed it."""
    try:
        return as_read(model, column, value)
    except (Altered, FieldError):
        return object()
