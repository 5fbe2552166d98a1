"""Whether all of a case is there, or only what statistics count."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0008_audit_chain")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Case",
            name="content",
            field=fields.CharField(
                default="kept",
                description="Whether it is all there: kept, leaving (nobody moves it any more), gone (only what statistics count is left).",
                db_default="kept",
                max_length=8,
            ),
        ),
        ops.AddIndex(
            model_name="Case",
            index=Index(fields=["content", "item", "state", "updated_at"], name="banshi_case_content"),
        ),
    ]
