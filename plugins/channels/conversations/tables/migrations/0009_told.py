from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_confirmation")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Home",
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
                    "division",
                    fields.CharField(
                        description="A code of GB/T 2260: 6 digits, 9 with the street, 12 with the community.",
                        max_length=12,
                    ),
                ),
            ],
            options={
                "table": "conversations_home",
                "app": "conversations",
                "unique_together": (("conversation", "division"),),
                "pk_attr": "id",
                "table_description": "Where a contact is at home, as they have said: which alerts concern them. One may have several.",
            },
            bases=["OfConversation"],
        ),
        ops.CreateModel(
            name="Word",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("account", fields.CharField(max_length=100)),
                ("provider_id", fields.CharField(max_length=128)),
                (
                    "arrived",
                    fields.BooleanField(description="Whether it has arrived, and the provider's word for why not."),
                ),
                ("code", fields.CharField(default="", max_length=64)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "conversations_word",
                "app": "conversations",
                "unique_together": (("account", "provider_id"),),
                "pk_attr": "id",
                "table_description": "What a provider says became of a message of which no row knows the id yet, or of another's.",
            },
            bases=["Model"],
        ),
        ops.RemoveIndex(
            model_name="Said",
            name="conversations_said_due",
            fields=None,
        ),
        ops.AddField(
            model_name="Said",
            name="about",
            field=fields.CharField(default="", db_index=True, db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="Said",
            name="kind",
            field=fields.CharField(
                default="",
                description="Of a notice: `case` or `alert`, what can stand in the fields of the provider's own, and an alert's id. What is",
                db_default="",
                max_length=16,
            ),
        ),
        ops.AddField(
            model_name="Said",
            name="news",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddIndex(
            model_name="Said",
            index=Index(fields=["channel", "state", "by", "id"], name="conversations_said_lane"),
        ),
        ops.AddField(
            model_name="Window",
            name="ref",
            field=fields.CharField(
                default="",
                description="The provider's id of the message that opened it last.",
                db_default="",
                max_length=128,
            ),
        ),
    ]
