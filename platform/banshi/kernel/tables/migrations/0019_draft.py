"""Answers that somebody hasn't handed in yet."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("banshi", "0018_file_state")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Of whose it is and to what: `banshi.builtin.drafts.routes.key_of`.",
                        max_length=32,
                    ),
                ),
                ("person", fields.CharField(db_index=True, max_length=1415)),
                ("item", fields.CharField(max_length=64)),
                ("answers", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("saved_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banshi_draft",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "One person's answers to one item, right or wrong.",
            },
            bases=["Personal"],
        )
    ]
