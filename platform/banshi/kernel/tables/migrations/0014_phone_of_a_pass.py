"""The phone that holds a dynamic pass. A server of the version before issues none, and writes nothing there."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0013_index_of_work")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Pass",
            name="phone",
            field=fields.CharField(
                null=True,
                description="Of a dynamic one: the key of the phone that holds it, in hexadecimal, empty while none does.",
                max_length=66,
            ),
        )
    ]
