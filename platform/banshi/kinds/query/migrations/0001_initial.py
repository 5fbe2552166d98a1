from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Allowance",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Hash of the asker and the item.",
                        max_length=32,
                    ),
                ),
                (
                    "since",
                    fields.BigIntField(db_index=True, description="Milliseconds since 1970 at which the hour began."),
                ),
                ("used", fields.IntField()),
                (
                    "spent",
                    fields.IntField(description="Those that found nothing, and those whose answer isn't there yet."),
                ),
                ("waiting", fields.IntField(description="Those whose answer isn't there yet.")),
            ],
            options={
                "table": "query_allowance",
                "app": "query",
                "pk_attr": "id",
                "table_description": "How often somebody has asked one item within an hour.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Batch",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("register", fields.CharField(db_index=True, max_length=64)),
                ("file", fields.CharField(description="Name of the file, for whoever operates it.", max_length=255)),
                ("rows", fields.IntField(default=0)),
                (
                    "as_of",
                    fields.DatetimeField(
                        description="The time that the data are from.", auto_now=False, auto_now_add=False
                    ),
                ),
                ("sample", fields.BooleanField(description="Made up, for development.")),
                ("key_id", fields.CharField(description="Which key its rows were hashed with.", max_length=16)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "query_batch",
                "app": "query",
                "pk_attr": "id",
                "table_description": "One import of a whole register.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LookUp",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("item", fields.CharField(max_length=64)),
                ("department", fields.CharField(max_length=64)),
                ("register", fields.CharField(max_length=64)),
                ("asker", fields.CharField(description="The asker's subject.", max_length=255)),
                ("staff", fields.BooleanField(description="A member of the department's staff, at the counter.")),
                ("purpose", fields.CharField(max_length=200)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                (
                    "found",
                    fields.IntField(
                        null=True, description="Records that were shown, or None where the register gave no answer."
                    ),
                ),
            ],
            options={
                "table": "query_look_up",
                "app": "query",
                "pk_attr": "id",
                "table_description": "Somebody asked a register about a person. Neither the question nor the answer is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LookUpPerson",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "look_up",
                    fields.ForeignKeyField(
                        "query.LookUp",
                        source_field="look_up_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="people",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("about", fields.CharField(max_length=32)),
            ],
            options={
                "table": "query_look_up_person",
                "app": "query",
                "indexes": [Index(fields=["about", "id"], name="query_look_up_about")],
                "pk_attr": "id",
                "table_description": "A person whose record was shown by a look-up, as the keyed hash of their number.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Record",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("batch", fields.BigIntField()),
                ("key", fields.CharField(max_length=32)),
                ("owner", fields.CharField(description='"" where the record is about nobody.', max_length=32)),
                ("line", fields.IntField(description="Its line in the file.")),
                ("data", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "query_record",
                "app": "query",
                "indexes": [Index(fields=["batch", "key", "line"], name="query_record_key")],
                "pk_attr": "id",
                "table_description": "One record of a register. Keys and owner are keyed hashes, what is shown stands in `data`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RegisterPointer",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("batch", fields.BigIntField()),
            ],
            options={
                "table": "query_register",
                "app": "query",
                "pk_attr": "code",
                "table_description": "Which batch of a register is the one that is asked. An import is true from the moment that this row says so.",
            },
            bases=["Model"],
        ),
    ]
