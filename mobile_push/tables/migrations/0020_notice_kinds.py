from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0019_origin")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Broadcast",
            name="category",
            field=fields.CharField(
                default="",
                description='Of a notice its kind, a code of `NOTICE_KINDS`; "" for none.',
                db_default="",
                max_length=32,
            ),
        ),
    ]
