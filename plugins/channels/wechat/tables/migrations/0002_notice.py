from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("wechat", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Notice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "key",
                    fields.CharField(
                        unique=True,
                        description="A digest of the message and the contact: the same is told once.",
                        max_length=32,
                    ),
                ),
                ("account", fields.CharField(max_length=100)),
                ("conversation_id", fields.UUIDField(description="Of the contact's conversation, which may be gone.")),
                ("person", fields.CharField(db_index=True, max_length=1415)),
                ("words", fields.TextField(description="What is said in the chat where WeChat doesn't take it.")),
                (
                    "state",
                    fields.CharField(
                        description="waiting, sending, accepted, delivered, unknown, or said in the chat.",
                        max_length=16,
                    ),
                ),
                (
                    "code",
                    fields.CharField(
                        default="",
                        description="WeChat's code or word, where it didn't take it; and its id of what it has taken.",
                        max_length=64,
                    ),
                ),
                ("provider_id", fields.CharField(default="", db_index=True, max_length=64)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_notice",
                "app": "wechat",
                "pk_attr": "id",
                "table_description": "One message of the platform to one contact, and what became of it.",
            },
            bases=["Personal"],
        ),
    ]
