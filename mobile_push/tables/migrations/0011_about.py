"""What a message is about, beside its prose."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0010_screens")]

    initial = False

    operations = [
        ops.AddField(
            model_name="InboxMessage",
            name="category",
            field=fields.CharField(
                default="",
                description="The kind of the item, or of an alert's copy what CAP says.",
                db_default="",
                max_length=32,
            ),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="item",
            field=fields.CharField(
                default="",
                description='The item, the case\'s number and the state that the message tells of; "" where it is about none.',
                db_default="",
                max_length=64,
            ),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="number",
            field=fields.CharField(default="", db_default="", max_length=24),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="severity",
            field=fields.CharField(default="", db_default="", max_length=16),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="state",
            field=fields.CharField(default="", db_default="", max_length=32),
        ),
    ]
