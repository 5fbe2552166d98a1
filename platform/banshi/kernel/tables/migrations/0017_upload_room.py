"""How much of their room for files people have used."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0016_readings")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UploadRoom",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Of whom it is: `banshi.builtin.uploads.room.whose`.",
                        max_length=32,
                    ),
                ),
                ("used", fields.BigIntField(description="At least what lies there unused.")),
                ("counted", fields.BigIntField(description="When it was counted last, in milliseconds.")),
            ],
            options={
                "table": "banshi_upload_room",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "Bytes that somebody uploaded since they were counted last. What has left since is found by counting anew.",
            },
            bases=["Model"],
        )
    ]
