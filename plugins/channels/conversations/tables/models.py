"""Who talks with us over which account, how far they have come, and what was said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON
from conversations.tables.desk_models import DeskDay, DeskEvent, DeskPhrase, Enquiry
from conversations.tables.figure_models import Figure
from conversations.tables.of_conversation import OfConversation

__all__ = [
    "ChannelConversation",
    "ContactLink",
    "DeskDay",
    "DeskEvent",
    "DeskPhrase",
    "Enquiry",
    "Figure",
    "LinkOffer",
    "Said",
    "Turn",
    "Window",
]


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


class ContactLink(OfConversation):
    """Who a contact is: a citizen who has signed in for it once. One at a time, and ended rather than changed."""

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


class Turn(OfConversation):
    """One inbound message with its reply: written with all that it has changed, so there is none or both."""

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


class Said(OfConversation):
    """One message to a contact unasked, with what became of it. Written with what caused it."""

    #: What the account's name begins with: `wechat` of `wechat:wx1234`.
    channel = fields.CharField(max_length=32)
    #: The same is promised once, whoever promises it again.
    key = fields.CharField(max_length=120, unique=True)
    #: Who says it: `engine`, `officer` or `notice`; of an officer, which one.
    by = fields.CharField(max_length=16)
    officer = PersonalId(255, default="")
    #: The citizen whom it is for, "" for whoever has the contact: nobody else gets it there.
    person = PersonalId(255, default="", db_index=True)
    words: Any = PersonalJSON()
    #: Of the table in `outbound.states`.
    state = fields.CharField(max_length=16)
    #: The provider's code, where it refused it or said that it didn't arrive, and what that means for people.
    code = fields.CharField(max_length=64, default="")
    why: Any = fields.JSONField(default=dict)
    #: The window that was spent, and the provider's id of what it has taken.
    window = fields.CharField(max_length=16, default="")
    provider_id = fields.CharField(max_length=128, default="", db_index=True)
    at = fields.DatetimeField(db_index=True)
    settled_at = fields.DatetimeField(null=True)
    #: When it isn't worth saying any more; none for always.
    until = fields.DatetimeField(null=True)
    #: Milliseconds of the database's clock: not tried before, and leased to a worker until.
    not_before = fields.BigIntField(default=0)
    lease_until = fields.BigIntField(default=0)
    #: How often it was claimed, also the fencing token; and how often it was refused for now.
    attempts = fields.IntField(default=0)
    refusals = fields.IntField(default=0)
    #: It may be on its way: where nobody has said what came of it when the lease ends, nobody knows.
    is_sending = fields.BooleanField(default=False)

    class Meta:
        table = "conversations_said"
        indexes = [
            Index(fields=("channel", "state", "id"), name="conversations_said_due"),
            Index(fields=("conversation_id", "state", "id"), name="conversations_said_of"),
        ]


class Window(OfConversation):
    """Until when and how often a contact may still be written to, by one of the provider's rules."""

    #: The channel's word for it.
    kind = fields.CharField(max_length=16)
    until = fields.DatetimeField(db_index=True)
    #: None: any number.
    sends_left = fields.IntField(null=True)

    class Meta:
        table = "conversations_window"
        unique_together = (("conversation", "kind"),)
