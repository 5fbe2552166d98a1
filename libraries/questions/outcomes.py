"""What came of it, in words: a case's number and how long it takes, or a register's answer."""

from __future__ import annotations

from typing import Any

from banshi import text_in
from questions.sentences import say
from questions.shown import minute, tick

#: Records of a register that one reply shows.
MAX_RECORDS = 5


def told_begun(begun: Any, language: str) -> list[str]:
    """The lines of what `begin` has made."""
    if begun.records is not None:
        return told_records(begun.records, language)
    case = begun.document
    lines = [text_in(say("Handed in. Its number is {number}.", number=case["number"]), language)]
    if due := (case["deadline"] or {}).get("due_on"):
        lines.append(text_in(say("The answer is due by {day}.", day=due), language))
    if begun.code:
        lines.append(begun.code)
    return lines


def told_records(found: Any, language: str) -> list[str]:
    """A register's answer as text."""
    lines = [f"{found['register']['title']} ({minute(found['as_of'])})"]
    if found["sample"]:
        lines.append(text_in(say("These are made-up data."), language))
    if not found["records"]:
        return [*lines, text_in(say("Nothing was found."), language)]
    for record in found["records"][:MAX_RECORDS]:
        told = [(column, record.get(column["name"])) for column in found["columns"]]
        lines.append("; ".join(f"{column['title']}: {_shown(column, one)}" for column, one in told if one is not None))
    return lines


def _shown(column: Any, value: Any) -> str:
    if isinstance(value, bool):
        return tick(value)
    told = str(column.get("values", {}).get(value, value))
    return minute(told) if column["type"] == "moment" else told
