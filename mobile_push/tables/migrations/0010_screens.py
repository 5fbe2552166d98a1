"""What a broadcast is called on screens, and which phones a chunk has reached, so that it can be taken back there."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0009_trace")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Broadcast",
            name="tag",
            field=fields.CharField(
                default="",
                description="What it is called on screens where it took over an earlier one's name.",
                db_default="",
                max_length=64,
            ),
        ),
        ops.AddField(
            model_name="Chunk",
            name="reached",
            field=fields.BinaryField(
                null=True,
                description="A bit for each that has the message or may have it. None of a version that did not write it down.",
            ),
        ),
    ]
