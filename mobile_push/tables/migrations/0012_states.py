"""What people have done with their messages: read, archived, deleted."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0011_about")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MessageState",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=1415)),
                (
                    "message_id",
                    fields.UUIDField(
                        description="The message's or the broadcast's; zeros for what is marked as read up to a place (`Profile`)."
                    ),
                ),
                ("common", fields.BooleanField(description="Whether it is a broadcast, and its place in its log.")),
                ("seq", fields.BigIntField()),
                ("number", fields.BigIntField(description="Of the last change, from the person's counter.")),
                ("read_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("archived_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "push_message_state",
                "app": "mobile_push",
                "unique_together": (("person", "message_id"),),
                "indexes": [Index(fields=["person", "number"], name="push_message_state_number")],
                "pk_attr": "id",
                "table_description": "What a person has done with a message, numbered by its last change: a phone that was off reads on behind it.",
            },
            bases=["Personal"],
        ),
        ops.AddField(
            model_name="InboxCounter",
            name="changes",
            field=fields.BigIntField(
                default=0, description="The number of the last change (`MessageState`).", db_default=0
            ),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="archived_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="deleted_at",
            field=fields.DatetimeField(
                null=True,
                description="Its number stays, and nothing of what it said.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Profile",
            name="marked_at",
            field=fields.BigIntField(
                default=0, description="Milliseconds since 1970 at which they were last moved on.", db_default=0
            ),
        ),
    ]
