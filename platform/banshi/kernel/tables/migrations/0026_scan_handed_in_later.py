from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0025_quotas_and_tokens")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Scan",
            name="received_at",
            field=fields.DatetimeField(
                null=True,
                description="When it came in, of one whose phone says when it was; None where `at` is by our own clock.",
                auto_now=False,
                auto_now_add=False,
            ),
        )
    ]
