from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Edition",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("refutation_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("words", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refutations_edition",
                "app": "refutations",
                "unique_together": (("refutation_id", "number"),),
                "pk_attr": "id",
                "table_description": "What a record said from one moment on, word for word. Rows are only added.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Hearer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=1415)),
                (
                    "about",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description='The record\'s id; "" for whoever follows all; `muted` where they want to hear of it no more.',
                        max_length=36,
                    ),
                ),
                ("case_id", fields.UUIDField(null=True, description="The case in which they asked.")),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refutations_hearer",
                "app": "refutations",
                "unique_together": (("person", "about"),),
                "pk_attr": "id",
                "table_description": "Somebody who is told of what is published: of all, or of the one that they have asked about.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="Refutation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "number",
                    fields.CharField(
                        default="",
                        description='Such as 2026-17, given with the first edition; "" before.',
                        max_length=16,
                    ),
                ),
                ("department", fields.CharField(max_length=64)),
                ("state", fields.CharField(max_length=24)),
                ("version", fields.IntField(default=1, description="Counts everything that was done with it.")),
                (
                    "edition",
                    fields.IntField(default=0, description="The edition that anybody reads; 0 before the first."),
                ),
                (
                    "draft",
                    fields.JSONField(
                        null=True,
                        description="What the next edition says, as it is being written (`writing.forms`); NULL where nobody writes one.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "due_at",
                    fields.DatetimeField(
                        description="Until when the first edition is to be public.", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "published_at",
                    fields.DatetimeField(
                        null=True,
                        description="When the first and the newest edition became public.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("updated_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refutations_record",
                "app": "refutations",
                "indexes": [Index(fields=["state", "updated_at"], name="refutations_record_state")],
                "pk_attr": "id",
                "table_description": "One claim that goes around, and where its record stands.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefutationStep",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("refutation_id", fields.UUIDField()),
                (
                    "version",
                    fields.IntField(
                        description="The record's version from this step on, and the edition that it is about."
                    ),
                ),
                ("edition", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("action", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=24)),
                ("actor", fields.CharField(description="Subject of the member of staff.", max_length=255)),
                ("reason", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "refutations_step",
                "app": "refutations",
                "unique_together": (("refutation_id", "version"),),
                "pk_attr": "id",
                "table_description": "Who did what with a record, and when. Rows are only added.",
            },
            bases=["Model"],
        ),
    ]
