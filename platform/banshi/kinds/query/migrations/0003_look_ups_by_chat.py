"""By which channel somebody asked a register."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("query", "0002_sealed_texts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="LookUp",
            name="channel",
            field=fields.CharField(
                default="",
                description='The channel of the chat that asked for them, such as `wechat`; "" where they asked themselves.',
                db_default="",
                max_length=32,
            ),
        )
    ]
