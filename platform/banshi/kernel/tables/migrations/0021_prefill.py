"""That somebody had a form filled in."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0020_unit_of_a_clock")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Prefill",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("person", fields.CharField(db_index=True, max_length=1415)),
                ("item", fields.CharField(max_length=64)),
                (
                    "known",
                    fields.JSONField(
                        description="Words of the forms' vocabulary, such as `phone`.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "cases",
                    fields.JSONField(
                        description="The cases that it came from, by their ids.", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "banshi_prefill",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "One consent of a person.",
            },
            bases=["Personal"],
        )
    ]
