from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="ChannelConversation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("account", fields.CharField(description="Such as `wechat:wx1234`.", max_length=100)),
                (
                    "contact",
                    fields.CharField(
                        description="The provider's id of the other end: sealed, and found as it is sealed.",
                        max_length=1415,
                    ),
                ),
                (
                    "version",
                    fields.IntField(default=0, description="Each change counts on: of two at once, one is made anew."),
                ),
                ("state", fields.CharField(description="Of the state table in `engine.states`.", max_length=16)),
                ("language", fields.CharField(default="zh-CN", max_length=8)),
                (
                    "memory",
                    fields.JSONField(
                        description="What was asked and answered so far: `engine.memory.Memory` as JSON.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("begun_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "heard_at",
                    fields.DatetimeField(
                        db_index=True, description="When they were last heard.", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "conversations_conversation",
                "app": "conversations",
                "unique_together": (("account", "contact"),),
                "pk_attr": "id",
                "table_description": "A contact of an account, and the one conversation with them. Contacts are never merged.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="ContactLink",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "conversations.ChannelConversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("person", fields.CharField(db_index=True, max_length=1415)),
                (
                    "known",
                    fields.JSONField(
                        description="What the sign-in knew: the members of a `Principal` that a case needs.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "way",
                    fields.CharField(description="How: `sign-in`, `app` (its QR code) or `digits`.", max_length=16),
                ),
                ("linked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "conversations_link",
                "app": "conversations",
                "indexes": [Index(fields=["conversation_id", "ended_at"], name="conversations_link_of")],
                "pk_attr": "id",
                "table_description": "Who a contact is: a citizen who has signed in for it once. One at a time, and ended rather than changed.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="Turn",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "conversations.ChannelConversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "key",
                    fields.CharField(
                        description="The provider's id of the message, and a digest of what was in it: other words under one id are another turn.",
                        max_length=128,
                    ),
                ),
                ("digest", fields.CharField(max_length=32)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                (
                    "heard",
                    fields.JSONField(
                        description="What was written, as far as it may be kept.", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
                (
                    "reply",
                    fields.JSONField(
                        description="What was answered: a repeat is answered the same.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "conversations_turn",
                "app": "conversations",
                "unique_together": (("conversation", "key", "digest"),),
                "pk_attr": "id",
                "table_description": "One inbound message with its reply: written with all that it has changed, so there is none or both.",
            },
            bases=["Personal"],
        ),
    ]
