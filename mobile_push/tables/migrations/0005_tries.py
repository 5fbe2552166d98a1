from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0004_topics")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Delivery",
            name="tries",
            field=fields.IntField(
                default=0,
                description="How often it was tried, since it was planned or since an operator wished it to be sent again.",
                db_default=0,
            ),
        ),
        # Until now every claim counted as a try. What is settled is not tried any more.
        ops.RunSQL("UPDATE push_delivery SET tries = attempts WHERE state = 'due' AND attempts > 0"),
    ]
