"""The peer of writes: the leanest handler that one would write by hand with aiohttp and Tortoise.

It does what a submission does and nothing else: checks the token (remembered in a dict), parses with orjson, validates
with one compiled jsonschema-rs validator, and writes case, audit entry, outbox row and idempotency key in one
transaction, into the same tables with the same pragmas. The key goes first, so that a repeated request fails at once
and is answered from the table. There is no logging, no metrics, no catalogue, no error document, no breaker, nobody who
works on the case, and the item's data are constants.

Arguments: the folder for the database or the address of one, the folder with the development key, the form's file, and
the port, where several of it share one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import orjson
import uvloop
from aiohttp import web
from joserfc import jwt
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from banshi.builtin.identity.development import development_key
from banshi.builtin.identity.tokens import ALGORITHMS
from banshi.foundation.database.opening import open_store
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from benchmarks.peers.serving import serve
from benchmarks.shared.cities import SYNCED

ZONE = ZoneInfo("Asia/Shanghai")
ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXZ"
#: What is the same of every case, and of its entry.
CASE = {"item": "fast-pass", "item_version": 1, "kind": "application", "department": "permits", "unit": "desk"}
CASE |= {"state": "submitted", "clock_allowed": 3}
EVENT = {"version": 1, "action": "submit", "state_before": "", "state": "submitted", "actor": "citizen"}

ACTIONS = [{"action": "withdraw", "needs_reason": False, "leads_to": "withdrawn"}]


def person_by(key: Any) -> Callable[[web.Request], str]:
    """Whose token a request has; each is looked at once."""
    people: dict[str, str] = {}

    def person_of(request: web.Request) -> str:
        header = request.headers["Authorization"]
        if (person := people.get(header)) is None:
            token = jwt.decode(header.removeprefix("Bearer "), key, algorithms=ALGORITHMS)
            person = people[header] = token.claims["sub"]
        return person

    return person_of


def digest(whole: bytes) -> str:
    return hashlib.blake2b(whole, digest_size=32).hexdigest()


def submit_with(form: dict[str, Any], key: Any) -> Any:
    """The handler."""
    schema = {"type": "object", "required": ["answers"], "additionalProperties": False, "properties": {"answers": form}}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    person_of = person_by(key)

    async def submit(request: web.Request) -> web.Response:
        person = person_of(request)
        raw = await request.read()
        body = orjson.loads(raw)
        if not validator.is_valid(body):
            return web.Response(status=422)
        once = digest(f"{person}\0{request.headers['Idempotency-Key']}".encode())
        at, identity = datetime.now(UTC), uuid7()
        number = f"{at:%Y%m%d}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
        document = orjson.dumps(shown(identity, number, at, body["answers"]))
        key = {"id": once, "fingerprint": digest(raw), "created_at": at}
        key |= {"status": 201, "headers": {"Location": f"/v1/cases/{identity}"}, "body": document.decode()}
        case = {"id": identity, "number": number, "person": person, "answers": body["answers"]}
        try:
            await write(key, {**case, "created_at": at, "updated_at": at})
        except IntegrityError:
            row = await IdempotencyKey.get(id=once)
            if row.fingerprint != key["fingerprint"]:
                return web.Response(status=422)
            return web.Response(status=row.status, body=row.body.encode(), headers=row.headers)
        return web.Response(status=201, body=document, content_type="application/json", headers=key["headers"])

    return submit


async def write(key: dict[str, Any], case: dict[str, Any]) -> None:
    """The four rows, in one transaction."""
    async with in_transaction() as connection:
        await IdempotencyKey.create(**key, using_db=connection)
        await begin(connection, {**CASE, **case})


async def begin(connection: Any, case: dict[str, Any]) -> None:
    """A case with its entry and its promise."""
    identity, intake = case["id"], {"consumer": "intake", "topic": "submitted"}
    await Case.create(**case, using_db=connection)
    event = {"case_id": identity, "at": case["created_at"], "actor_id": case["person"]}
    await CaseEvent.create(**EVENT, **event, using_db=connection)
    promise = {"payload": {"case": str(identity)}, "dedup": f"intake:{identity}:1"}
    await OutboxRow.create(**intake, **promise, using_db=connection)


def shown(identity: Any, number: str, at: datetime, answers: dict[str, Any]) -> dict[str, Any]:
    """The answer, as the platform's is."""
    local = at.astimezone(ZONE).isoformat(timespec="milliseconds")
    return {
        "id": str(identity),
        "number": number,
        "item": {"code": "fast-pass", "title": "测速通行证"},
        "department": "permits",
        "state": "submitted",
        "reason": None,
        "deadline": {"working_days": 3, "running": False, "due_on": None, "provisional": False},
        "created_at": local,
        "updated_at": local,
        "links": {"self": f"/v1/cases/{identity}"},
        "answers": answers,
        "renews": None,
        "timeline": [{"at": local, "action": "submit", "state": "submitted", "by": "citizen", "reason": None}],
        "permitted_actions": ACTIONS,
        "attachments": [],
    }


async def answer(where: str, port: int, submit: Any) -> None:
    embedded = f"sqlite://{Path(where) / 'lean.sqlite3'}?{SYNCED}"
    async with open_store(where if "://" in where else embedded, {}):
        await serve(web.post("/v1/items/{code}/cases", submit), port=port)


if __name__ == "__main__":
    where, keys, form, *port = sys.argv[1:]
    submit = submit_with(json.loads(Path(form).read_text()), development_key(Path(keys)))
    uvloop.run(answer(where, int(*port), submit))
