"""As lines: all answers, for whoever looks them through before they are handed in, what a case has beside it, and what
came of it: its number and how long it takes, or a register's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from banshi import text_in
from questions.plan import MISSING, choices, escaped, in_order
from questions.sentences import say

#: Records of a register that one reply shows.
MAX_RECORDS = 5


def answers_in(node: Mapping[str, Any], at: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Pointer, title and words of each answer, in the form's order."""
    for pointer, field, own in leaves_in(node, at, value):
        yield pointer, str(field.get("title", "")), _words(field, own)


def leaves_in(node: Mapping[str, Any], at: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Pointer, schema and value of each answer, in the form's order."""
    if "properties" in node and isinstance(value, Mapping):
        for name in in_order(node):
            if (own := value.get(name, MISSING)) is not MISSING:
                yield from leaves_in(node["properties"][name], f"{at}/{escaped(name)}", own)
    elif isinstance(value, list) and "properties" in node.get("items", {}):
        for number, one in enumerate(value):
            yield from leaves_in({"title": node.get("title", ""), **node["items"]}, f"{at}/{number}", one)
    else:
        yield at, node, value


def _words(node: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_words(node.get("items", {}), one) for one in value)
    if node.get("x-attachment"):
        return "📷"
    if isinstance(value, bool):
        return tick(value)
    return next((words for one, words in choices(node) if one == value), str(value))


def details_in(node: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[str]:
    """What of a case's `details` has a title in its guide's `case_details`, a line each; of a list, each entry."""
    for name, member in node.get("properties", {}).items():
        value = details.get(name)
        for one in value if isinstance(value, list) else [value]:
            if "title" in member and (told := _told(member, one)):
                yield f"{member['title']}: {told}"


def _told(node: Mapping[str, Any], value: Any) -> str:
    """One of them in words; "" for what isn't there."""
    if isinstance(value, Mapping):
        return "; ".join([*filter(None, [value.get("title")]), *details_in(node.get("items", node), value)])
    if value is not None and node.get("format") == "date-time":
        return minute(value)
    return "" if value is None else _words(node, value)


def minute(moment: str) -> str:
    """A moment of the API's, which is in the city's time, to the minute."""
    return f"{moment[:10]} {moment[11:16]}"


def tick(value: bool) -> str:
    """Yes or no, in any language."""
    return "✓" if value else "✗"


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
        lines.append("; ".join(f"{column['title']}: {_cell(column, one)}" for column, one in told if one is not None))
    return lines


def _cell(column: Any, value: Any) -> str:
    if isinstance(value, bool):
        return tick(value)
    told = str(column.get("values", {}).get(value, value))
    return minute(told) if column["type"] == "moment" else told
