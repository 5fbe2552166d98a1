"""Moments as requests say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from banshi import FieldProblem, InvalidFields
from hotline.sentences import say

#: Years of which a moment may be: of others not every zone can be reckoned.
FIRST_YEAR, LAST_YEAR = 2000, 9000


def moment(body: Mapping[str, Any], name: str) -> datetime:
    """The moment of that member. Raises InvalidFields for one without an offset, and one of no time of ours."""
    try:
        at = datetime.fromisoformat(body[name].upper())
        if at.tzinfo is not None and FIRST_YEAR <= at.year <= LAST_YEAR:
            return at.astimezone(UTC)
    except ValueError:
        pass
    raise InvalidFields([FieldProblem(f"/{name}", say("Say the moment with its offset from UTC."))])
