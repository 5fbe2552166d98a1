"""As lines: all answers, for whoever looks them through before they are handed in, and what a case has beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from questions.plan import MISSING, choices, escaped, in_order


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
