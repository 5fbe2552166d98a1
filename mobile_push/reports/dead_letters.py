"""Dead letters: what a provider refused again and again or for good, until an operator retries it or gives it up.

There are two sorts: a delivery is one message to one phone, a chunk is a broadcast to those of its phones that were
refused with the same word. Neither shows a person, a token or a text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from banshi import Platform
from banshi.sdk.documents import ID, MOMENT, TEXT, Record
from mobile_push.tables.marks import Marks
from mobile_push.ways import SECOND

#: `delivery-12`, `chunk-7`.
PATTERN = "^(chunk|delivery)-[1-9][0-9]{0,17}$"

#: Sorts in the order of a list, and their tables.
SORTS = {"chunk": "push_chunk", "delivery": "push_delivery"}

#: What can be done with one, and what it is afterwards.
ACTIONS = {"retry": "due", "drop": "dropped"}

#: What is read of each sort.
COLUMNS = {
    # A parked chunk was due from the moment on in which it was parked.
    "chunk": """
        SELECT c.id AS number, c.broadcast_id AS message, REPLACE(b.kind, '-withdrawn', '') AS kind, b.department,
        c.provider, c.code, c.size AS phones, c.not_before AS since, c.expires, {clock} AS now, c.state,
        CASE WHEN b.kind LIKE '%-withdrawn' THEN 'published' ELSE b.state END AS broadcast
        FROM push_chunk c JOIN push_broadcast b ON b.id = c.broadcast_id
    """,
    "delivery": """
        SELECT c.id AS number, c.message_id AS message, m.kind, b.department, c.provider, c.code, 1 AS phones,
        COALESCE(c.settled_at, 0) AS since, c.expires, {clock} AS now, c.state, b.state AS broadcast
        FROM push_delivery c JOIN push_inbox_message m ON m.id = c.message_id
        LEFT JOIN push_broadcast b ON b.id = m.broadcast_id
    """,
}

LETTER_ID: dict[str, Any] = {"type": "string", "pattern": PATTERN}
LETTER = Record(
    id=LETTER_ID,
    message={**ID, "description": "Of the notice, the alert or the inbox message."},
    kind={"type": "string", "enum": ["case", "notice", "alert"]},
    department={"type": ["string", "null"], "description": "Of a notice or an alert."},
    provider=TEXT,
    code={"type": "string", "description": "The provider's own word, or ours in lower case."},
    phones={"type": "integer", "minimum": 0},
    since=MOMENT,
    expires_at=MOMENT,
    retryable={"type": "boolean", "description": "Its message is neither over nor taken back."},
)


class Letter(NamedTuple):
    """One dead letter."""

    sort: str
    number: int
    #: Of the broadcast, or of the inbox message.
    message: str
    kind: str
    #: Of a broadcast; None for a message to one person.
    department: str | None
    provider: str
    #: The provider's own word.
    code: str
    phones: int
    #: Milliseconds of the database's clock: since when it lies here, when its message ends, and that clock.
    since: int
    expires: int
    now: int
    state: str
    #: Of the broadcast that it belongs to, if any.
    broadcast: str | None

    @property
    def id(self) -> str:
        return f"{self.sort}-{self.number}"

    @property
    def over(self) -> str | None:
        """Why it can't be sent any more, or None."""
        if self.broadcast not in (None, "published"):
            return f"its broadcast is {self.broadcast}"
        return "it has expired" if self.expires <= self.now else None

    def document(self, platform: Platform) -> dict[str, Any]:
        def at(milliseconds: int) -> str | None:
            return platform.moment(datetime.fromtimestamp(milliseconds / 1000, UTC))

        return LETTER.of(
            platform,
            self,
            provider=self.provider.removesuffix(SECOND),
            since=at(self.since),
            expires_at=at(self.expires),
            retryable=self.over is None,
        )


async def providers_of(platform: Platform, table: str) -> list[str]:
    """The providers in a table, by as many steps through its index as there are: it may have millions of rows."""
    sql = (
        f"WITH RECURSIVE p(provider) AS (SELECT MIN(provider) FROM {table} UNION ALL "  # noqa: S608
        f"SELECT (SELECT MIN(provider) FROM {table} WHERE provider > p.provider) FROM p WHERE p.provider IS NOT NULL) "
        "SELECT provider FROM p WHERE provider IS NOT NULL"
    )
    _, rows = await platform.store.connection.execute_query(sql)
    return [row[0] for row in rows]


async def page(platform: Platform, after: tuple[str, int], limit: int) -> list[Letter]:
    """Up to `limit` of them behind a sort and a number: chunks first, as each is many phones, and the oldest first."""
    letters: list[Letter] = []
    for sort, table in SORTS.items():
        if sort < after[0]:
            continue
        behind = after[1] if sort == after[0] else 0
        providers = await providers_of(platform, table)
        if not providers or len(letters) == limit:
            continue
        mark = Marks(platform.store)
        which = (
            f"c.provider IN ({mark.each(providers)}) AND c.state = 'parked' AND c.id > {mark(behind)} "
            f"ORDER BY c.id LIMIT {mark(limit - len(letters))}"
        )
        letters += await _letters(platform, sort, which, mark)
    return letters


def place(identity: str) -> tuple[str, int]:
    """The sort and the number of an id. Raises ValueError for what is none."""
    if not re.fullmatch(PATTERN, identity):
        raise ValueError(identity)
    sort, _, number = identity.partition("-")
    return sort, int(number)


async def find(platform: Platform, identity: str) -> Letter | None:
    """The dead letter of that id, or what was one; None where there is nothing of that id."""
    sort, number = place(identity)
    mark = Marks(platform.store)
    found = await _letters(platform, sort, f"c.id = {mark(number)}", mark)
    return found[0] if found else None


async def move(platform: Platform, letter: Letter, action: str) -> bool:
    """Retry or drop it; False where somebody else was first, or its message is over by now."""
    mark = Marks(platform.store)
    changes = "state = 'dropped'"
    guard = ""
    if action == "retry":
        # As if for the first time, under a number that no earlier claim has: what one of those may still write down
        # (that it was refused, that it was given back) is nothing of this sending's.
        changes = "state = 'due', not_before = 0, lease_until = 0, tries = 0, attempts = attempts + 1"
        guard = f"AND expires > {platform.store.clock} "
        if letter.sort == "delivery":
            changes += ", settled_at = NULL"
            guard += (
                "AND NOT EXISTS (SELECT 1 FROM push_inbox_message m JOIN push_broadcast b ON b.id = m.broadcast_id "
                "WHERE m.id = message_id AND b.state <> 'published') "
            )
    which = f"id = {mark(letter.number)} AND state = 'parked' {guard}"
    return bool(await mark.change(f"UPDATE {SORTS[letter.sort]} SET {changes} WHERE {which}"))  # noqa: S608


async def _letters(platform: Platform, sort: str, which: str, mark: Marks) -> list[Letter]:
    rows = await mark.rows(f"{COLUMNS[sort].format(clock=platform.store.clock)} WHERE {which}")
    return [Letter(sort=sort, **{**row, "message": str(row["message"])}) for row in rows]
