from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="PostingRecord",
            fields=[
                ("case_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("item", fields.CharField(max_length=64)),
                ("department", fields.CharField(max_length=64)),
                ("sort", fields.CharField(description="lost, found or missing-person.", max_length=16)),
                (
                    "state",
                    fields.CharField(
                        default="waiting",
                        description="waiting until somebody has looked at it, public, or ended.",
                        max_length=8,
                    ),
                ),
                ("title", fields.CharField(max_length=200)),
                ("text", fields.TextField(unique=False)),
                ("place", fields.CharField(default="", max_length=200)),
                (
                    "day",
                    fields.DateField(
                        null=True, description="The day on which it was lost or found, and GB/T 2260 where."
                    ),
                ),
                ("division", fields.CharField(default="", max_length=6)),
                ("category", fields.CharField(default="", max_length=64)),
                ("colour", fields.CharField(default="", max_length=64)),
                ("brand", fields.CharField(default="", max_length=64)),
                (
                    "facts",
                    fields.JSONField(
                        description="The values of the item's facts, by their pointers.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "photos",
                    fields.JSONField(
                        description="The cleaned pictures: file, media type, size in pixels, digest.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "terms",
                    fields.TextField(
                        description="The search terms of what is published, with a blank before, between and behind them.",
                        unique=False,
                    ),
                ),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "reminded_at",
                    fields.DatetimeField(
                        null=True,
                        description="The poster was told that it ends soon, and has asked for more time.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("is_extended", fields.BooleanField(default=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "posting",
                "app": "posting",
                "indexes": [
                    Index(fields=["state", "published_at", "case_id"], name="posting_newest"),
                    Index(fields=["state", "expires_at"], name="posting_expiry"),
                ],
                "pk_attr": "case_id",
                "table_description": "What anybody may read of a case while it is published. It changes only together with the case.",
            },
            bases=["Model"],
        ),
    ]
