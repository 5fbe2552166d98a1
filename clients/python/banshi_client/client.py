"""The way of every request: who asks, in which language, how often, and under which key."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from banshi_client.form.fields import choices_of, chosen_from, told_at
from banshi_client.problems import ProblemError, Unreachable

#: Gives an access token that has not ended, or None for nobody; it is told which one was just refused.
Token = Callable[[str | None], Awaitable[str | None]]

#: Seconds: what is waited after a first failure without a word of how long, and at most.
FIRST_S, MOST_S = 0.5, 15.0
#: Statuses of a server on the way, such as a proxy while the platform restarts.
ON_THE_WAY = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON document; None for an answer without one."""
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Client:
    """Calls the API with a session of the caller's own.

    `keys` holds the key of each intention until it is answered: a mapping that outlives the program lets a request be
    repeated that was on its way when it ended. `patience` is for how many seconds a request is tried again.
    """

    session: aiohttp.ClientSession
    url: str
    token: Token | None = None
    language: str = "en"
    keys: MutableMapping[str, str] = field(default_factory=dict)
    patience: float = 60.0
    #: Seconds by which the server's clock is ahead of this machine's.
    _ahead: float = 0.0

    def now(self) -> datetime:
        """Now, by the server's clock as its last answer told it."""
        return datetime.fromtimestamp(time.time() + self._ahead, UTC)

    async def get(self, path: str, **params: str) -> Any:
        """Read a document. Raises ProblemError and Unreachable."""
        return (await self.request("GET", path, params=params)).document

    async def send(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        intention: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a document; None for an answer without one. Raises ProblemError and Unreachable.

        `intention` is what is meant by a POST; without one, the same request is the same intention.
        """
        body = {} if document is None and method == "POST" else document
        more = {} if body is None else {"json": body}
        return (await self.request(method, path, intention=intention, given=headers, **more)).document

    async def rows(self, path: str, **params: str) -> AsyncIterator[Any]:
        """Every row of a list, page by page."""
        while True:
            page = await self.get(path, **params)
            for row in page["items"]:
                yield row
            if page["next"] is None:
                return
            params["cursor"] = page["next"]

    async def upload(self, content: bytes, name: str, *, item: str = "", field: str = "") -> Any:
        """Hand in a file; its `id` goes into the answers.

        With the code of an item and the pointer of its form's field, it is refused there before it is read.
        """
        params = {"item": item, "field": field} if item else {}

        def form() -> aiohttp.FormData:
            # A name is sent as it is, and not in percent signs.
            made = aiohttp.FormData(quote_fields=False)
            made.add_field("file", content, filename=name)
            return made

        intention = _named("file", [name, content, params])
        more: dict[str, Any] = {"form": form, "params": params}
        return (await self.request("POST", "/v1/attachments", intention=intention, **more)).document

    async def begin(self, item: Mapping[str, Any], envelope: Mapping[str, Any], *, intention: str = "") -> Any:
        """Begin something with its `answers` and whatever its kind takes beside them: `case`, `records` or `code`."""
        return await self.send("POST", item["links"]["begin"], envelope, intention=intention)

    async def prefill(self, item: Mapping[str, Any]) -> Any:
        """What of the person could be filled in, for them to see; None where the form asks for nothing of that."""
        link = item["links"].get("prefill")
        return None if link is None else await self.get(link)

    async def fill_in(self, item: Mapping[str, Any], consent: str, fields: Sequence[str] | None = None) -> Any:
        """The answers that the person agreed to, or those at some pointers: put them through `Form.asked`."""
        wish: dict[str, Any] = {"consent": consent} | ({} if fields is None else {"fields": list(fields)})
        return (await self.send("POST", item["links"]["prefill"], wish))["answers"]

    async def name_of(self, schema: Mapping[str, Any], value: Any) -> str:
        """What people read in place of an answer: the word of a choice, or the name in the list that the field chooses
        from; of a list's entry with the schema of its field. What is in no list any more stands for itself.
        """
        for choice in choices_of(schema):
            if choice.value == value:
                return choice.title
        listed = chosen_from(schema)
        if listed is not None:
            asked = {listed["search"]: str(value)} if "search" in listed else {}
            async for row in self.rows(listed["list"], **asked):
                if told_at(row, listed["value"]) == value:
                    return str(told_at(row, listed["title"]))
        return str(value)

    async def act(self, action: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> Any:
        """Take one of the `permitted_actions`, with what its `body` asks for."""
        return await self.send("POST", action["link"], given or {})

    async def request(
        self, method: str, path: str, *, intention: str = "", given: Mapping[str, str] | None = None, **more: Any
    ) -> Reply:
        """An answer below 400, however often it takes. Raises ProblemError and Unreachable."""
        if method != "POST":
            return await self._tried(method, path, given or {}, more)
        name = intention or _named(path, more.get("json"))
        key = self.keys.setdefault(name, str(uuid.uuid4()))
        try:
            reply = await self._tried(method, path, {**(given or {}), "Idempotency-Key": key}, more)
        except ProblemError as problem:
            if pause(problem) is None:
                self.keys.pop(name, None)
            raise
        self.keys.pop(name, None)
        return reply

    async def headers(self, refused: str | None = None) -> dict[str, str]:
        """Whose request it is, and in which language."""
        token = await self.token(refused) if self.token else None
        return {"Accept-Language": self.language} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def _tried(self, method: str, path: str, headers: Mapping[str, str], more: Mapping[str, Any]) -> Reply:
        until, tries, refused, anew = time.monotonic() + self.patience, 0, None, False
        while True:
            own = await self.headers(refused)
            reply = await self._asked(method, path, {**own, **headers}, more)
            if reply is not None and reply.status < 400:
                return reply
            problem = None if reply is None else _problem(reply)
            token = own.get("Authorization", "").removeprefix("Bearer ")
            refused = token if problem and problem.status == 401 and token and not anew else None
            if refused:
                anew = True
                continue
            wait, tries = pause(problem, tries), tries + 1
            if wait is None or time.monotonic() + wait > until:
                raise problem or Unreachable(f"{method} {path}: nobody answered.")
            await asyncio.sleep(wait)

    async def _asked(self, method: str, path: str, headers: dict[str, str], more: Mapping[str, Any]) -> Reply | None:
        """One try; None where nothing came back."""
        given = dict(more)
        if form := given.pop("form", None):
            # Sent anew, a form is made anew.
            given["data"] = form()
        try:
            async with self.session.request(method, self.url + path, headers=headers, **given) as answer:
                reply = Reply(answer.status, answer.headers, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        if date := reply.headers.get("Date"):
            self._ahead = parsedate_to_datetime(date).timestamp() - time.time()
        return reply


def pause(problem: ProblemError | None, tries: int = 0) -> float | None:
    """Seconds after which it is sent again; None where it is an answer. No problem: nobody answered."""
    spread = min(FIRST_S * 2.0**tries, MOST_S) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    if problem is None:
        return spread
    if problem.status in (429, 503) or problem.code == "still-running":
        after = problem.headers.get("Retry-After", "")
        return float(after) if after.isdecimal() else spread
    return spread if not problem.code and problem.status in ON_THE_WAY else None


def _problem(reply: Reply) -> ProblemError:
    own = reply.headers.get("Content-Type", "").startswith("application/problem+json")
    return ProblemError(reply.status, reply.document if own else {}, reply.headers)


def _named(path: str, what: Any) -> str:
    """A name for what is sent, where the program gives none: the same request is the same intention."""
    return f"{path} {hashlib.sha256(repr(what).encode()).hexdigest()}"
