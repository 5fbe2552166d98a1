"""A case is of a mode: what is made up, what a team tries out, and what is live."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0003_materials_handed_in_again")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Case",
            name="mode",
            field=fields.CharField(
                default="live",
                description="test, team or live: what its item and who made it were when it came to be, and so for good.",
                db_default="live",
                max_length=4,
            ),
        ),
        ops.AddIndex(model_name="Case", index=Index(fields=["mode", "created_at"], name="banshi_case_mode")),
    ]
