from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_room")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Enquiry",
            name="blocked_until",
            field=fields.DatetimeField(
                null=True,
                description="Until when its desk takes nothing of that contact but danger: an officer has blocked them.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
    ]
