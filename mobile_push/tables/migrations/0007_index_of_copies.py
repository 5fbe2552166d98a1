"""The index by which a notice's copies are found: `0002_broadcasts` added the column, and that alone makes none."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0006_modes")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="InboxMessage",
            index=Index(fields=["broadcast_id"], name="push_inbox_message_broadcast"),
        ),
    ]
