from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True,
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Counts up: who joined a waiting list first has the smaller one.",
                    ),
                ),
                ("case_id", fields.UUIDField(unique=True)),
                ("item", fields.CharField(max_length=64)),
                ("person", fields.CharField(max_length=255)),
                ("slot_id", fields.UUIDField()),
                ("place", fields.CharField(max_length=64)),
                ("begins", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "state",
                    fields.CharField(description="taken, waiting, offered, entered (a draw), over.", max_length=8),
                ),
                (
                    "internal",
                    fields.BooleanField(default=False, description="In one of the places that are staff's to give."),
                ),
                (
                    "seat",
                    fields.SmallIntField(
                        null=True,
                        description="Which of the person's appointments it is, and which of their waiting lists and draws, each from 1 to the limit.",
                    ),
                ),
                ("turn", fields.SmallIntField(null=True)),
                (
                    "live",
                    fields.SmallIntField(
                        null=True, default=1, description="1, or NULL once it is over: nobody is in a slot twice."
                    ),
                ),
                (
                    "drawn",
                    fields.IntField(default=2147483647, description="Place in the draw's order, the first is 0."),
                ),
                (
                    "ticket",
                    fields.CharField(
                        description="What the draw and its public list call the person, and what the QR code at the counter says.",
                        max_length=16,
                    ),
                ),
                ("code", fields.CharField(unique=True, max_length=32)),
                (
                    "until",
                    fields.DatetimeField(
                        null=True,
                        description="Until when an offered place is kept.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "sequence",
                    fields.IntField(
                        default=0, description="How often the calendar entry has changed (RFC 5545, SEQUENCE)."
                    ),
                ),
                ("reminded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("checked_in_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("missed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "appointment_booking",
                "app": "appointment",
                "unique_together": (
                    ("item", "person", "seat"),
                    ("item", "person", "turn"),
                    ("slot_id", "person", "live"),
                ),
                "indexes": [
                    Index(fields=["slot_id", "state", "drawn", "id"], name="appointment_booking_queue"),
                    Index(fields=["state", "ends"], name="appointment_booking_due"),
                    Index(fields=["item", "person", "missed_at"], name="appointment_booking_missed"),
                ],
                "pk_attr": "id",
                "table_description": "What a case has to do with its slot. It changes only together with the case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Hold",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("item", fields.CharField(max_length=64)),
                ("person", fields.CharField(max_length=255)),
                ("slot_id", fields.UUIDField()),
                (
                    "live",
                    fields.SmallIntField(
                        null=True,
                        default=1,
                        description="1, or NULL once it was used or given back: one person holds one place of an item.",
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "appointment_hold",
                "app": "appointment",
                "unique_together": (("item", "person", "live"),),
                "indexes": [Index(fields=["live", "expires_at"], name="appointment_hold_due")],
                "pk_attr": "id",
                "table_description": "A place that is kept while its form is filled.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Slot",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("item", fields.CharField(max_length=64)),
                ("place", fields.CharField(description="The code of one of the item's places.", max_length=64)),
                ("begins", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "opens_at",
                    fields.DatetimeField(
                        description="From when on it can be taken.", auto_now=False, auto_now_add=False
                    ),
                ),
                ("capacity", fields.IntField()),
                ("taken", fields.IntField(default=0)),
                ("internal", fields.IntField(default=0, description="The same for those whom staff put there.")),
                ("taken_internal", fields.IntField(default=0)),
                (
                    "waiting",
                    fields.IntField(
                        default=0,
                        description="People on its waiting list. While there are any, a free place is theirs.",
                    ),
                ),
                (
                    "is_open",
                    fields.BooleanField(
                        default=True,
                        description="False where the opening hours no longer have it: nobody new comes in, whoever is in it stays.",
                    ),
                ),
                (
                    "draw_at",
                    fields.DatetimeField(
                        null=True,
                        description="When it is drawn, where it is. How far that is: open (people enter), running, done.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("draw", fields.CharField(default="", max_length=8)),
                (
                    "seed",
                    fields.CharField(
                        default="",
                        description="Hexadecimal. Its SHA-256 is public from the beginning, itself after the draw.",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "table": "appointment_slot",
                "app": "appointment",
                "unique_together": (("item", "place", "begins"),),
                "indexes": [
                    Index(fields=["item", "begins", "id"], name="appointment_slot_day"),
                    Index(fields=["waiting", "begins"], name="appointment_slot_waiting"),
                    Index(fields=["draw", "draw_at"], name="appointment_slot_draw"),
                ],
                "pk_attr": "id",
                "table_description": "A time at a place, and how many people it has room for. `taken` counts what is held, offered or booked.",
            },
            bases=["Model"],
        ),
    ]
