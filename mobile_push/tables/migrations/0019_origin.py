"""Which plugin has drafted a broadcast, so that it is asked before that goes out."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0018_second_person")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Broadcast",
            name="origin",
            field=fields.CharField(
                default="",
                description='The plugin that drafted it, and is asked before it goes out; "" for none.',
                db_default="",
                max_length=64,
            ),
        ),
    ]
