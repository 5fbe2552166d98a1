"""Who of the staff read what, and who was refused."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0015_moments_in_utc")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CaseReading",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True,
                        default=uuid4,
                        unique=True,
                        db_index=True,
                        description="A UUIDv7 of the quarter's beginning, its rest a keyed digest of reader and case.",
                    ),
                ),
                ("case_id", fields.UUIDField()),
                (
                    "at",
                    fields.DatetimeField(
                        description="When it was read first in that quarter.", auto_now=False, auto_now_add=False
                    ),
                ),
                ("reader", fields.CharField(max_length=1415)),
                (
                    "department",
                    fields.CharField(
                        description="The role by which they may; the unit is empty where it is for the whole department.",
                        max_length=64,
                    ),
                ),
                ("unit", fields.CharField(default="", max_length=64)),
                ("role", fields.CharField(max_length=64)),
                ("mark", fields.BinaryField(description="The keyed digest of all columns.")),
                (
                    "seal",
                    fields.BigIntField(null=True, description="The seal that has this entry, None until it is sealed."),
                ),
            ],
            options={
                "table": "banshi_case_reading",
                "app": "banshi",
                "indexes": [
                    Index(fields=["case_id", "id"], name="banshi_case_reading_case"),
                    Index(fields=["seal", "id"], name="banshi_case_reading_seal"),
                ],
                "pk_attr": "id",
                "table_description": "That a member of staff has read a case. Rows are only ever added, and leave after a time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True,
                        default=uuid4,
                        unique=True,
                        db_index=True,
                        description="As a reading's, of subject and operation.",
                    ),
                ),
                (
                    "first_at",
                    fields.DatetimeField(
                        description="When it was first and last refused in that quarter, and how often.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("count", fields.IntField()),
                (
                    "subject",
                    fields.CharField(
                        description="Keyed digest of the subject, in hexadecimal digits; empty for all whom there was no room to tell apart.",
                        max_length=32,
                    ),
                ),
                (
                    "operation",
                    fields.CharField(
                        description="As the API's document calls it, and the code of the problem.", max_length=64
                    ),
                ),
                ("code", fields.CharField(max_length=64)),
            ],
            options={
                "table": "banshi_refusal",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "That somebody asked for what they may not: once for a subject, an operation and a quarter of an hour.",
            },
            bases=["Model"],
        ),
    ]
