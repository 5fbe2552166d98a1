"""What every service's answers have in common: they may be anything, also a page of whoever stands in between."""

from __future__ import annotations

from typing import Any

import orjson


def document(body: bytes) -> dict[str, Any]:
    """The object that an answer is; an empty one where it is none."""
    try:
        return table(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def table(value: Any) -> dict[str, Any]:
    """A member that is an object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}
