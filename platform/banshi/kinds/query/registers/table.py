"""A register in a table of the platform's own database, filled by `banshi register import`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from banshi.foundation.database.store import Store
from banshi.foundation.errors import DepartmentUnavailable
from banshi.kinds.query.pseudonyms import Pseudonyms
from banshi.kinds.query.registers.declared import Register
from banshi.kinds.query.registers.protocol import MAX_RECORDS, Found, Question, RegisterBroken
from banshi.kinds.query.registers.values import same

#: Records of one key that are looked through for what the filters ask.
MAX_FETCHED = 1_000

#: Seconds until somebody may have filled an empty register.
EMPTY_RETRY_S = "600"

#: One statement, so that what is read is of one batch: an import that ends meanwhile takes the other away.
FIND = """
SELECT b.as_of, b.sample, b.key_id, r.data, r.owner
FROM query_register p
JOIN query_batch b ON b.id = p.batch
LEFT JOIN query_record r ON r.batch = b.id AND r.key = {1} AND (CAST({2} AS text) = '' OR r.owner = {2})
WHERE p.code = {0}
ORDER BY r.line LIMIT {3}
"""


class TableRegister:
    """Finds records by the hash of their key, and a citizen's own by the hash of their number."""

    def __init__(self, register: Register, store: Store, pseudonyms: Pseudonyms) -> None:
        self._register = register
        self._store = store
        self._pseudonyms = pseudonyms
        self._sql = FIND.format(*store.placeholders(4))

    async def find(self, question: Question) -> Found:
        key = self._pseudonyms.key(self._register.code, [str(question.keys[name]) for name in self._register.keys])
        owner = self._pseudonyms.person(question.owner or "")
        values = [self._register.code, key, owner, MAX_FETCHED]
        rows = await self._store.connection.execute_query_dict(self._sql, values)
        if not rows:
            # Never "nothing found": nobody knows.
            raise DepartmentUnavailable(headers={"Retry-After": EMPTY_RETRY_S}, empty=True)
        if rows[0]["key_id"] != self._pseudonyms.key_id:
            raise RegisterBroken("it was imported with another look-ups.key")
        records = [(orjson.loads(row["data"]), row["owner"]) for row in rows if row["data"] is not None]
        matching = [(record, own) for record, own in records if _fits(record, question)][: MAX_RECORDS + 1]
        return Found(
            records=[record for record, _ in matching],
            owners=[own for _, own in matching],
            as_of=_moment(rows[0]["as_of"]),
            sample=bool(rows[0]["sample"]),
        )


def _fits(record: dict[str, Any], question: Question) -> bool:
    return all(same(asked, record.get(name)) for name, asked in question.filters.items())


def _moment(value: Any) -> datetime:
    """A time as PostgreSQL gives it, or as SQLite has it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
