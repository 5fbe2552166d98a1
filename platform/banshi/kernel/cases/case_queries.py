"""What plugins ask of all cases of an item: each as its handler sees it, and who has one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from banshi.kernel.cases.submission import submission_of
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.values import Item, Step, Submission
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

#: Cases that are read at once.
PAGE_ROWS = 200


def steps_of(platform: Platform, item: Item) -> Sequence[Step]:  # noqa: ARG001
    """The item's state table."""
    return item.steps  # type: ignore[no-any-return]


async def submissions(platform: Platform, item: str, state: str) -> AsyncIterator[Submission]:
    """All cases of an item that are in a state, the oldest first, read page by page."""
    async for rows in pages(Case.filter(item=item, state=state), "id", size=PAGE_ROWS):
        for case in rows:
            yield submission_of(platform, case)


async def count_people(platform: Platform, items: Sequence[str], states: Sequence[str]) -> int:
    """How many people have a case of one of these items in one of these states, not counting those without a name.

    Test cases are nobody's.
    """
    marks = platform.store.placeholders(len(items) + len(states))
    of_items, in_states = ", ".join(marks[: len(items)]), ", ".join(marks[len(items) :])
    sql = f"SELECT COUNT(DISTINCT person) AS people FROM banshi_case WHERE person <> '' AND mode <> '{TEST}' AND item IN ({of_items}) AND state IN ({in_states})"  # noqa: S608, E501
    rows = await platform.store.connection.execute_query_dict(sql, [*items, *states])
    return int(rows[0]["people"])


async def people_with_cases(
    platform: Platform, items: Sequence[str], states: Sequence[str], *, after: str = "", limit: int
) -> list[str]:
    """The next people behind `after` who have a case of one of these items in one of these states, in order.

    Test cases are nobody's.
    """
    real = Case.filter(item__in=items, state__in=states, person__gt=after).exclude(mode=TEST)
    found = real.using_db(platform.store.connection)
    return [str(one) for one in await found.order_by("person").limit(limit).distinct().values_list("person", flat=True)]
