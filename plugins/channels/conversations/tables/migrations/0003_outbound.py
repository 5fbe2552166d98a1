from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_link_offer")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Said",
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
                    "channel",
                    fields.CharField(
                        description="What the account's name begins with: `wechat` of `wechat:wx1234`.", max_length=32
                    ),
                ),
                (
                    "key",
                    fields.CharField(
                        unique=True, description="The same is promised once, whoever promises it again.", max_length=120
                    ),
                ),
                (
                    "by",
                    fields.CharField(
                        description="Who says it: `engine`, `officer` or `notice`; of an officer, which one.",
                        max_length=16,
                    ),
                ),
                ("officer", fields.CharField(default="", max_length=1415)),
                (
                    "person",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description='The citizen whom it is for, "" for whoever has the contact: nobody else gets it there.',
                        max_length=1415,
                    ),
                ),
                ("words", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("state", fields.CharField(description="Of the table in `outbound.states`.", max_length=16)),
                (
                    "code",
                    fields.CharField(
                        default="",
                        description="The provider's code, where it refused it or said that it didn't arrive, and what that means for people.",
                        max_length=64,
                    ),
                ),
                ("why", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "window",
                    fields.CharField(
                        default="",
                        description="The window that was spent, and the provider's id of what it has taken.",
                        max_length=16,
                    ),
                ),
                ("provider_id", fields.CharField(default="", db_index=True, max_length=128)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "not_before",
                    fields.BigIntField(
                        default=0,
                        description="Milliseconds of the database's clock: not tried before, and leased to a worker until.",
                    ),
                ),
                ("lease_until", fields.BigIntField(default=0)),
                (
                    "attempts",
                    fields.IntField(
                        default=0,
                        description="How often it was claimed, also the fencing token; and how often it was refused for now.",
                    ),
                ),
                ("refusals", fields.IntField(default=0)),
                (
                    "is_sending",
                    fields.BooleanField(
                        default=False,
                        description="It may be on its way: where nobody has said what came of it when the lease ends, nobody knows.",
                    ),
                ),
            ],
            options={
                "table": "conversations_said",
                "app": "conversations",
                "indexes": [
                    Index(fields=["channel", "state", "id"], name="conversations_said_due"),
                    Index(fields=["conversation_id", "state", "id"], name="conversations_said_of"),
                ],
                "pk_attr": "id",
                "table_description": "One message to a contact unasked, with what became of it. Written with what caused it.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="Window",
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
                ("kind", fields.CharField(description="The channel's word for it.", max_length=16)),
                ("until", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("sends_left", fields.IntField(null=True, description="None: any number.")),
            ],
            options={
                "table": "conversations_window",
                "app": "conversations",
                "unique_together": (("conversation", "kind"),),
                "pk_attr": "id",
                "table_description": "Until when and how often a contact may still be written to, by one of the provider's rules.",
            },
            bases=["Model"],
        ),
    ]
