"""What came of it, in words: a case's number and how long it takes, a register's answer, a case's progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Says a sentence in somebody's language.
Say = Callable[..., str]

#: Records of a register that one reply shows.
MAX_RECORDS = 5


def told_begun(word: Say, begun: Any) -> list[str]:
    if begun.records is not None:
        return told_records(word, begun.records)
    case = begun.document
    lines = [word("Handed in. Its number is {number}.", number=case["number"])]
    if due := (case["deadline"] or {}).get("due_on"):
        lines.append(word("The answer is due by {day}.", day=due))
    if begun.code:
        lines.append(begun.code)
    return lines


def told_records(word: Say, found: Any) -> list[str]:
    """A register's answer as text."""
    lines = [f"{found['register']['title']} ({found['as_of'][:16].replace('T', ' ')})"]
    if found["sample"]:
        lines.append(word("These are made-up data."))
    if not found["records"]:
        return [*lines, word("Nothing was found.")]
    for record in found["records"][:MAX_RECORDS]:
        told = [(column, record.get(column["name"])) for column in found["columns"]]
        lines.append("; ".join(f"{column['title']}: {_shown(column, one)}" for column, one in told if one is not None))
    return lines


def _shown(column: Any, value: Any) -> str:
    told = str(column.get("values", {}).get(value, value))
    return f"{told[:10]} {told[11:16]}" if column["type"] == "moment" else told


def told_case(word: Say, case: Any) -> list[str]:
    return [word("Done: {number}.", number=case.number)]
