"""All answers as lines, for whoever looks them through before they are handed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from questions.plan import MISSING, choices, escaped, in_order


def answers_in(node: Mapping[str, Any], at: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Pointer, title and words of each answer, in the form's order."""
    if "properties" in node and isinstance(value, Mapping):
        for name in in_order(node):
            if (own := value.get(name, MISSING)) is not MISSING:
                yield from answers_in(node["properties"][name], f"{at}/{escaped(name)}", own)
    elif isinstance(value, list) and "properties" in node.get("items", {}):
        for number, one in enumerate(value):
            yield from answers_in({"title": node.get("title", ""), **node["items"]}, f"{at}/{number}", one)
    else:
        yield at, str(node.get("title", "")), _words(node, value)


def _words(node: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_words(node.get("items", {}), one) for one in value)
    if node.get("x-attachment"):
        return "📷"
    if isinstance(value, bool):
        return tick(value)
    return next((words for one, words in choices(node) if one == value), str(value))


def tick(value: bool) -> str:
    """Yes or no, in any language."""
    return "✓" if value else "✗"
