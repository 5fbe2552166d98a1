"""For authors of plugins: a whole platform on a temporary database, and people who call it over real HTTP.

```python
from banshi.testing import open_door

async def test_a_good_application_is_accepted(tmp_path):
    async with open_door(tmp_path, {"parks": Path("plugins/parks")}) as door:
        wang = door.citizen("wang")
        case = (await wang.post("/v1/items/bench/cases", {"answers": {"park": "east"}})).created()
        await door.settled()
        assert (await wang.get(case["links"]["self"])).ok()["state"] == "accepted"
```
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from banshi.app import loaded, open_platform, serving
from banshi.builtin.identity.development import development_token
from banshi.forms.numbers import MADE_UP
from banshi.kernel.contract.versions import API_VERSION
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.settings import MAX_CREATED, Settings
from banshi.kernel.loading.typed_tables import typed
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.consumers import ENGINE
from banshi.kernel.outbox.failed import FAILURES, Failed, failure_in
from banshi.kernel.runtime.mistakes import shown_of
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.kernel.runtime.running import Platform

#: The smallest file that is accepted as a photo: a PNG's signature and the head of its first chunk.
TINY_PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(64)

#: As the default of `platform.database`, but the disk is not waited for.
UNSYNCED = "synchronous=OFF&wal_autocheckpoint=8000&busy_timeout=5000"

#: For `[platform]`: one person of a test does what a city does.
UNLIMITED = {"burst": MAX_CREATED, "day": MAX_CREATED}

#: Longest time that `Door.settled` waits, in seconds.
SETTLED_TIMEOUT_S = 30.0


def made_up_resident_id(number: int) -> str:
    """The ID number of the made-up person `number`, from 0: right in every form, and nobody's.

    Its people are born between 1950 and 2005, women and men, in a division of Sichuan that never was: by `MADE_UP`
    anybody can tell them. The first four million numbers are all different.
    """
    days = 56 * 365 + 14
    born = date(1950, 1, 1) + timedelta(days=number * 7919 % days)
    first = f"51{MADE_UP}{born:%Y%m%d}{(number // days + number) % 1000:03}"
    return first + "0123456789X"[(1 - 2 * int(first, 13)) % 11]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    def ok(self) -> Any:
        """The document of a 200; anything else fails the test with what was answered."""
        return self._expect(200)

    def created(self) -> Any:
        """The document of a 201."""
        return self._expect(201)

    def problem(self, status: int, code: str) -> Any:
        """The problem document, which has to be of that status and code."""
        document = self._expect(status)
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.headers  # noqa: S101
        assert document["code"] == code, document  # noqa: S101
        return document

    def _expect(self, status: int) -> Any:
        assert self.status == status, f"{self.status} instead of {status}: {self.body[:2000]!r}"  # noqa: S101
        return self.document


class Person:
    """Somebody who calls the API, with a token or without."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self._session = session
        self._url = url
        self.token = token

    async def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
        """Any request; `body` is what aiohttp's client takes: `json=`, `data=`, `params=`."""
        given = ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | dict(headers or {})
        async with self._session.request(method, self._url + path, headers=given, **body) as response:
            return Reply(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **rest: Any) -> Reply:
        return await self.call("GET", path, **rest)

    async def post(self, path: str, document: Any = None, *, key: str | None = None, **rest: Any) -> Reply:
        """POST `document` as JSON, with an Idempotency-Key if one is given."""
        if key is not None:
            rest["headers"] = {**rest.get("headers", {}), "Idempotency-Key": key}
        return await self.call("POST", path, json={} if document is None else document, **rest)

    async def put(self, path: str, document: Any, **rest: Any) -> Reply:
        return await self.call("PUT", path, json=document, **rest)

    async def delete(self, path: str, **rest: Any) -> Reply:
        return await self.call("DELETE", path, **rest)

    async def upload(self, content: bytes = TINY_PNG, name: str = "photo.png", key: str | None = None) -> Reply:
        """Hand in a file."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        return await self.call("POST", "/v1/attachments", data=form, headers={"Idempotency-Key": key} if key else {})


class PromiseFailed(AssertionError):
    """What was promised fails: plugin, item, method and what is wrong, and the traceback of the plugin's own code."""

    def __init__(self, failed: Failed) -> None:
        raised = failed.error if failed.error.__cause__ is None else failed.error.__cause__
        shown = shown_of(raised) if failure_in(raised) is None else ""
        super().__init__(f"{failed} (attempt {failed.attempt})\n{shown}".rstrip())


@dataclass(frozen=True, slots=True)
class Door:
    """A running platform and the people at its door."""

    platform: Platform
    url: str
    session: aiohttp.ClientSession
    #: By whose they are. Signed once an hour: a platform verifies a token once.
    _tokens: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.platform.get(FAILURES) is None:
            self.platform.put(FAILURES, [])

    @property
    def anyone(self) -> Person:
        """Somebody without a token."""
        return Person(self.session, self.url, None)

    def citizen(self, subject: str, name: str = "", resident_id: str = "") -> Person:
        """A citizen, with a number that the identity provider has verified where one is given."""
        return self._person(subject, name, [], resident_id)

    def staff(self, subject: str, *roles: str) -> Person:
        """A member of staff with roles such as "traffic:approver"."""
        return self._person(subject, "", list(roles))

    def officer(self, subject: str, department: str) -> Person:
        """Somebody in the street who scans passes."""
        return self._person(subject, "", [f"{department}:officer"])

    def bearing(self, token: str) -> Person:
        """Somebody with a token of your own making."""
        return Person(self.session, self.url, token)

    async def settled(self, *, failures: int = 1) -> None:
        """Wait until everything that was promised has been done: no outbox row is due.

        What fails is tried again at once, and not after a pause. Raises PromiseFailed for the first that fails more
        than `failures` times, is parked, or waits for somebody who is away for longer than this does; TimeoutError
        where something is still due after 30 seconds.
        """
        deadline = time.monotonic() + SETTLED_TIMEOUT_S
        noted = self.platform[FAILURES]
        # However often they failed before: whatever was wrong may have been mended since.
        counted = Counter({one.row for one in noted if not one.parked})
        noted[:] = [one for one in noted if one.parked]
        await self._try_again(counted)
        while time.monotonic() < deadline:
            waiting = await outbox.counts(self.platform.store)
            if any(state == "parked" for _, state in waiting):
                # The engine notes it in the moment after it is written.
                await asyncio.sleep(0.01)
            failed, noted[:] = [*noted], []
            for one in failed:
                counted[one.row] += not one.wait
                if one.parked or counted[one.row] > failures or time.monotonic() + one.wait > deadline:
                    raise PromiseFailed(one) from one.error
            await self._try_again({one.row for one in failed if not one.wait})
            if not any(state == "due" for _, state in waiting):
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"still waiting after {SETTLED_TIMEOUT_S} s: {waiting}")

    async def _try_again(self, rows: Collection[str]) -> None:
        """Let rows of the outbox be due now that wait for another try."""
        if not rows:
            return
        marks = ", ".join(self.platform.store.placeholders(len(rows)))
        sql = f"UPDATE banshi_outbox SET not_before = 0 WHERE id IN ({marks}) AND state = 'due'"  # noqa: S608
        await self.platform.store.connection.execute_query(sql, list(rows))
        for consumer in self.platform[ENGINE].consumers:
            consumer.wake.set()

    def _person(self, subject: str, name: str, roles: list[str], resident_id: str = "") -> Person:
        settings = self.platform.settings
        whose = (subject, name, tuple(roles), resident_id, int(time.time()) // 3600)
        if whose not in self._tokens:
            self._tokens[whose] = development_token(settings, subject, name=name, roles=roles, resident_id=resident_id)
        return Person(self.session, self.url, self._tokens[whose])


def database_in(data: Path) -> str:
    """The database of a door that names none; what a test leaves behind needs to survive no power cut."""
    return f"sqlite://{data / 'banshi.sqlite3'}?{UNSYNCED}"


@asynccontextmanager
async def open_door(
    folder: Path,
    plugins: Mapping[str, Path | str],
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    platform: Mapping[str, Any] | None = None,
    duty: ProcessRole = EVERYTHING,
    isolated: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[Door]:
    """A platform with `plugins` (name → folder, or name → import package), serving on a port of its own.

    `folder` takes its files and its database, which does not wait for the disk; `settings` are the plugins' own by
    name, `platform` is `[platform]`, `duty` what this process does of a deployment's work. The plugins in `isolated`
    run in processes of their own: name → the entry's `grant` and `limits`, such as `{"parks": {}}`. What one person may
    create is not limited, unless `platform` has `rates`.
    Raises ConfigurationError with every finding, as the real start does.
    """
    given, apart = settings or {}, isolated or {}
    entries = {}
    for name, place in plugins.items():
        where = {"path": place.resolve()} if isinstance(place, Path) else {"package": place}
        own = {"isolation": "process", **apart[name]} if name in apart else {}
        entry = typed(Entry, {"api": API_VERSION, **where, **own}, where=f"plugins.{name}")
        entries[name] = replace(entry, settings=given.get(name, {}))
    table = {"data": folder / "data", "rates": UNLIMITED, **(platform or {})}
    table.setdefault("database", database_in(Path(table["data"])))
    configuration = Configuration(folder / "plugins.toml", typed(Settings, table, where="platform"), entries)
    async with (
        open_platform(loaded(configuration), duty) as running,
        serving(running, "127.0.0.1", 0) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Door(running, url, session)
