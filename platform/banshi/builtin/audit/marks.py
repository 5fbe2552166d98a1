"""What an entry's mark covers: every column, the personal ones through a salted hash.

That of a case's first entry covers the case's mode too, since that says whether all of it may be deleted. Each has a
digest of what its step left in the case's row, which is held against that row as long as the entry is the newest.

So the personal content can be blanked, and its salt with it, and the mark still holds; from what is left nobody finds
out what was there, the platform included.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from banshi.builtin.audit.key import AuditKey
from banshi.kernel.tables.cases import CaseEvent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The version that a case's first entry makes.
FIRST = 1

#: The columns that may be blanked.
PERSONAL = ("actor_id", "reason", "details")

#: Those of them that hold JSON.
JSON = ("reason", "details")

#: The columns of a case's row that are held against its newest entry: whose it is, what they answered, and of what.
ROW = ("person", "person_name", "answers", "item", "kind")

#: From here on not every whole number is a float.
EXACT = 2**53

#: How a number in a list looks that another database may give back in other words; in a text it does no harm.
ODD = re.compile(rb"[:,\[]-?(?:[0-9]+[.eE]|[0-9]{16})")

#: Bytes of a salt, and of each hash.
SALT_BYTES, HASH_BYTES = 16, 32


def stamp(key: AuditKey, entry: CaseEvent) -> None:
    """Mark an entry that is about to be written."""
    columns, salt = {**as_read(vars(entry)), "mode": entry.mode}, os.urandom(SALT_BYTES)
    if entry.of_case is not None:
        case, values = entry.of_case
        columns["mode"] = case.mode
        row = {name: values.get(name, getattr(case, name)) for name in ROW}
        columns["row_digest"] = row_digest(key, salt, {**row, "id": case.id})
    mark = mark_of(key, columns, commitment_of(salt, columns))
    vars(entry).update(salt=salt, mark=mark, row_digest=columns["row_digest"])


def row_digest(key: AuditKey, salt: bytes, case: Mapping[str, Any]) -> bytes:
    """What an entry keeps of its case's row: of no use to whoever guesses at answers without the key and the salt."""
    return key.digest(b"row" + salt + _as_stored([str(case["id"]), *map(case.__getitem__, ROW)]))


def as_read(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns that are to be written as they are read again: a text in place of JSON is taken for what it says."""
    read = dict(columns)
    for name in JSON:
        if isinstance(text := read.get(name), str | bytes):
            with suppress(orjson.JSONDecodeError):  # the ORM refuses to write that
                read[name] = orjson.loads(text)
    return read


def mark_of(key: AuditKey, columns: Mapping[str, Any], commitment: bytes) -> bytes:
    """The mark of an entry; `columns` are as they are read, with the `mode` of its case."""
    which = [str(columns["id"]), str(columns["case_id"]), columns["version"], microseconds(columns["at"])]
    what = [columns["action"], columns["state_before"], columns["state"], columns["actor"]]
    if columns["version"] == FIRST:
        what.append(columns["mode"])
    # None in what a version before wrote, whose marks go without.
    commitment += columns["row_digest"] or b""
    return key.digest(b"entry" + commitment + orjson.dumps([*which, *what]))


def reading_mark(key: AuditKey, columns: Mapping[str, Any]) -> bytes:
    """The mark of a reading: of all its columns, since none is ever blanked."""
    whose = [str(columns["id"]), str(columns["case_id"]), microseconds(columns["at"])]
    named = [columns[name] for name in ("reader", "department", "unit", "role")]
    return key.digest(b"reading" + orjson.dumps([*whose, *named]))


def command_mark(key: AuditKey, columns: Mapping[str, Any]) -> bytes:
    """The mark of an operator's command, likewise."""
    named = [columns[name] for name in ("operator", "command", "about", "whose", "purpose")]
    return key.digest(b"command" + orjson.dumps([str(columns["id"]), microseconds(columns["at"]), *named]))


def commitment_of(salt: bytes, columns: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(salt + personal_of(columns)).digest()


def personal_of(columns: Mapping[str, Any]) -> bytes:
    return _as_stored([*map(columns.__getitem__, PERSONAL)])


def proof_of_blanking(key: AuditKey, mark: bytes, commitment: bytes, columns: Mapping[str, Any]) -> bytes:
    """That the platform put what is now in the personal columns there."""
    return key.digest(b"blank" + mark + commitment + personal_of(columns))


def proof_of_removal(key: AuditKey, identity: Any, at: datetime, cause: str) -> bytes:
    return key.digest(b"leave" + orjson.dumps([str(identity), microseconds(at), cause]))


def fault_in(key: AuditKey, columns: Mapping[str, Any]) -> str | None:
    """What is wrong with an entry by itself; None where it is as it was written, or was blanked by the platform.

    Among its `columns` is the `mode` of its case.
    """
    mark, blanked = columns["mark"], columns["redacted"]
    if not isinstance(mark, bytes) or len(mark) != HASH_BYTES:
        return "its mark is none"
    try:
        if blanked is None:
            commitment = commitment_of(columns["salt"] or b"", columns)
        else:
            commitment = blanked[:HASH_BYTES]
            if not hmac.compare_digest(blanked[HASH_BYTES:], proof_of_blanking(key, mark, commitment, columns)):
                return "what it says of a person was blanked or replaced, and not by the platform"
        right = hmac.compare_digest(mark, mark_of(key, columns, commitment))
    except (TypeError, ValueError, OverflowError):
        return "it holds what the platform can't have written"
    return None if right else "it is not what was written, or was not written by the platform"


def fault_in_whole(
    marked: Callable[[AuditKey, Mapping[str, Any]], bytes], key: AuditKey, columns: Mapping[str, Any]
) -> str | None:
    """What is wrong with a reading, or a command, by itself; None where it is as it was written."""
    try:
        right = hmac.compare_digest(columns["mark"], marked(key, columns))
    except (TypeError, ValueError, OverflowError):
        return "it holds what the platform can't have written"
    return None if right else "it is not what was written, or was not written by the platform"


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _as_stored(values: list[Any]) -> bytes:
    """Values as any database gives them back: PostgreSQL writes 1e3 as 1000."""
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    return orjson.dumps(_plain(orjson.loads(text)), option=orjson.OPT_SORT_KEYS) if ODD.search(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    # 2e60 comes back as a whole number with other digits behind the first sixteen.
    return float(value) if isinstance(value, int) and abs(value) >= EXACT else value
