from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_figures")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Said",
            name="until",
            field=fields.DatetimeField(
                null=True,
                description="When it isn't worth saying any more; none for always.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
    ]
