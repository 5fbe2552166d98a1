"""The chain of seals: the process that leads binds what has been committed, each seal to the one before it.

What is not sealed has no number in its column `seal`, and an index leads to it: whatever becomes visible late, after a
long transaction or from a process of the version before, is in the next seal. Nobody who writes waits for the chain.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.marks import HASH_BYTES, SALT_BYTES, commitment_of, mark_of, microseconds
from banshi.builtin.audit.models import AuditSeal
from banshi.builtin.audit.stored_rows import COMMAND, TRAILS
from banshi.foundation.database.bulk import placeholders
from banshi.foundation.database.store import Store
from banshi.kernel.tables.cases import Case, CaseEvent

#: Entries of one seal at most: how long its transaction keeps others from them, and how much a reader has in memory.
MAX_SEAL_ENTRIES = 500

#: What stands before the first seal.
NOTHING = "0" * 64

#: Bytes of an entry in a seal.
ENTRY_BYTES = 16 + 16 + 1 + HASH_BYTES

#: The bit of the byte between that says that an entry was found without a mark; the others are trails'.
FOUND = 1

#: What stands in place of its case in an entry that has none.
NO_CASE = UUID(int=0)


class Sealed(NamedTuple):
    """An entry as its seal has it."""

    id: UUID
    case_id: UUID | None
    #: It bore no mark when it was sealed: a version before the chain wrote it, or somebody else.
    found: bool
    mark: bytes
    #: Of its trail.
    flag: int = 0


def packed(entries: Sequence[Sealed]) -> bytes:
    return b"".join(
        one.id.bytes + (one.case_id or NO_CASE).bytes + bytes([FOUND * one.found | one.flag]) + one.mark
        for one in entries
    )


def unpacked(text: bytes) -> Iterator[Sealed]:
    """The entries of a seal. Whatever is left over at the end is none: the seal's hash says that it was changed."""
    for place in range(0, len(text) - ENTRY_BYTES + 1, ENTRY_BYTES):
        one = text[place : place + ENTRY_BYTES]
        case = UUID(bytes=one[16:32])
        yield Sealed(
            UUID(bytes=one[:16]), None if case == NO_CASE else case, bool(one[32] & FOUND), one[33:], one[32] & ~FOUND
        )


def hash_of(seal: AuditSeal) -> bytes:
    content = hashlib.sha256(seal.entries).hexdigest()
    parts = [seal.number, microseconds(seal.at), seal.count, content, seal.previous, seal.kid]
    return hashlib.sha256(orjson.dumps(parts)).digest()


def pin_of(seal: AuditSeal) -> str:
    """What an operator keeps elsewhere: the number and the hash, which stands for every entry up to there."""
    return f"{seal.number}.{seal.hash}"


async def newest_seal(connection: BaseDBAsyncClient | None = None) -> AuditSeal | None:
    return await AuditSeal.all(using_db=connection).order_by("-number").first()


async def seal_all(store: Store, key: AuditKey, now: datetime) -> int:
    """Seal everything that has been committed; how many entries that was."""
    entries = 0
    while sealed := await seal_some(store, key, now):
        entries += sealed
    return entries


async def seal_some(store: Store, key: AuditKey, now: datetime) -> int:
    """Make the next seal, in one transaction; how many entries it has. 0, and none is made, where nothing waits.

    Of two that lead for a moment the second waits for the first one's rows, and finds them sealed.
    """
    # A transaction of its own beside the store's: requests wait for that one, and nobody needs to hear of this.
    async with in_transaction() as connection:
        entries = await _waiting(connection, key, "" if store.dialect == "sqlite" else "FOR UPDATE")
        if not entries:
            return 0
        before = await newest_seal(connection)
        seal = AuditSeal(number=before.number + 1 if before else 1, at=now, count=len(entries), entries=packed(entries))
        seal.previous, seal.kid = before.hash if before else NOTHING, key.kid
        digest = hash_of(seal)
        seal.hash, seal.signature = digest.hex(), key.sign(digest)
        await seal.save(using_db=connection, force_create=True)
        for trail in TRAILS:
            ids = [str(one.id) for one in entries if one.flag == trail.flag]
            mark, *marks = store.placeholders(1 + len(ids))
            sql = f"UPDATE {trail.table} SET seal = {mark} WHERE id IN ({', '.join(marks)})"  # noqa: S608 - marks
            if ids:
                await connection.execute_query(sql, [seal.number, *ids])
    return len(entries)


async def _waiting(connection: BaseDBAsyncClient, key: AuditKey, lock: str) -> list[Sealed]:
    """The next entries to be sealed. Those without a mark get one now, as they were found."""
    entries: list[Sealed] = []
    for trail in TRAILS:
        # By seal too, as the index has them: by id alone PostgreSQL may walk all entries to find the few that wait.
        where = f"WHERE seal IS NULL ORDER BY seal, id LIMIT {MAX_SEAL_ENTRIES - len(entries)}"
        case = "NULL AS case_id" if trail.flag == COMMAND else "case_id"
        sql = f"SELECT id, {case}, mark FROM {trail.table} {where} {lock}"  # noqa: S608 - names of ours
        rows: Any = await connection.execute_query_dict(sql)
        unmarked = [row["id"] for row in rows if row["mark"] is None and not trail.flag]
        found = await _marked(connection, key, unmarked)
        for row in rows:
            identity, mark = UUID(str(row["id"])), row["mark"]
            mark = found.get(identity, mark)
            if not isinstance(mark, bytes) or len(mark) != HASH_BYTES:
                mark = bytes(HASH_BYTES)  # `verifying.py` says of it, and of every other that is wrong
            case_id = UUID(str(row["case_id"])) if row["case_id"] else None
            entries.append(Sealed(identity, case_id, identity in found, mark, trail.flag))
    return entries


async def _marked(connection: BaseDBAsyncClient, key: AuditKey, ids: Sequence[Any]) -> dict[UUID, bytes]:
    """Mark entries as they were found; their marks."""
    marks: dict[UUID, bytes] = {}
    values = []
    rows: Sequence[Any] = await CaseEvent.filter(id__in=ids).using_db(connection) if ids else ()
    cases = Case.filter(id__in=list({row.case_id for row in rows})).using_db(connection)
    modes: dict[Any, Any] = dict(await cases.values_list("id", "mode")) if rows else {}
    for row in rows:
        salt, columns = os.urandom(SALT_BYTES), {**vars(row), "mode": modes.get(row.case_id)}
        marks[row.id] = mark_of(key, columns, commitment_of(salt, columns))
        values.append([salt, marks[row.id], str(row.id)])
    if values:
        one, two, three = placeholders(connection.capabilities.dialect, 3)
        sql = f"UPDATE banshi_case_event SET salt = {one}, mark = {two} WHERE id = {three}"  # noqa: S608 - marks
        await connection.execute_many(sql, values)
    return marks
