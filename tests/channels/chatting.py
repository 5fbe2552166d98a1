"""Somebody who chats, on a channel that is none of a provider's."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from uuid_utils.compat import uuid7

from banshi import Write
from banshi.testing import Door
from banshi_client.form.fields import fields_of
from conversations import CONVERSATIONS, Content, Received, Reply, Text
from conversations.tables.models import ChannelConversation, ContactLink
from tests.channels.talker import Stopped, Talker
from tests.plugins.test_departments import snapshot


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


@dataclass(slots=True)
class Chatter:
    """A contact of the account."""

    door: Door
    language: str
    contact: str = "somebody"
    said: list[str] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=itertools.count)
    #: Whether others read along.
    group: bool = False

    async def send(self, content: Content | str, key: str = "") -> Reply:
        content = Text(content) if isinstance(content, str) else content
        platform = self.door.platform
        received = Received(
            key=key or f"{self.contact}-{next(self.counter)}",
            contact=self.contact,
            content=content,
            at=platform.now(),
            language=self.language,
            group=self.group,
        )
        reply = await platform[CONVERSATIONS].take(Phone(), received)
        told = content.text[:200] if isinstance(content, Text) else f"[{type(content).__name__}]"
        self.said += [f"> {told}", reply.text]
        return reply

    async def is_linked(self, subject: str, **known: str) -> None:
        """Bound to a citizen two days ago, as a sign-in for this contact binds them; signed in anew just now."""
        if not await ChannelConversation.filter(contact=self.contact).exists():
            await self.send("0")
        row = await ChannelConversation.get(contact=self.contact)
        await ContactLink.filter(conversation_id=row.id, ended_at=None).update(ended_at=self.door.platform.now())
        link = ContactLink(
            id=uuid7(),
            conversation_id=row.id,
            person=subject,
            known=known,
            way="app",
            linked_at=row.begun_at,
            since=row.begun_at - timedelta(days=2),
        )
        await self.door.platform.store.commit(Write(rows=[link]))

    async def is_theirs(self, code: Content | str) -> Reply:
        """Send a code of the app, and say that it is one's own."""
        await self.send(code)
        return await self.send("1")

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

    async def fill(self, reply: Reply, whole: Any) -> Reply:
        """Answer whatever is asked until all is shown; what comes back is that."""
        try:
            return await Talker(whole, _picture).fill(self.send, reply)
        except Stopped as why:
            raise Stopped(f"{why}\n" + "\n".join(self.said[-12:])) from None


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
