"""The trace that a promise belongs to."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from banshi.foundation.trace_context import present_trace
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0011_sealed_texts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="OutboxRow",
            name="trace",
            field=fields.CharField(
                default=present_trace,
                description="The traceparent of what it was promised by.",
                db_default="",
                max_length=55,
            ),
        )
    ]
