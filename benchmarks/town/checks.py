"""What has to be true after the faults, read from the database and from what the phones got."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from banshi.kinds.application.steps import TABLE
from benchmarks.shared.databases import asked
from benchmarks.town.story import Memory

#: (state, action) of the steps that tell the citizen something.
TELLING = {(step.state, step.action) for step in TABLE if step.tells}

#: Actions after which the department's automatic check runs.
CHECKED = {"submit", "supplement"}


class Database:
    """The platform's database, only read: a SQLite file or PostgreSQL, by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.embedded = url.startswith("sqlite")

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        if self.embedded:
            file = self.url.removeprefix("sqlite://").partition("?")[0]
            connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(sql)]
            finally:
                connection.close()
        rows = asked(self.url, sql)
        return [{name: str(one) if isinstance(one, UUID) else one for name, one in row.items()} for row in rows]

    def states(self, table: str, where: str = "") -> Counter[str]:
        """How many rows of a table are in each state."""
        found = self.rows(f"SELECT state, COUNT(*) AS n FROM {table} {where} GROUP BY state")
        return Counter({row["state"]: row["n"] for row in found})

    def waiting(self) -> int:
        """Promises that are not yet kept: outbox rows, broadcasts and deliveries."""
        tables = ("banshi_outbox", "push_fan_out", "push_chunk", "push_delivery")
        parts = [f"SELECT COUNT(*) AS n FROM {table} WHERE state = 'due'" for table in tables]
        return sum(row["n"] for row in self.rows(" UNION ALL ".join(parts)))

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


def cases(database: Database, memory: Memory) -> Iterator[str]:
    """Every acknowledged case and action is there, once; a case's events are an unbroken chain."""
    found = {row["id"]: row for row in database.rows("SELECT * FROM banshi_case")}
    events: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in database.rows("SELECT * FROM banshi_case_event ORDER BY case_id, version"):
        events[row["case_id"]].append(row)
    for case in memory.state.keys() - found.keys():
        yield f"the acknowledged case {case} is lost"
    for case in found.keys() - memory.state.keys():
        yield f"case {case} exists, and its key was answered with another one or not at all"
    for case, row in found.items():
        chain = events[case]
        if [one["version"] for one in chain] != list(range(1, row["version"] + 1)):
            yield f"case {case} is at version {row['version']} and has events {[one['version'] for one in chain]}"
        elif row["state"] != chain[-1]["state"]:
            yield f"case {case} is {row['state']}, its last event says {chain[-1]['state']}"
        for before, after in pairwise(chain):
            if after["state_before"] != before["state"]:
                yield f"case {case}: event {after['version']} begins in {after['state_before']}"
        if case in memory.state:
            done = [one["action"] for one in chain if one["actor"] != "system"][1:]
            if done != memory.actions[case]:
                yield f"case {case}: acknowledged {memory.actions[case]}, recorded {done}"
            if row["state"] != memory.state[case]:
                yield f"case {case}: {memory.state[case]} was acknowledged, it is {row['state']}"


def promises(database: Database) -> Iterator[str]:
    """Each change that tells has its outbox row and the other way round, and every promise is kept."""
    wanted = set()
    for row in database.rows("SELECT * FROM banshi_case_event"):
        # Every step is told to whoever listens.
        wanted.add(f"webhooks:{row['case_id']}:{row['version']}")
        if (row["state_before"], row["action"]) in TELLING:
            wanted.add(f"mobile_push:{row['case_id']}:{row['version']}")
        if row["action"] in CHECKED:
            wanted.add(f"intake:{row['case_id']}:{row['version']}")
    outbox = database.rows("SELECT dedup, state, last_error FROM banshi_outbox")
    there = Counter(row["dedup"] for row in outbox)
    for dedup in wanted - there.keys():
        yield f"a change without its outbox row: {dedup}"
    for dedup in there.keys() - wanted:
        yield f"an outbox row without its change: {dedup}"
    for row in outbox:
        if row["state"] != "done":
            yield f"outbox row {row['dedup']} is {row['state']}: {row['last_error']}"


def inboxes(database: Database) -> Iterator[str]:
    """Each promised message is in its person's inbox once, under numbers without gaps."""
    promised = Counter[tuple[str, str]]()
    for row in database.rows("SELECT payload FROM banshi_outbox WHERE topic = 'message'"):
        message = json.loads(row["payload"])
        promised[message["person"], message["id"]] += 1
    numbers: dict[str, list[int]] = defaultdict(list)
    there = Counter[tuple[str, str]]()
    for row in database.rows("SELECT person, seq, id FROM push_inbox_message ORDER BY person, seq"):
        numbers[row["person"]].append(row["seq"])
        there[row["person"], row["id"]] += 1
    for person, seqs in numbers.items():
        if seqs != list(range(1, len(seqs) + 1)):
            yield f"the inbox of {person} has the numbers {seqs}"
    for person, message in promised - there:
        yield f"message {message} is not in the inbox of {person}"
    for person, message in there - promised:
        yield f"message {message} is in the inbox of {person} and was never promised"


def pushes(database: Database, memory: Memory, received: Counter[tuple[str, str]]) -> Iterator[str]:
    """Each message reached its person's phone at least once, and no other phone."""
    expected = set()
    for row in database.rows("SELECT person, id FROM push_inbox_message"):
        expected.add((memory.phones[row["person"]], row["id"]))
    for token, message in expected - received.keys():
        yield f"message {message} never reached {token}"
    for token, message in received.keys() - expected:
        yield f"message {message} reached {token}, whose it is not"
    for row in database.rows("SELECT state, code, COUNT(*) AS n FROM push_delivery GROUP BY state, code"):
        if row["state"] != "sent":
            yield f"{row['n']} deliveries are {row['state']} ({row['code']})"
    if database.count("push_device") != len(memory.phones):
        yield "a phone is registered twice, or lost"


def passes(database: Database) -> Iterator[str]:
    """Each approval made one pass, under a number of its own; a revoked case has none that is valid."""
    approvals = Counter(
        row["case_id"] for row in database.rows("SELECT case_id FROM banshi_case_event WHERE action = 'approve'")
    )
    rows = database.rows("SELECT p.*, c.state FROM banshi_pass p JOIN banshi_case c ON c.id = p.case_id")
    if Counter(row["case_id"] for row in rows) != approvals:
        yield f"{sum(approvals.values())} approvals made {len(rows)} passes"
    for number, times in Counter(row["number"] for row in rows).items():
        if times > 1:
            yield f"{times} passes have the number {number}"
    for row in rows:
        if (row["state"] == "revoked") != (row["revoked_at"] is not None):
            yield f"pass {row['number']} of a case that is {row['state']}: revoked at {row['revoked_at']}"


def files(database: Database, memory: Memory, folder: Path) -> Iterator[str]:
    """Each acknowledged file is there byte by byte and belongs to a case; nothing is half-written."""
    rows = {row["id"]: row for row in database.rows("SELECT * FROM banshi_attachment")}
    for identity, content in memory.uploads.items():
        if identity not in rows:
            yield f"the acknowledged file {identity} is not in the database"
        elif not (folder / identity).is_file() or (folder / identity).read_bytes() != content:
            yield f"the acknowledged file {identity} is not on the disk as it was sent"
        elif hashlib.sha256(content).hexdigest() != rows[identity]["sha256"]:
            yield f"the file {identity} has another hash in the database"
    for row in rows.values():
        if row["id"] not in memory.uploads:
            yield f"the file {row['id']} was stored under no acknowledged key"
    for part in folder.glob("*.part"):
        yield f"{part.name} is half-written"


def keys(database: Database, memory: Memory) -> Iterator[str]:
    """Each key that was answered is remembered, and no other."""
    count = database.count("banshi_idempotency_key")
    if count != len(memory.keys):
        yield f"{len(memory.keys)} keys were answered, {count} are remembered"


def soundness(database: Database) -> Iterator[str]:
    """SQLite's own checks of its file; PostgreSQL needs none beside it."""
    if not database.embedded:
        return
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in database.rows(f"PRAGMA {pragma}"):
            if (said := tuple(row.values())) != ("ok",):
                yield f"PRAGMA {pragma}: {said}"


def all_findings(
    database: Database, memory: Memory, received: Counter[tuple[str, str]], folder: Path
) -> dict[str, list[str]]:
    """By promise, what breaks it."""
    checks: dict[str, Iterable[str]] = {
        "acknowledged answers": memory.wrong,
        "cases and events": cases(database, memory),
        "outbox": promises(database),
        "inboxes": inboxes(database),
        "pushes": pushes(database, memory, received),
        "passes": passes(database),
        "files": files(database, memory, folder),
        "idempotency keys": keys(database, memory),
        "the database file": soundness(database),
    }
    return {promise: list(found) for promise, found in checks.items()}


def figures(database: Database, folder: Path) -> dict[str, Any]:
    """Counts for the scoreboard."""
    tables = {"cases": "banshi_case", "events": "banshi_case_event", "messages": "push_inbox_message"}
    counts = {name: database.count(table) for name, table in tables.items()}
    known = {row["id"] for row in database.rows("SELECT id FROM banshi_attachment")}
    # Killed between the last byte and the row: nobody was told of it, and it takes up a little room.
    counts["files without a row"] = sum(1 for file in folder.iterdir() if file.name not in known)
    return counts
