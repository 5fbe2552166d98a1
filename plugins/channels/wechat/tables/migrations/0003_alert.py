from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("wechat", "0002_notice")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Notice",
            name="alert",
            field=fields.CharField(
                default="",
                db_default="",
                db_index=True,
                description='The alert that it tells of; "" for none.',
                max_length=64,
            ),
        ),
        ops.AddField(
            model_name="Notice",
            name="until",
            field=fields.DatetimeField(
                null=True, description="When it isn't worth telling any more.", auto_now=False, auto_now_add=False
            ),
        ),
    ]
