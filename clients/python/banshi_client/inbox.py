"""The inbox of one person: read on from where it was, followed live, and what was opened told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import aiohttp

from banshi_client.client import Client
from banshi_client.problems import ProblemError

#: Messages that a page has at most, receipts that are told at once.
PAGE, BATCH = 200, 500
#: Seconds without a sign of life after which a stream is dead, and after which to come back to one.
SILENCE_S, COME_BACK_S = 45.0, 3.0


#: A message, as the inbox gives it.
Message = dict[str, Any]


def changed(message: Message, change: Mapping[str, Any]) -> Message | None:
    """A message after what was done with it on another device, or with all up to a place; None where it is deleted."""
    if change["id"] == message["id"]:
        times = {name: change[name] for name in ("read_at", "archived_at")}
        return {**message, **times} if change["deleted_at"] is None else None
    reads = change["through"] is not None and not message.get("read_at") and _reaches(change["through"], message)
    return {**message, "read_at": change["read_at"]} if reads else message


def _reaches(place: str, message: Message) -> bool:
    """Whether a message is not behind a place: in the person's own log, or in that of what is for many."""
    own, common, *_ = [*map(int, place.split(".")), 0]
    if message.get("seq") is not None:
        return bool(message["seq"] <= own)
    return int(str(message.get("cursor", "")).split(".")[1]) <= common


class InboxStore(Protocol):
    """The messages that a program has, and the place behind which it reads on."""

    async def place(self) -> str:
        """The place of the last message that is stored; "0" at first."""

    async def put(self, messages: Iterable[Message], place: str, changes: Iterable[Mapping[str, Any]] = ()) -> None:
        """Apply changes to what is stored, then store messages and the place behind all of it: everything or nothing.

        A message that is there already is replaced.
        """

    async def clear(self) -> None:
        """Drop everything, the place too."""


@dataclass(slots=True)
class MemoryInbox:
    """A store in memory."""

    messages: dict[str, Message] = field(default_factory=dict)
    at: str = "0"

    async def place(self) -> str:
        return self.at

    async def put(self, messages: Iterable[Message], place: str, changes: Iterable[Mapping[str, Any]] = ()) -> None:
        for change in changes:
            now = [changed(one, change) for one in self.messages.values()]
            self.messages = {one["id"]: one for one in now if one is not None}
        self.messages |= {one["id"]: one for one in messages}
        self.at = place

    async def clear(self) -> None:
        self.messages.clear()
        self.at = "0"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """A server-sent event; `retry` is in milliseconds."""

    id: str
    event: str
    data: str
    retry: int | None = None


class Inbox:
    """A person's inbox in a store; `device` is the id under which this device is registered, if it is."""

    def __init__(self, client: Client, store: InboxStore, device: str = "") -> None:
        self.client = client
        self.store = store
        self._sign = {"device": device} if device else {}

    async def sync(self) -> int:
        """Read what is new, page by page, each stored before the next is asked for; how many came."""
        count, more = 0, True
        while more:
            page = await self._page(await self.store.place())
            await self.store.put(page["items"], page["cursor"], page["changes"])
            count += len(page["items"])
            more = page["next"] is not None
        return count

    async def follow(self) -> AsyncIterator[ServerEvent]:
        """Every event of the stream, once the store has it: `message` and `change`. It has no end, whatever breaks."""
        while True:
            wait = COME_BACK_S
            try:
                async for event in self._stream():
                    wait = wait if event.retry is None else event.retry / 1000
                    if event.data:
                        yield event
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass  # A stream that breaks is followed anew.
            except ProblemError as problem:
                if not await self._begun_anew(problem):
                    raise
            await asyncio.sleep(wait)

    async def _page(self, after: str) -> Any:
        try:
            return await self.client.get("/v1/inbox", after=after, limit=str(PAGE), **self._sign)
        except ProblemError as problem:
            if not await self._begun_anew(problem):
                raise
        return await self._page("0")

    async def _begun_anew(self, problem: ProblemError) -> bool:
        """Whether the place was another inbox's, as after everything was forgotten; what is stored is dropped then."""
        if problem.code != "beyond-the-end":
            return False
        await self.store.clear()
        return True

    async def _stream(self) -> AsyncIterator[ServerEvent]:
        """One stream, from its opening to its end."""
        client = self.client
        headers = {**await client.headers(), "Last-Event-ID": await self.store.place()}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S)
        address = f"{client.url}/v1/inbox/stream"
        async with client.session.get(address, params=self._sign, headers=headers, timeout=timeout) as answer:
            if answer.status >= 500:
                return
            if answer.status >= 400:
                raise ProblemError(answer.status, await answer.json(content_type=None), answer.headers)
            async for event in events(answer.content.iter_any()):
                if event.data and event.event == "message":
                    await self.store.put([json.loads(event.data)], event.id)
                elif event.data and event.event == "change":
                    await self.store.put([], event.id, [json.loads(event.data)])
                yield event


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode().removesuffix("\r")


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[ServerEvent]:
    """The events of a body; one that is not whole when the body ends is none."""
    last, event, retry, data = "", "", None, list[str]()
    async for text in _lines(chunks):
        if not text:
            if data or retry is not None:
                yield ServerEvent(last, event or "message", "\n".join(data), retry)
            event, retry, data = "", None, []
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                last = value
            case "event":
                event = value
            case "data":
                data.append(value)
            case "retry" if value.isdecimal():
                retry = int(value)
            case _:
                pass  # A comment, or a field of tomorrow.


@dataclass(slots=True)
class Receipts:
    """What was received and opened, collected and told in batches; `noted` may outlive the program."""

    client: Client
    noted: MutableMapping[tuple[str, str], str] = field(default_factory=dict)

    def note(self, message: str, event: str, at: datetime | None = None) -> None:
        """Note that a message was `received` or `opened`; the earliest time of each stays."""
        self.noted.setdefault((message, event), (at or self.client.now()).isoformat(timespec="milliseconds"))

    async def flush(self, device: str) -> Any:
        """Tell what was noted; what couldn't be told stays for the next time. The last answer, None without one."""
        told = None
        names = list(self.noted)
        for begin in range(0, len(names), BATCH):
            batch = names[begin : begin + BATCH]
            receipts = [{"message_id": one[0], "event": one[1], "at": self.noted[one]} for one in batch]
            told = await self.client.send("POST", "/v1/receipts", {"device": device, "receipts": receipts})
            for one in batch:
                self.noted.pop(one, None)
        return told
