from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LinkOffer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "conversations.ChannelConversation",
                        source_field="conversation_id",
                        null=True,
                        description="Of a link, the contact that it is for. What an app shows is for whichever contact sends it.",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "token",
                    fields.CharField(
                        unique=True,
                        description="Keyed hashes of what the link or the QR code has, and of the digits.",
                        max_length=64,
                    ),
                ),
                ("digits", fields.CharField(null=True, unique=True, max_length=64)),
                (
                    "person",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description="Of an app, who has asked for it, and what their sign-in knew.",
                        max_length=1415,
                    ),
                ),
                ("known", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("ends_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "conversations_link_offer",
                "app": "conversations",
                "pk_attr": "id",
                "table_description": "A way to bind a contact that is good once: a link in a chat, or the digits and the QR code of a signed-in app.",
            },
            bases=["Personal"],
        ),
    ]
