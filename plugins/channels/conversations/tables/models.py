"""Who talks with us over which account, how far they have come, and what was said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON

__all__ = ["ChannelConversation", "ContactLink", "LinkOffer", "Turn"]


class ChannelConversation(Personal):
    """A contact of an account, and the one conversation with them. Contacts are never merged."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: Such as `wechat:wx1234`.
    account = fields.CharField(max_length=100)
    #: The provider's id of the other end: sealed, and found as it is sealed.
    contact = PersonalId(255)
    #: Each change counts on: of two at once, one is made anew.
    version = fields.IntField(default=0)
    #: Of the state table in `engine.states`.
    state = fields.CharField(max_length=16)
    language = fields.CharField(max_length=8, default="zh-CN")
    #: What was asked and answered so far: `engine.memory.Memory` as JSON.
    memory: Any = PersonalJSON()
    begun_at = fields.DatetimeField()
    #: When they were last heard.
    heard_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "conversations_conversation"
        unique_together = (("account", "contact"),)


class ContactLink(Personal):
    """Who a contact is: a citizen who has signed in for it once. One at a time, and ended rather than changed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    conversation: Any = fields.ForeignKeyField(
        "conversations.ChannelConversation", related_name=False, on_delete=fields.CASCADE
    )
    conversation_id: UUID
    person = PersonalId(255, db_index=True)
    #: What the sign-in knew: the members of a `Principal` that a case needs.
    known: Any = PersonalJSON()
    #: How: `sign-in`, `app` (its QR code) or `digits`.
    way = fields.CharField(max_length=16)
    linked_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "conversations_link"
        indexes = [Index(fields=("conversation_id", "ended_at"), name="conversations_link_of")]


class LinkOffer(Personal):
    """A way to bind a contact that is good once: a link in a chat, or the digits and the QR code of a signed-in app."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: Of a link, the contact that it is for. What an app shows is for whichever contact sends it.
    conversation: Any = fields.ForeignKeyField(
        "conversations.ChannelConversation", related_name=False, on_delete=fields.CASCADE, null=True
    )
    conversation_id: UUID | None
    #: Keyed hashes of what the link or the QR code has, and of the digits.
    token = fields.CharField(max_length=64, unique=True)
    digits = fields.CharField(max_length=64, unique=True, null=True)
    #: Of an app, who has asked for it, and what their sign-in knew.
    person = PersonalId(255, default="", db_index=True)
    known: Any = PersonalJSON(default=dict)
    ends_at = fields.DatetimeField(db_index=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "conversations_link_offer"


class Turn(Personal):
    """One inbound message with its reply: written with all that it has changed, so there is none or both."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    conversation: Any = fields.ForeignKeyField(
        "conversations.ChannelConversation", related_name=False, on_delete=fields.CASCADE
    )
    #: The provider's id of the message, and a digest of what was in it: other words under one id are another turn.
    key = fields.CharField(max_length=128)
    digest = fields.CharField(max_length=32)
    at = fields.DatetimeField(db_index=True)
    #: What was written, as far as it may be kept.
    heard: Any = PersonalJSON()
    #: What was answered: a repeat is answered the same.
    reply: Any = PersonalJSON()

    class Meta:
        table = "conversations_turn"
        unique_together = (("conversation", "key", "digest"),)
