"""JPush's calls: pushes to many phones or one each, ids against repeats, devices, and how many were reached.

`PUT /sandbox/faults` sets every switch of `JPushBehaviour`; `POST /sandbox/opened` with `{"token": "…"}` is somebody
who opens the newest; `POST /sandbox/forged` sends its body as a stranger does; `GET /sandbox/deliveries` shows what the
app's server was sent, and `POST /sandbox/repeats` sends what waits by `late_repeats`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import uuid4

import orjson
from aiohttp import web

from mobile_push.sandbox import server
from mobile_push.sandbox.answers import JSON, Answer
from mobile_push.sandbox.behaviour import Switches
from mobile_push.sandbox.jpush.codes import CODES, PushRefused, check, phones_of, read
from mobile_push.sandbox.jpush.receipts import (
    APP_KEY,
    CLICKED,
    DELIVERED,
    MASTER_SECRET,
    MAX_RECEIPTS,
    Batch,
    Receipts,
    basic,
)
from mobile_push.sandbox.server import Heard, PushSandbox, Shown, response
from sandboxes.faults import Count
from sandboxes.sandbox import Asked, Call, Control

#: Ids against repeats that are remembered, and for how many seconds; those in one call; and pushes in one.
MAX_CIDS_KEPT, CID_S, MAX_CIDS, MAX_PUSHES = 100_000, 86_400, 1000, 1000
#: Seconds of the window in which calls are counted; and where a quota's day turns.
WINDOW_S, DAY = 60, timezone(timedelta(hours=8))
#: Longest id of a phone.
MAX_ID_LETTERS = 64
#: Seconds until receipts are sent, those of one push together.
RECEIPTS_AFTER_S = 0.1


@dataclass(slots=True)
class JPushBehaviour(Switches):
    """How pushes are treated from now on; a code is one of JPush's."""

    EVERY: ClassVar[tuple[str, ...]] = ("/v3/",)

    #: Phones whose app is gone: nothing is said of them but where nobody else is left (1011).
    unregistered: set[str] = field(default_factory=set)
    #: Ids that are none of this app: `illegal_rids` of an answer.
    illegal: set[str] = field(default_factory=set)
    #: Calls in a minute; what is above gets 2002.
    calls_a_minute: Count = 600
    #: `classification` of a push, "0" or "1" → phones that it may go to in a day; what is above gets 2005.
    a_day: dict[str, Count] = field(default_factory=dict)
    #: What `DeliveryFaults` says of receipts.
    lose_answers: Count = 0
    late_repeats: bool = False


@dataclass(slots=True)
class Received(server.Received):
    """A push that the sandbox took: `token` is its `msg_id`."""

    #: The phones that got it.
    tokens: tuple[str, ...]

    def is_for(self, token: str) -> bool:
        return token in ("", self.token) or token in self.tokens

    def document(self) -> dict[str, Any]:
        return {**server.Received.document(self), "msg_id": self.token, "tokens": self.tokens}


class JPushSandbox(PushSandbox[JPushBehaviour, Received]):
    """A server that speaks JPush's API on this machine.

    Example::

        async with JPushSandbox() as sandbox:  # its keys are APP_KEY and MASTER_SECRET
            …
            assert sandbox.received[0].tokens == ("registration-id",)
    """

    BEHAVIOUR, HTTP2 = JPushBehaviour, True

    def begin(self) -> None:
        #: Receipts of pushes that name no address go to `receipts.to`.
        self.receipts = Receipts("", self.behaviour)
        #: Phone → what the app's server has set of it.
        self.devices: dict[str, dict[str, Any]] = {}
        self._cids: dict[str, tuple[float, dict[str, Any]]] = {}
        self._window = (0.0, 0)
        self._spent: Counter[tuple[str, str]] = Counter()
        self._got: Counter[str] = Counter()
        self._telling: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def mounted(self) -> AsyncIterator[None]:
        async with self.receipts:
            yield
            for task in self._telling:
                task.cancel()

    def calls(self) -> Mapping[str, Call]:
        return dict.fromkeys(("/v3/push", "/v3/push/", "/v3/devices/", "/v3/received", "/v3/received/"), self.call)

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "POST opened": lambda asked: self.opened(orjson.loads(asked.body)["token"]),
            "POST forged": self._forged,
            "GET deliveries": lambda _: [one._asdict() for one in self.receipts.deliveries],
            "POST repeats": lambda _: self.receipts.send_late(),
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if str(code) not in CODES:
            raise ValueError(f"codes: JPush's are {', '.join(CODES)}, not {code}")
        return response(PushRefused(int(code)).answer)

    # -- calls -----------------------------------------------------------------------------------------------------

    def answer(self, heard: Heard) -> Answer | None:
        limits = self._counted()
        try:
            if heard.headers.get("authorization") != basic():
                raise PushRefused(1004)
            if limits["X-Rate-Limit-Remaining"] == "-1":
                raise PushRefused(2002)
            busy = self.busy(PushRefused(2002).answer, PushRefused(1030).answer)
            answer = busy or Answer(200, "OK", orjson.dumps(self._done(heard)))
        except PushRefused as refused:
            answer = refused.answer
        self.answers[answer.code] += 1
        return answer._replace(headers=JSON | answer.headers | limits)

    def _counted(self) -> dict[str, str]:
        """Count a call: what its answer says of those that are left."""
        now, most, (since, calls) = self.clock(), self.behaviour.calls_a_minute, self._window
        since, calls = (since, calls + 1) if since <= now < since + WINDOW_S else (now, 1)
        self._window = since, min(calls, most + 1)
        told = {"Quota": most, "Remaining": max(most - calls, -1), "Reset": int(since + WINDOW_S - now)}
        return {f"X-Rate-Limit-{name}": str(value) for name, value in told.items()}

    def _done(self, heard: Heard) -> Any:
        """Raises PushRefused."""
        path, _, query = heard.path.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        match heard.method, *path.strip("/").split("/")[1:]:
            case "POST", "push":
                return self._push(document := read(heard.body), phones_of(document))
            case "POST", "push", "validate":
                check(document := read(heard.body))
                return {"sendno": "0", "msg_id": "0"} if phones_of(document) else {}
            case "GET", "push", "cid":
                count = asked.get("count", "1")
                if not (count.isdigit() and 1 <= int(count) <= MAX_CIDS):
                    raise PushRefused(1003)
                return {"cidlist": [f"{APP_KEY}-{uuid4()}" for _ in range(int(count))]}
            case "POST", "push", "batch", "regid", "single":
                pushes = read(heard.body).get("pushlist")
                if not (isinstance(pushes, dict) and 0 < len(pushes) <= MAX_PUSHES):
                    raise PushRefused(1002 if pushes is None else 1003)
                return {cid: self._one(cid, push) for cid, push in pushes.items()}
            case "GET", "devices", phone:
                return self.devices.get(phone, {"tags": [], "alias": None, "mobile": None})
            case "POST", "devices", phone:
                self.devices[phone] = self.devices.get(phone, {}) | read(heard.body)
                return {}
            case "GET", "received", *_:
                ids = asked.get("msg_ids", "").split(",")
                return [{"msg_id": one, "jpush_received": self._got.get(one), "ios_apns_sent": None} for one in ids]
        raise PushRefused(1001 if heard.method not in ("GET", "POST") or path == "/v3/push" else 1009)

    # -- pushes ----------------------------------------------------------------------------------------------------

    def _one(self, cid: str, push: Any) -> dict[str, Any]:
        """A push of a batch: one text to one phone."""
        try:
            if not isinstance(push, dict) or "target" not in push:
                raise PushRefused(1002)
            return {"msg_id": self._push({**push, "cid": cid}, [push["target"]])["msg_id"]}
        except PushRefused as refused:
            return {"error": refused.error}

    def _push(self, document: dict[str, Any], phones: list[str]) -> dict[str, Any]:
        """Take a push. Raises PushRefused."""
        now, cid = self.clock(), document.get("cid")
        until, before = self._cids.get(cid, (0.0, {})) if isinstance(cid, str) else (0.0, {})
        if now < until:
            return before
        check(document)
        behaviour = self.behaviour
        illegal = [one for one in phones if one in behaviour.illegal or not 0 < len(one) <= MAX_ID_LETTERS]
        missed = behaviour.unregistered.union(illegal)
        left = [one for one in phones if one not in missed]
        if illegal and len(illegal) == len(phones):
            raise PushRefused(1003, illegal_rids=illegal)
        if not left:
            raise PushRefused(1011)
        options = document.get("options", {})
        self._spend(str(options.get("classification", 0)), len(left))
        self._number += 1
        sent: dict[str, Any] = {"sendno": str(options.get("sendno", 0)), "msg_id": str(10**15 + self._number)}
        sent |= {"illegal_rids": illegal} if illegal else {}
        if cid:
            if len(self._cids) >= MAX_CIDS_KEPT:
                del self._cids[next(iter(self._cids))]
            self._cids[cid] = now + CID_S, sent
        self._arrived(sent["msg_id"], document, tuple(left))
        return sent

    def _spend(self, classification: str, phones: int) -> None:
        """Raises PushRefused."""
        spent = classification, f"{datetime.fromtimestamp(self.clock(), UTC).astimezone(DAY):%Y-%m-%d}"
        most = self.behaviour.a_day.get(classification)
        if most is not None and self._spent[spent] + phones > most:
            raise PushRefused(2005)
        self._spent[spent] += phones

    def _arrived(self, msg_id: str, document: dict[str, Any], phones: tuple[str, ...]) -> None:
        if self.record:
            self.keep(Received(self._number, msg_id, time.monotonic(), orjson.dumps(document), phones))
            self._got[msg_id] += len(phones)
        self._tell(DELIVERED, msg_id, document, phones)

    # -- receipts --------------------------------------------------------------------------------------------------

    async def told(self) -> None:
        """Until the app's server has heard of everything."""
        while self._telling:
            await asyncio.gather(*self._telling)

    def opened(self, phone: str) -> None:
        """Somebody opens the newest on that phone. Raises ValueError where there is none."""
        newest = next((one for one in reversed(self.received) if phone in one.tokens), None)
        if newest is None:
            raise ValueError(f"{phone} has nothing to open")
        self._tell(CLICKED, newest.token, newest.message, (phone,))

    def _tell(self, what: int, msg_id: str, document: Mapping[str, Any], phones: tuple[str, ...]) -> None:
        callback = document.get("callback", {})
        url = callback.get("url") or self.receipts.to
        if not url or not callback.get("type", DELIVERED | CLICKED) & what:
            return
        same = {"msg_id": msg_id, "type": what, "channel": "jpush", "time": int(self.clock() * 1000)}
        same |= {"params": callback["params"]} if "params" in callback else {}
        rows = [{**same, "registration_id": phone} for phone in phones]
        task = asyncio.create_task(self._deliver(url, rows))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _deliver(self, url: str, rows: list[dict[str, Any]]) -> None:
        await asyncio.sleep(RECEIPTS_AFTER_S)
        for start in range(0, len(rows), MAX_RECEIPTS):
            await self.receipts.deliver(Batch(url, rows[start : start + MAX_RECEIPTS]))

    async def _forged(self, asked: Asked) -> dict[str, Any]:
        proof = {"right": basic(), "none": ""}.get(asked.query.get("how", ""), basic("a stranger's"))
        query = {"url": asked.query.get("to") or self.receipts.to, "proof": proof}
        status, text = await self.receipts.post(query, asked.body)
        return {"status": status, "text": text.decode(errors="replace")}

    # -- what is looked at -----------------------------------------------------------------------------------------

    def settings(self, folder: Path) -> str:  # noqa: ARG002 - it has no files
        return f"""[plugins.mobile_push.settings.jpush]
app_key = "{APP_KEY}"
master_secret = "{MASTER_SECRET}"
base_url = "{self.url}"
"""

    def notifications(self) -> Iterator[Shown]:
        for one in self.received:
            document = one.message
            notification, options = document.get("notification", {}), document.get("options", {})
            told = {**notification, **notification.get("ios", {}), **notification.get("android", {})}
            told = {name: value for name, value in told.items() if name not in ("ios", "android", "hmos")}
            alert, name = told.pop("alert", ""), options.get("apns_collapse_id") or options.get("override_msg_id")
            alert = alert if isinstance(alert, dict) else {"body": alert}
            title, body = str(told.pop("title", alert.get("title", ""))), str(alert.get("body", ""))
            for phone in one.tokens:
                yield Shown(phone, str(name or one.token), title, body, {**told, **options})
