"""The trace that a delivery and a broadcast belong to."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0008_sealed_texts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Broadcast",
            name="trace",
            field=fields.CharField(
                default="", description="The traceparent of its publication.", db_default="", max_length=55
            ),
        ),
        ops.AddField(
            model_name="Delivery",
            name="trace",
            field=fields.CharField(
                default="", description="The traceparent of the message's promise.", db_default="", max_length=55
            ),
        ),
    ]
