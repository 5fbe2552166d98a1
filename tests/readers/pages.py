"""A list that is read page by page."""

from __future__ import annotations

from typing import Any

from banshi.testing import Person


async def pages(person: Person, path: str) -> list[dict[str, Any]]:
    """All of it; the path says how much a page has."""
    most = int(path.partition("limit=")[2].partition("&")[0])
    found, cursor = list[dict[str, Any]](), ""
    while cursor is not None:
        page = (await person.get(f"{path}&cursor={cursor}" if cursor else path)).ok()
        assert len(page["items"]) <= most
        found += page["items"]
        cursor = page["next"]
    return found
