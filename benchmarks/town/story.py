"""The story that goes on while the server is killed: citizens and staff who insist on an answer and remember it."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banshi.testing import TINY_PNG
from tests.town.zone_pass import answers_with

#: Seconds between two attempts while the server is away, and seconds for which one call is insisted on.
RETRY_S, ANSWER_TIMEOUT_S = 0.05, 60.0

#: Share of the requests whose caller hangs up within 20 ms, as a phone does in a lift, and sends them again.
HANG_UP_SHARE = 0.1

#: What may happen to an accepted case: who does what, and the state that the case is then in.
PLANS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("staff", "approve", "approved"),),
    (("staff", "return", "returned"), ("citizen", "supplement", "accepted"), ("staff", "approve", "approved")),
    (("staff", "suspend", "suspended"), ("staff", "resume", "accepted"), ("staff", "approve", "approved")),
    (("staff", "approve", "approved"), ("staff", "revoke", "revoked")),
    (("staff", "refuse", "refused"),),
    (("citizen", "withdraw", "withdrawn"),),
)
APPLY = "/v1/items/zone-pass/cases"

NEEDS_REASON = {"return", "suspend", "refuse", "revoke"}


def body_of(action: str, answers: dict[str, Any]) -> dict[str, Any]:
    """What is sent with a step, after these answers."""
    if action == "supplement":
        return {"answers": {**answers, "purpose": "运输蔬菜和水果"}}
    return {"reason": "因故"} if action in NEEDS_REASON else {}


@dataclass
class Memory:
    """Everything that the server has acknowledged, and whatever it should not have answered."""

    #: Person → the token of the phone that was registered for it.
    phones: dict[str, str] = field(default_factory=dict)
    #: Case → its person, its expected state, and the actions that people took, in order.
    person: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    actions: dict[str, list[str]] = field(default_factory=dict)
    #: Idempotency keys that were answered, uploads by id with what was uploaded.
    keys: set[str] = field(default_factory=set)
    uploads: dict[str, bytes] = field(default_factory=dict)
    #: Calls that had to be sent more than once, and answers that were stored ones.
    repeated: int = 0
    replayed: int = 0
    #: Answers of 503, each with a Retry-After; `time.monotonic()` of each other answer to a POST.
    unavailable: int = 0
    answered: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    #: Set whenever something is about to be written.
    sent: asyncio.Event = field(default_factory=asyncio.Event)

    def next_after(self, moment: float) -> float:
        """Seconds from a moment to the next answer to a POST; infinite where there was none."""
        return next((at for at in self.answered if at > moment), float("inf")) - moment


class Caller:
    """A person with a token, who sends a request again and again, with one key, until it is answered."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        urls: Sequence[str],
        headers: Mapping[str, str],
        memory: Memory,
        chance: random.Random | None = None,
    ) -> None:
        """With several addresses, each attempt goes to the next of them."""
        self._session, self._memory, self._chance = session, memory, chance
        self._urls = itertools.cycle(urls)
        self._headers = headers

    async def post(self, path: str, key: str, document: Any = None, file: bytes | None = None) -> dict[str, Any]:
        """POST with an Idempotency-Key; the acknowledged document."""
        status, answer = await self._insist("POST", path, {"Idempotency-Key": key}, document, file)
        if status not in (200, 201):
            self._memory.wrong.append(f"POST {path} ({key}): {status} {answer.get('code')} {answer.get('detail')}")
            raise Unexpected
        self._memory.keys.add(key)
        return answer

    async def get(self, path: str) -> dict[str, Any]:
        status, answer = await self._insist("GET", path, {}, None, None)
        if status != 200:
            self._memory.wrong.append(f"GET {path}: {status} {answer.get('code')}")
            raise Unexpected
        return answer

    async def _insist(
        self, method: str, path: str, headers: Mapping[str, str], document: Any, file: bytes | None
    ) -> tuple[int, dict[str, Any]]:
        deadline, attempts = time.monotonic() + ANSWER_TIMEOUT_S, 0
        while time.monotonic() < deadline:
            attempts += 1
            body: dict[str, Any] = {}
            if method == "POST":
                self._memory.sent.set()
                body = {"json": document or {}}
            if file is not None:
                form = aiohttp.FormData()
                form.add_field("file", file, filename="photo.png")
                body = {"data": form}
            if self._chance and attempts == 1 and self._chance.random() < HANG_UP_SHARE:
                body["timeout"] = aiohttp.ClientTimeout(total=self._chance.uniform(0.001, 0.02))
            try:
                url, all_headers = next(self._urls) + path, {**self._headers, **headers}
                request = self._session.request(method, url, headers=all_headers, **body)
                async with request as response:
                    answer: dict[str, Any] = await response.json(content_type=None)
                    again = response.status == 503 or answer.get("code") == "still-running"
                    if response.status == 503:
                        self._memory.unavailable += 1
                        if "Retry-After" not in response.headers:
                            self._memory.wrong.append(f"{method} {path}: 503 without Retry-After")
                    if not again:
                        if method == "POST":
                            self._memory.answered.append(time.monotonic())
                        self._memory.repeated += attempts > 1
                        self._memory.replayed += "Idempotency-Replayed" in response.headers
                        return response.status, answer
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                pass  # the server is dead, dying or not yet there, or we hung up
            await asyncio.sleep(RETRY_S)
        self._memory.wrong.append(f"{method} {path}: no answer in {ANSWER_TIMEOUT_S:g} s")
        raise Unexpected


class Unexpected(Exception):
    """An answer that should not be; it is remembered."""


@dataclass
class Story:
    """One citizen who applies for one pass after the other, and the staff who decide."""

    name: str
    citizen: Caller
    staff: Caller
    memory: Memory
    chance: random.Random
    ends: asyncio.Event

    async def live(self) -> None:
        token = f"phone-of-{self.name}"
        device = {"provider": "fcm", "token": token, "platform": "android"}
        try:
            await self.citizen.post("/v1/devices", f"{self.name}/device", device)
            self.memory.phones[self.name] = token
            for number in itertools.count(1):
                if self.ends.is_set():
                    return
                await self._one_case(f"{self.name}/{number}")
        except Unexpected:
            return  # it is remembered

    async def _one_case(self, key: str) -> None:
        case, answers = await self.accepted(key)
        memory = self.memory
        for step, (who, action, state) in enumerate(self.chance.choice(PLANS)):
            caller = self.citizen if who == "citizen" else self.staff
            path, own = f"/v1/cases/{case}/actions/{action}", f"{key}/{step}/{action}"
            await caller.post(path, own, body_of(action, answers))
            memory.actions[case].append(action)
            memory.state[case] = state
            await self.until(case, state)
            await asyncio.sleep(self.chance.random() * 0.05)

    async def accepted(self, key: str) -> tuple[str, dict[str, Any]]:
        """Submit an application that is accepted: its case, and its answers."""
        answers = await self.answers_of(key)
        case: str = (await self.citizen.post(APPLY, f"{key}/submit", {"answers": answers}))["id"]
        memory = self.memory
        memory.person[case], memory.state[case], memory.actions[case] = self.name, "submitted", []
        await self.until(case, "accepted")
        return case, answers

    async def answers_of(self, key: str) -> dict[str, Any]:
        """Right answers to the zone pass's form, with files of their own."""
        files = []
        for name in ("licence", "registration"):
            content = TINY_PNG + f"{key}/{name}".encode()
            stored = await self.citizen.post("/v1/attachments", f"{key}/{name}", file=content)
            self.memory.uploads[stored["id"]] = content
            files.append(stored["id"])
        return answers_with(files)

    async def until(self, case: str, state: str) -> None:
        """Wait until the case is in that state; the automatic check follows after the answer."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while (found := (await self.citizen.get(f"/v1/cases/{case}"))["state"]) != state:
            if time.monotonic() > deadline:
                self.memory.wrong.append(f"case {case} is {found} and never became {state}")
                raise Unexpected
            await asyncio.sleep(RETRY_S)
        self.memory.state[case] = state
