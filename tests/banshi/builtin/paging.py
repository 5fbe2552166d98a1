"""A list that is read page by page, as a client does."""

from __future__ import annotations

from typing import Any

from banshi.testing import Person


async def pages_of(person: Person, path: str, **query: str) -> list[list[dict[str, Any]]]:
    """The rows of each page, to the last one."""
    pages, cursor = [], dict[str, str]()
    while True:
        page = (await person.get(path, params={**query, **cursor})).ok()
        pages.append(page["items"])
        if page["next"] is None:
            return pages
        cursor = {"cursor": page["next"]}


async def rows_of(person: Person, path: str, **query: str) -> list[dict[str, Any]]:
    """All rows of its pages."""
    return [row for page in await pages_of(person, path, **query) for row in page]
