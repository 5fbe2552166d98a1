from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("appeal", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Letter",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("case_id", fields.UUIDField()),
                ("number", fields.SmallIntField()),
                ("by", fields.CharField(description="citizen or staff.", max_length=8)),
                ("text", fields.TextField(unique=False)),
                (
                    "files",
                    fields.JSONField(
                        description="The ids of the attachments that came with it.", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "appeal_letter",
                "app": "appeal",
                "unique_together": (("case_id", "number"),),
                "pk_attr": "id",
                "table_description": "A message between the citizen and the unit, beside the answers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TipCode",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True, unique=True, db_index=True, description="SHA-256 of the code.", max_length=64
                    ),
                ),
                ("case_id", fields.UUIDField(unique=True)),
            ],
            options={
                "table": "appeal_tip_code",
                "app": "appeal",
                "pk_attr": "id",
                "table_description": "What leads from a code to the appeal that somebody handed in without a name.",
            },
            bases=["Model"],
        ),
    ]
