"""What is known of a message before it is dealt with, in one statement: a query of the ORM's for each costs thrice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from banshi import Platform
from banshi.sdk.database import as_read, as_stored, made
from conversations.tables.models import ChannelConversation, ContactLink, Turn

_COLUMNS = ("id", "account", "contact", "version", "state", "language", "memory", "begun_at", "heard_at")
_LINK = ("id", "conversation_id", "person", "known", "way", "linked_at", "since", "is_proved")


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation as it stands."""

    row: ChannelConversation
    #: Who the contact is bound to; None for nobody.
    link: ContactLink | None = None
    #: What was answered to this very message; None where it has not come before.
    reply: Any = None
    #: Whether something couldn't be sent to them that is to be said with the next answer.
    is_owed: bool = False
    #: Whether it begins with this message.
    is_new: bool = False


async def known(platform: Platform, account: str, contact: str, key: str, digest: str) -> Known | None:
    """The conversation with a contact, who they are, and the turn of that message; None where there is none yet."""
    marks = platform.store.placeholders(4)
    sql = (
        f"SELECT {', '.join(f'c.{name}' for name in _COLUMNS)}, "  # noqa: S608 - our own words
        f"{', '.join(f'l.{name} AS link_{name}' for name in _LINK)}, t.reply, "
        "EXISTS (SELECT 1 FROM conversations_said s WHERE s.conversation_id = c.id AND s.state = 'shut') AS owed "
        "FROM conversations_conversation c "
        "LEFT JOIN conversations_link l ON l.conversation_id = c.id AND l.ended_at IS NULL "
        f"LEFT JOIN conversations_turn t ON t.conversation_id = c.id AND t.key = {marks[0]} AND t.digest = {marks[1]} "
        f"WHERE c.account = {marks[2]} AND c.contact = {marks[3]} ORDER BY l.linked_at DESC LIMIT 1"
    )
    values = [key, digest, account, as_stored(ChannelConversation, "contact", contact)]
    rows = await platform.store.connection.execute_query_dict(sql, values)
    if not rows:
        return None
    found = dict(rows[0])
    owed = bool(found.pop("owed"))
    reply, link = found.pop("reply"), {name: found.pop(f"link_{name}") for name in _LINK}
    (row,) = made(ChannelConversation, [found])
    told = None if reply is None else as_read(Turn, "reply", reply)
    return Known(row, made(ContactLink, [link])[0] if link["id"] else None, told, owed)
