"""What rows have in common that are about one conversation, and go with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tortoise import fields
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal


class OfConversation(Personal):
    """A row of a conversation."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    conversation: Any = fields.ForeignKeyField(
        "conversations.ChannelConversation", related_name=False, on_delete=fields.CASCADE
    )
    conversation_id: UUID

    class Meta:
        abstract = True
