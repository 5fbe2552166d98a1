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
            name="DeskDay",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                ("day", fields.DateField()),
                ("hours", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "desk_day",
                "app": "desk",
                "unique_together": (("desk", "day"),),
                "pk_attr": "id",
                "table_description": "Other hours of a desk on one day than the calendar gives it; none at all: it is closed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeskOfficer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                ("officer", fields.CharField(max_length=1415)),
                ("officer_name", fields.CharField(max_length=1415)),
                ("day", fields.DateField()),
            ],
            options={
                "table": "desk_officer",
                "app": "desk",
                "unique_together": (("desk", "officer", "day"),),
                "pk_attr": "id",
                "table_description": "That an officer of a desk has called the platform on a day, by a token with the role there.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="DeskPhrase",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                ("code", fields.CharField(max_length=64)),
                ("version", fields.IntField()),
                ("texts", fields.JSONField(description="By language.", encoder=JSON_DUMPS, decoder=loads)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "desk_phrase",
                "app": "desk",
                "unique_together": (("desk", "code", "version"),),
                "pk_attr": "id",
                "table_description": "One version of a canned answer; the last one counts, and one without words has been taken away.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Enquiry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "kind",
                    fields.CharField(
                        description="The kind of the party at the other end, such as `conversation`, and its id of them.",
                        max_length=32,
                    ),
                ),
                ("subject", fields.UUIDField()),
                (
                    "person",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description='The citizen who was known there when a person was asked for; "" for a stranger.',
                        max_length=1415,
                    ),
                ),
                ("desk", fields.CharField(description="A code of the settings.", max_length=64)),
                (
                    "state",
                    fields.CharField(
                        description="waiting, held, closed (by an officer, or as nobody said more), left (by the citizen), or word (the desk was",
                        max_length=8,
                    ),
                ),
                ("urgent", fields.BooleanField(default=False, description="Spoke of danger: goes before all others.")),
                (
                    "asked_at",
                    fields.DatetimeField(
                        db_index=True,
                        description="When a person was asked for: the place in the queue, also of what comes back to it.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "officer",
                    fields.CharField(
                        default="",
                        description='Who holds it, "" for nobody, what they are called, and until when.',
                        max_length=1415,
                    ),
                ),
                ("officer_name", fields.CharField(default="", max_length=1415)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "owed_since",
                    fields.DatetimeField(
                        null=True,
                        description="Since when the citizen waits for a word, None while it is the citizen's turn.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "delayed_at",
                    fields.DatetimeField(
                        null=True,
                        description="When they were told that it takes longer.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("claimed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("rating", fields.IntField(null=True, description="1 to 5, where they gave one.")),
            ],
            options={
                "table": "desk_enquiry",
                "app": "desk",
                "indexes": [
                    Index(fields=["desk", "state", "asked_at"], name="desk_enquiry_queue"),
                    Index(fields=["subject", "state"], name="desk_enquiry_of"),
                ],
                "pk_attr": "id",
                "table_description": "Somebody with a person of a desk, from the call for one until it is closed.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="DeskEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "enquiry",
                    fields.ForeignKeyField(
                        "desk.Enquiry",
                        source_field="enquiry_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("desk", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "what",
                    fields.CharField(
                        description="Such as queued, claimed, note, cases; `desk.queue` has them.", max_length=16
                    ),
                ),
                (
                    "officer",
                    fields.CharField(
                        default="",
                        description='Who of the staff, "" for the citizen and the platform.',
                        max_length=1415,
                    ),
                ),
                ("officer_name", fields.CharField(default="", max_length=1415)),
                (
                    "text",
                    fields.TextField(
                        default="", description="A note, why it was handed on, or for what purpose something was read."
                    ),
                ),
                (
                    "word",
                    fields.UUIDField(
                        null=True, db_index=True, description="What was said by it, as the party calls it."
                    ),
                ),
                ("cases", fields.JSONField(default=list, description="Ids of the cases that were read.")),
            ],
            options={
                "table": "desk_event",
                "app": "desk",
                "indexes": [Index(fields=["enquiry_id"], name="desk_event_of")],
                "pk_attr": "id",
                "table_description": "What happened to an enquiry: its history, and what the stream tells. Rows are only ever added.",
            },
            bases=["Personal"],
        ),
    ]
