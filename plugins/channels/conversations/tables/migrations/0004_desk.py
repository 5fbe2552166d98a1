from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_outbound")]

    initial = False

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
                "table": "conversations_desk_day",
                "app": "conversations",
                "unique_together": (("desk", "day"),),
                "pk_attr": "id",
                "table_description": "Other hours of a desk on one day than the calendar gives it; none at all: it is closed.",
            },
            bases=["Model"],
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
                "table": "conversations_desk_phrase",
                "app": "conversations",
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
                    "conversation",
                    fields.ForeignKeyField(
                        "conversations.ChannelConversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
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
                "table": "conversations_enquiry",
                "app": "conversations",
                "indexes": [
                    Index(fields=["desk", "state", "asked_at"], name="conversations_enquiry_queue"),
                    Index(fields=["conversation_id", "state"], name="conversations_enquiry_of"),
                ],
                "pk_attr": "id",
                "table_description": "One conversation with a person of a desk, from the call for one until it is closed.",
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
                        "conversations.Enquiry",
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
                        default="", description="A note, why it was handed on, or for what purpose the cases were read."
                    ),
                ),
                (
                    "cases",
                    fields.JSONField(
                        default=list, description="Ids of the cases that were read.", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
            ],
            options={
                "table": "conversations_desk_event",
                "app": "conversations",
                "pk_attr": "id",
                "table_description": "What happened to an enquiry: its history, and what the stream tells. Rows are only ever added.",
            },
            bases=["Personal"],
        ),
    ]
