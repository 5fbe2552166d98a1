"""Somebody who chats: reads a question by its title, as people do, and writes what is on their papers.

Which fields a form asks and in which order it is told by the Python client, which nothing of the conversations uses.
"""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from uuid_utils.compat import uuid7

from banshi import Write
from banshi.testing import Door
from banshi_client.form.fields import choices_of, fields_of
from conversations import CONVERSATIONS, Content, File, Place, Received, Reply, Text
from conversations.tables.models import ChannelConversation, ContactLink
from tests.plugins.test_departments import snapshot

MONTHS = list(calendar.month_name[1:])
#: Messages that one item may take.
MOST = 200


class Phone:
    """A channel's account."""

    name = "test:bureau"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that somebody has an answer for."""

    pointer: str
    schema: Mapping[str, Any]
    title: str
    value: Any


class Stopped(AssertionError):
    """The conversation can't go on; it has everything that was said."""


@dataclass(slots=True)
class Chatter:
    """A contact of the account."""

    door: Door
    language: str
    contact: str = "somebody"
    #: Where the form's place is: its degrees.
    degrees: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=itertools.count)

    async def send(self, content: Content | str, key: str = "") -> Reply:
        content = Text(content) if isinstance(content, str) else content
        platform = self.door.platform
        received = Received(
            key=key or f"{self.contact}-{next(self.counter)}",
            contact=self.contact,
            content=content,
            at=platform.now(),
            language=self.language,
        )
        reply = await platform[CONVERSATIONS].take(Phone(), received)
        told = content.text[:200] if isinstance(content, Text) else f"[{type(content).__name__}]"
        self.said += [f"> {told}", reply.text]
        return reply

    async def is_linked(self, subject: str, **known: str) -> None:
        """Bound to a citizen, as a sign-in for this contact binds them."""
        if not await ChannelConversation.filter(contact=self.contact).exists():
            await self.send("0")
        row = await ChannelConversation.get(contact=self.contact)
        await ContactLink.filter(conversation_id=row.id, ended_at=None).update(ended_at=self.door.platform.now())
        link = ContactLink(
            id=uuid7(), conversation_id=row.id, person=subject, known=known, way="app", linked_at=row.begun_at
        )
        await self.door.platform.store.commit(Write(rows=[link]))

    async def state(self) -> str:
        return (await ChannelConversation.get(contact=self.contact)).state

    async def begin(self, title: str) -> Reply:
        """Find an item by its title, and choose it."""
        reply = await self.send("0")
        reply = await self.send(title)
        if await self.state() in ("asking", "linking") or not reply.buttons:
            return reply
        number = next((one.says for one in reply.buttons if one.label == title), None)
        if number is None:
            raise Stopped(f"{title!r} isn't offered:\n" + "\n".join(self.said[-6:]))
        return await self.send(number)

    async def fill(self, reply: Reply, schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Reply:
        """Answer whatever is asked until all is shown; what comes back is that."""
        left = list(leaves(schema, answers))
        self.degrees = [one.value for one in left if one.schema.get("x-place") in ("latitude", "longitude")]
        for _ in range(MOST):
            if await self.state() != "asking":
                return reply
            reply = await self.send(await self._answer(reply, left))
        raise Stopped("it asks without end:\n" + "\n".join(self.said[-40:]))

    async def _answer(self, reply: Reply, left: list[Leaf]) -> Content | str:
        words = {"zh-CN": ("以下内容可以补充", "还有下一项吗"), "en": ("You may add these", "Another one for")}[
            self.language
        ]
        if words[0] in reply.text:
            titles = {one.title for one in left}
            wanted = [one.says for one in reply.buttons if one.label in titles or self._is_above(one.label, left)]
            return "、".join(wanted) or "0"
        lines = reply.text.splitlines()
        if words[1] in reply.text:
            title = re.search("[“](.*)[”]", lines[-1])
            return (
                "1"
                if title and any(title[1] == one.title.partition("/")[0] for one in left if not is_secret(one))
                else "2"
            )
        for line in reversed(lines):
            for place, one in enumerate(left):
                if line in (
                    one.title.rpartition("/")[2],
                    f"{one.title.rpartition('/')[2]} ({one.schema.get('x-unit')})",
                ):
                    del left[place]
                    return await self.typed(one)
        if any(word in reply.text for word in ("没有了请回复0", "0 if there are no more")):
            return "0"
        raise Stopped("nobody knows what is asked:\n" + "\n".join(self.said[-8:]))

    def _is_above(self, label: str, left: list[Leaf]) -> bool:
        return any(label in one.title.split("/") for one in left)

    async def typed(self, leaf: Leaf) -> Content | str:
        """The answer as somebody sends it."""
        schema, value = leaf.schema, leaf.value
        if schema.get("x-attachment"):
            return File(_picture, "photo.jpg")
        if schema.get("x-place") == "address" and self.degrees:
            return Place(*self.degrees, value)
        if "x-choices" in schema:
            if not schema["x-choices"].get("search"):
                return "1"
            rows = (await self.door.anyone.get(f"{schema['x-choices']['list']}?q={value}")).ok()["items"]
            return str(next(row["code"] for row in rows if row["code"] == value))
        if choices := choices_of(schema):
            several = value if isinstance(value, list) else [value]
            numbers = [next(number for number, one in enumerate(choices, 1) if one.value == own) for own in several]
            return "、".join(map(str, numbers))
        match schema.get("type"), schema.get("format"):
            case "boolean", _:
                return {"zh-CN": ("否", "是"), "en": ("no", "yes")}[self.language][bool(value)]
            case _, "date":
                return self.day(date.fromisoformat(value))
            case _, "date-time":
                at = datetime.fromisoformat(value)
                return f"{self.day(at.date())} {at:%H:%M}"
        return str(value)

    def day(self, day: date) -> str:
        if self.language == "en":
            return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        return f"{day.year}年{day.month}月{day.day}日"


def is_secret(leaf: Leaf) -> bool:
    """Whether a chat doesn't ask for it."""
    return leaf.schema.get("format") == "cn-resident-id"


async def _picture() -> bytes:
    return snapshot()


def leaves(schema: Mapping[str, Any], answers: Any, pointer: str = "", above: str = "") -> Iterator[Leaf]:
    """Each field with an answer, in the form's order; a title has those of the fields around it in front."""
    for one in fields_of(schema, answers, pointer):
        if one.name not in answers:
            continue
        value, title = answers[one.name], f"{above}/{one.title}" if above else one.title
        if "properties" in one.schema:
            yield from leaves(one.schema, value, one.pointer, title)
        elif isinstance(value, list) and not one.choices:
            item = {"title": one.title, **one.schema["items"]}
            for number, entry in enumerate(value):
                if "properties" in item:
                    yield from leaves(item, entry, f"{one.pointer}/{number}", title)
                else:
                    yield Leaf(
                        f"{one.pointer}/{number}", item, f"{above}/{item['title']}" if above else item["title"], entry
                    )
        else:
            yield Leaf(one.pointer, one.schema, title, value)
