"""How often an appeal was urged; and ratings, found by their day."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("appeal", "0003_sealed_texts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="AppealRecord",
            name="urged",
            field=fields.IntField(default=0, description="How often it was urged, and when last.", db_default=0),
        ),
        ops.AddField(
            model_name="AppealRecord",
            name="urged_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(model_name="AppealRecord", index=Index(fields=["rated_at"], name="appeal_rated")),
    ]
