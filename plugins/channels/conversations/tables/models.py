"""Who talks with us over which account, how far they have come, and what was said."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalLine
from conversations.tables.former import DeskDay, DeskEvent, DeskOfficer, DeskPhrase, Enquiry
from conversations.tables.of_conversation import OfConversation

__all__ = [
    "ChannelConversation",
    "Confirmation",
    "ContactLink",
    "DeskDay",
    "DeskEvent",
    "DeskOfficer",
    "DeskPhrase",
    "Enquiry",
    "Figure",
    "Home",
    "LinkOffer",
    "Said",
    "Turn",
    "Window",
    "Word",
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
    #: Since when the contact is theirs without a break, also where they have signed in anew; none: since then.
    since = fields.DatetimeField(null=True)
    #: Whether the provider has said that the contact itself opened the link by which they signed in.
    is_proved = fields.BooleanField(default=False, db_default=False)
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


class Confirmation(OfConversation):
    """What a chat that was bound lately is to do in a citizen's name: it waits for their yes in the app."""

    person = PersonalId(255, db_index=True)
    #: What it is called, as the chat shows it; and the item and action behind that.
    title = PersonalLine(255)
    item = fields.CharField(max_length=64)
    action = fields.CharField(max_length=64, default="")
    #: A keyed hash of all that would be sent: a yes is for that alone, and once.
    digest = fields.CharField(max_length=64)
    asked_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(db_index=True)
    answered_at = fields.DatetimeField(null=True)
    is_granted = fields.BooleanField(default=False)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "conversations_confirmation"


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
    #: Of a notice: `case` or `alert`, what can stand in the fields of the provider's own, and an alert's id. What is
    #: said in the chat in a notice's place has neither.
    kind = fields.CharField(max_length=16, default="", db_default="")
    news: Any = PersonalJSON(null=True)
    about = fields.CharField(max_length=64, default="", db_default="", db_index=True)
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
            Index(fields=("channel", "state", "by", "id"), name="conversations_said_lane"),
            Index(fields=("conversation_id", "state", "id"), name="conversations_said_of"),
            # What is still worth saying is looked for every few seconds.
            Index(fields=("until",), name="conversations_said_until"),
        ]


class Window(OfConversation):
    """Until when and how often a contact may still be written to, by one of the provider's rules."""

    #: The channel's word for it.
    kind = fields.CharField(max_length=16)
    until = fields.DatetimeField(db_index=True)
    #: None: any number.
    sends_left = fields.IntField(null=True)
    #: What an answer names the message by that opened it last.
    ref = fields.CharField(max_length=255, default="", db_default="")

    class Meta:
        table = "conversations_window"
        unique_together = (("conversation", "kind"),)


class Word(Model):
    """What a provider says became of a message of which no row knows the id yet, or of another's."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account = fields.CharField(max_length=100)
    provider_id = fields.CharField(max_length=128)
    #: Whether it has arrived, and the provider's word for why not.
    arrived = fields.BooleanField()
    code = fields.CharField(max_length=64, default="")
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "conversations_word"
        unique_together = (("account", "provider_id"),)


class Home(OfConversation):
    """Where a citizen is at home, as they have said in a chat: what they are told of there. One may have several."""

    #: Whoever has the contact later is at home elsewhere.
    person = PersonalId(255, default="", db_default="", db_index=True)
    #: A code of GB/T 2260: 6 digits, 9 with the street, 12 with the community.
    division = fields.CharField(max_length=12)

    class Meta:
        table = "conversations_home"
        unique_together = (("conversation", "person", "division"),)


class Figure(Model):
    """Something that happened once, on a day: nothing says in which conversation, not even the order of the ids."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    #: Of the city.
    day = fields.DateField()
    account = fields.CharField(max_length=100)
    #: Its code, "" for what is about no item.
    item = fields.CharField(max_length=100, default="")
    #: Of `figures.counting.What`.
    what = fields.CharField(max_length=16)
    #: What was asked just then, where that says something: a JSON Pointer, "" for the form as a whole.
    pointer = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "conversations_figure"
        indexes = [Index(fields=("day",), name="conversations_figure_of")]
