from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AppealRecord",
            fields=[
                ("case_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("sort", fields.CharField(max_length=16)),
                (
                    "category",
                    fields.CharField(
                        default="",
                        description="One of the item's categories, or empty until a person has read it.",
                        max_length=64,
                    ),
                ),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "merged_into",
                    fields.UUIDField(null=True, description="The appeal that says the same, and is answered for both."),
                ),
                (
                    "rating",
                    fields.SmallIntField(
                        null=True, description="The citizen's stars for the first answer, from 1 to 5."
                    ),
                ),
                ("rating_text", fields.CharField(default="", max_length=1000)),
                ("rated_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "appeal",
                "app": "appeal",
                "indexes": [Index(fields=["merged_into", "received_at"], name="appeal_received")],
                "pk_attr": "case_id",
                "table_description": "What a case has beside its answers. It changes only together with the case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Reply",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("case_id", fields.UUIDField()),
                ("number", fields.SmallIntField(description="1 or 2.")),
                ("text", fields.TextField(unique=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "on_time",
                    fields.BooleanField(default=True, description="Whether it came by the day that was promised."),
                ),
            ],
            options={
                "table": "appeal_reply",
                "app": "appeal",
                "unique_together": (("case_id", "number"),),
                "pk_attr": "id",
                "table_description": "An answer: the first one, or the one after a low rating.",
            },
            bases=["Model"],
        ),
    ]
