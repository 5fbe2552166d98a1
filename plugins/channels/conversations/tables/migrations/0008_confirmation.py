from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_desk_officer")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Confirmation",
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
                    "title",
                    fields.CharField(
                        description="What it is called, as the chat shows it; and the item and action behind that.",
                        max_length=1415,
                    ),
                ),
                ("item", fields.CharField(max_length=64)),
                ("action", fields.CharField(default="", max_length=64)),
                (
                    "digest",
                    fields.CharField(
                        description="A keyed hash of all that would be sent: a yes is for that alone, and once.",
                        max_length=64,
                    ),
                ),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_granted", fields.BooleanField(default=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "conversations_confirmation",
                "app": "conversations",
                "pk_attr": "id",
                "table_description": "What a chat that was bound lately is to do in a citizen's name: it waits for their yes in the app.",
            },
            bases=["OfConversation"],
        ),
        ops.AddField(
            model_name="ContactLink",
            name="is_proved",
            field=fields.BooleanField(
                default=False,
                description="Whether the provider has said that the contact itself opened the link by which they signed in.",
                db_default=False,
            ),
        ),
        ops.AddField(
            model_name="ContactLink",
            name="since",
            field=fields.DatetimeField(
                null=True,
                description="Since when the contact is theirs without a break, also where they have signed in anew; none: since then.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
    ]
