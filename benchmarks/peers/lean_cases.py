"""The peer of whoever reads their own cases: the leanest handlers that one would write by hand with aiohttp and SQL.

They ask what the platform asks, and write what it writes for a withdrawal: the same columns of the same rows of the
same tables, on the same driver, and whatever can be asked together in one turn of it. The token is remembered in a
dict. There is no logging, no metrics, no ETag, no state table, no catalogue, no second language, no check of a body, no
record of staff's readings: titles are constants, and what an item allows is one action.

Arguments: the database's address, and the folder with the development key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiohttp import web
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi.builtin.identity.development import development_key
from banshi.foundation.database.opening import open_store
from benchmarks.peers.lean import ZONE, digest, person_by
from benchmarks.peers.serving import serve

PAGE = 20

SUMMARY = (
    "id, number, item, item_version, kind, department, unit, state, mode, reason, created_at, updated_at, "
    "clock_allowed, clock_unit, clock_used, clock_since, due_on, due_provisional, urgency"
)
CASE = f"SELECT {SUMMARY}, person, person_name, answers, version, renews, content FROM banshi_case WHERE id = $1"
EVENTS = "SELECT version, at, action, state, actor, reason, details FROM banshi_case_event WHERE case_id = $1"
PASSES = "SELECT phone FROM banshi_pass WHERE case_id = $1 ORDER BY number DESC LIMIT 1"
FILES = (
    "SELECT id, name, media_type, size, sha256, created_at, state, document, origin FROM banshi_attachment "
    "WHERE case_id = $1 ORDER BY id"
)
OWN = f"SELECT {SUMMARY} FROM banshi_case WHERE person = $1 ORDER BY id DESC LIMIT $2"
WORK = (
    f"SELECT {SUMMARY} FROM banshi_case WHERE department = 'permits' AND state IN ('submitted', 'accepted') "
    "AND item = 'fast-pass' AND person <> $1 ORDER BY urgency, id LIMIT $2"
)
STANDING = (
    "SELECT person, '' AS topic, division, latitude, longitude, 0 AS top, 0 AS changes FROM push_device "
    "WHERE person = $1 AND (division <> '' OR latitude IS NOT NULL) "
    "UNION ALL SELECT person, topic, '', NULL, NULL, 0, 0 FROM push_follow WHERE person = $1 "
    "UNION ALL SELECT person, '', '', NULL, NULL, top, changes FROM push_inbox_counter WHERE person = $1"
)
INBOX = (
    "SELECT id, seq, kind, mode, case_id, item, number, state, category, severity, title, body, link, created_at, "
    "read_at, archived_at, deleted_at FROM push_inbox_message WHERE person = $1 AND seq > $2 ORDER BY seq LIMIT $3"
)
MOVED = "UPDATE banshi_case SET state = $1, version = $2, updated_at = $3 WHERE id = $4 AND version = $5 RETURNING id"
EVENT = (
    "INSERT INTO banshi_case_event (id, case_id, version, at, action, state_before, state, actor, actor_id) "
    "VALUES ($1, $2, $3, $4, 'withdraw', $5, 'withdrawn', 'citizen', $6)"
)
ONCE = "INSERT INTO banshi_idempotency_key (id, fingerprint, status, headers, body, created_at, person) "
ONCE += "VALUES ($1, $2, 200, '{}', $3, $4, $5)"
STORED = "SELECT fingerprint, body FROM banshi_idempotency_key WHERE id = $1"

Rows = Sequence[Any]


class Office:
    """The handlers."""

    def __init__(self, key: Any) -> None:
        self.person = person_by(key)
        self._connection: Any = get_connection("default")
        self._spelled: Callable[[str], str] = str
        if self._connection.capabilities.dialect == "sqlite":
            self._spelled = lambda sql: sql.replace("$", "?")

    async def asked(self, *statements: tuple[Any, ...]) -> Sequence[Rows]:
        """The rows of each, on one connection, which on SQLite is one turn of the driver's thread."""
        found: Sequence[Rows] = await self._connection.together([(self._spelled(sql), own) for sql, *own in statements])
        return found

    async def show(self, request: web.Request) -> web.Response:
        person, identity = self.person(request), request.match_info["id"]
        all_four = (CASE, identity), (EVENTS, identity), (PASSES, identity), (FILES, identity)
        found, events, passes, files = await self.asked(*all_four)
        if not found or found[0]["person"] != person:
            return web.Response(status=404)
        case = found[0]
        document = summary(case) | {
            "applicant": None,
            "answers": read(case["answers"]),
            "renews": case["renews"] and str(case["renews"]),
            "timeline": [step(one) for one in sorted(events, key=lambda one: one["version"])],
            "permitted_actions": [{"action": "withdraw", "title": "撤回申请", "needs_reason": False}],
            "attachments": [
                {**dict(one), "id": str(one["id"]), "created_at": moment(one["created_at"])} for one in files
            ],
        }
        if passes:
            document["links"]["pass"] = f"/v1/cases/{identity}/pass.svg"
        return answered(document)

    async def cases(self, request: web.Request) -> web.Response:
        return page(*await self.asked((OWN, self.person(request), PAGE + 1)))

    async def worklist(self, request: web.Request) -> web.Response:
        return page(*await self.asked((WORK, self.person(request), PAGE + 1)))

    async def inbox(self, request: web.Request) -> web.Response:
        person = self.person(request)
        standing, found = await self.asked((STANDING, person), (INBOX, person, 0, 50))
        changes = max((one["changes"] for one in standing), default=0)
        items = [message(one) for one in found if not one["deleted_at"]]
        place = f"{found[-1]['seq'] if found else 0}.0.{changes}"
        return answered({"items": items, "changes": [], "cursor": place, "next": None if len(found) < 50 else place})

    async def act(self, request: web.Request) -> web.Response:
        person, identity = self.person(request), request.match_info["id"]
        raw = await request.read()
        orjson.loads(raw)
        once = digest(f"{person}\0{request.headers['Idempotency-Key']}".encode())
        fingerprint = digest(request.path.encode() + b"\0" + raw)
        stored, found = await self.asked((STORED, once), (CASE, identity))
        if stored:
            mine = stored[0]["fingerprint"] == fingerprint
            return web.Response(status=200 if mine else 422, body=stored[0]["body"].encode())
        if not found or found[0]["person"] != person:
            return web.Response(status=404)
        case, at = found[0], datetime.now(UTC)
        if case["state"] not in {"submitted", "accepted"}:
            return web.Response(status=409)
        document = orjson.dumps(summary({**dict(case), "state": "withdrawn", "updated_at": at}))
        version, key = case["version"] + 1, str(uuid7())
        moved = await self.written(
            (MOVED, ["withdrawn", version, at, identity, version - 1]),
            (EVENT, [key, identity, version, at, case["state"], person]),
            (ONCE, [once, fingerprint, document.decode(), at, person]),
        )
        return web.Response(status=200 if moved else 409, body=document, content_type="application/json")

    async def written(self, *statements: tuple[str, list[Any]]) -> bool:
        """Carry them out in one transaction; whether the first has found its row."""
        if self._connection.capabilities.dialect == "sqlite":
            # In one turn of the driver's thread: each costs more than a statement.
            found = await self._connection.at_once([(self._spelled(sql), values) for sql, values in statements])
            return bool(found[0])
        async with in_transaction() as connection:
            found = [await connection.execute_query_dict(sql, values) for sql, values in statements]
        return bool(found[0])


def summary(case: Any) -> dict[str, Any]:
    """A case as the platform's lists have it."""
    identity = str(case["id"])
    return {
        "id": identity,
        "number": case["number"],
        "item": {"code": case["item"], "title": "测速通行证"},
        "kind": case["kind"],
        "kind_title": "申请",
        "department": case["department"],
        "department_title": "测速科",
        "unit": case["unit"],
        "unit_title": "窗口",
        "state": case["state"],
        "state_title": "已受理",
        "mode": case["mode"],
        "reason": read(case["reason"]),
        "deadline": {
            "working_days": case["clock_allowed"],
            "days": case["clock_allowed"],
            "unit": case["clock_unit"],
            "running": case["clock_since"] is not None,
            "due_on": day(case["due_on"]),
            "provisional": bool(case["due_provisional"]),
        },
        "created_at": moment(case["created_at"]),
        "updated_at": moment(case["updated_at"]),
        "links": {"self": f"/v1/cases/{identity}"},
    }


def step(event: Any) -> dict[str, Any]:
    return {
        "at": moment(event["at"]),
        "action": event["action"],
        "action_title": "提交",
        "state": event["state"],
        "state_title": "已提交",
        "by": event["actor"],
        "by_title": "本人",
        "reason": read(event["reason"]),
    }


def message(row: Any) -> dict[str, Any]:
    return {
        "cursor": f"{row['seq']}.0.0",
        "seq": row["seq"],
        "id": str(row["id"]),
        "kind": row["kind"],
        "mode": row["mode"],
        "case": row["case_id"] and str(row["case_id"]),
        "item": row["item"] or None,
        "number": row["number"] or None,
        "state": row["state"] or None,
        "category": row["category"] or None,
        "severity": row["severity"] or None,
        "title": read(row["title"])["zh-CN"],
        "body": read(row["body"])["zh-CN"],
        "link": row["link"],
        "created_at": moment(row["created_at"]),
        "read_at": row["read_at"] and moment(row["read_at"]),
        "archived_at": row["archived_at"] and moment(row["archived_at"]),
    }


def page(rows: Rows) -> web.Response:
    shown = [summary(one) for one in rows[:PAGE]]
    return answered({"items": shown, "next": shown[-1]["id"] if len(rows) > PAGE else None})


def answered(document: Any) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")


def read(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def moment(value: Any) -> str:
    whole = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(whole.astimezone(ZONE).isoformat(timespec="milliseconds"))


def day(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


async def answer(url: str, keys: str) -> None:
    async with open_store(url, {}):
        office = Office(development_key(Path(keys)))
        await serve(
            web.get("/v1/cases", office.cases),
            web.get("/v1/cases/{id}", office.show),
            web.get("/v1/inbox", office.inbox),
            web.get("/v1/worklist", office.worklist),
            web.post("/v1/cases/{id}/actions/withdraw", office.act),
        )


if __name__ == "__main__":
    uvloop.run(answer(*sys.argv[1:]))
