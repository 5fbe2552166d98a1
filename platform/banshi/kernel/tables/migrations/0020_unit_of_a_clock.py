from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0019_draft")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Case",
            name="clock_unit",
            field=fields.CharField(
                default="working-day",
                description="What is counted of them: working-day, or calendar-day for all.",
                db_default="working-day",
                max_length=12,
            ),
        )
    ]
