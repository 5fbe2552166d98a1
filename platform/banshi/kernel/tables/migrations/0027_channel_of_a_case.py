from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0026_scan_handed_in_later")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Case",
            name="channel",
            field=fields.CharField(
                default="",
                description='By which channel it was begun, such as `site` or `wechat`; "" for an app or another program.',
                db_default="",
                max_length=32,
            ),
        )
    ]
