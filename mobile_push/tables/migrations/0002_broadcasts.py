from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0001_initial")]

    initial = False

    beside = "of a column that is altered only the comment changes"

    operations = [
        ops.CreateModel(
            name="Broadcast",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("kind", fields.CharField(description="notice or alert.", max_length=16)),
                ("department", fields.CharField(max_length=64)),
                (
                    "state",
                    fields.CharField(
                        description="draft, proposed, scheduled, published, cancelled, recalled or superseded.",
                        max_length=16,
                    ),
                ),
                ("version", fields.IntField(default=1)),
                (
                    "seq",
                    fields.BigIntField(
                        null=True,
                        unique=True,
                        description="Its place in the common log, from its publication on. Given in the publishing transaction, so that no reader",
                    ),
                ),
                ("title", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("body", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "content",
                    fields.JSONField(
                        null=True,
                        description="Markdown by language, read inside the app, and a picture's https address.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("image", fields.CharField(default="", max_length=500)),
                ("link", fields.CharField(max_length=255)),
                ("audience", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "cap",
                    fields.JSONField(
                        null=True,
                        description="An alert as CAP has it, None for a notice.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("collapse_key", fields.CharField(default="", max_length=64)),
                (
                    "supersedes",
                    fields.UUIDField(null=True, description="The earlier one that this one takes the place of."),
                ),
                ("author", fields.CharField(max_length=255)),
                ("approver", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("send_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("published_at", fields.BigIntField(null=True, description="Milliseconds of the database's clock.")),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "push_broadcast",
                "app": "mobile_push",
                "indexes": [Index(fields=["kind", "state", "id"], name="push_broadcast_state")],
                "pk_attr": "id",
                "table_description": "A notice or an alert to an audience. It is stored once, however many phones it goes to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Chunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("broadcast_id", fields.UUIDField()),
                ("provider", fields.CharField(max_length=16)),
                ("lane", fields.SmallIntField()),
                (
                    "state",
                    fields.CharField(
                        default="due", description="due, done, parked, recalled or dropped.", max_length=8
                    ),
                ),
                (
                    "devices",
                    fields.BinaryField(
                        description="The phones' ids, 16 bytes each, and a bit for each that is dealt with."
                    ),
                ),
                ("done", fields.BinaryField()),
                ("size", fields.IntField()),
                (
                    "topic",
                    fields.CharField(
                        default="", description="A provider's own topic in place of phones.", max_length=160
                    ),
                ),
                (
                    "tries",
                    fields.SmallIntField(
                        default=0,
                        description="How often these phones have been tried before, and why they are tried again.",
                    ),
                ),
                ("code", fields.CharField(default="", max_length=64)),
                ("not_before", fields.BigIntField(default=0, description="Milliseconds of the database's clock.")),
                ("lease_until", fields.BigIntField(default=0)),
                ("expires", fields.BigIntField()),
                (
                    "attempts",
                    fields.IntField(
                        default=0, description="How often it was claimed, also the fencing token of a checkpoint."
                    ),
                ),
                (
                    "outcomes",
                    fields.JSONField(
                        default=dict,
                        description='What became of its phones: {"accepted": 500, "UNREGISTERED": 2}, and how long it took, as a histogram.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("seconds", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "push_chunk",
                "app": "mobile_push",
                "indexes": [
                    Index(fields=["provider", "state", "lane", "id"], name="push_chunk_due"),
                    Index(fields=["broadcast_id"], name="push_chunk_broadcast"),
                ],
                "pk_attr": "id",
                "table_description": "Some hundred phones that a broadcast goes to together, and how far it has got with them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FanOut",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("broadcast_id", fields.UUIDField()),
                ("provider", fields.CharField(description="Empty for a walk over people.", max_length=16)),
                ("lane", fields.SmallIntField()),
                ("state", fields.CharField(default="due", description="due, done or recalled.", max_length=8)),
                (
                    "through",
                    fields.CharField(
                        default="",
                        description="The last key that is planned: everything up to it lies in chunks.",
                        max_length=255,
                    ),
                ),
                ("found", fields.BigIntField(default=0, description="How many phones or people were found so far.")),
                ("lease_until", fields.BigIntField(default=0)),
                (
                    "attempts",
                    fields.IntField(default=0, description="How often it was claimed, also the fencing token."),
                ),
                ("planned_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "push_fan_out",
                "app": "mobile_push",
                "unique_together": (("broadcast_id", "provider"),),
                "indexes": [Index(fields=["state", "lane", "id"], name="push_fan_out_due")],
                "pk_attr": "id",
                "table_description": "The walk of one broadcast over the phones of one provider, or over the people whom it names.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Follow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=255)),
                ("topic", fields.CharField(max_length=80)),
            ],
            options={
                "table": "push_follow",
                "app": "mobile_push",
                "unique_together": (("person", "topic"),),
                "indexes": [Index(fields=["topic", "person"], name="push_follow_topic")],
                "pk_attr": "id",
                "table_description": "A person follows a topic or, as `department:<slug>`, a department.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PhoneReceipt",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("message_id", fields.UUIDField(description="The broadcast's or the inbox message's.")),
                ("device_id", fields.UUIDField()),
                ("person", fields.CharField(db_index=True, max_length=255)),
                ("received_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "push_receipt",
                "app": "mobile_push",
                "unique_together": (("message_id", "device_id"),),
                "pk_attr": "id",
                "table_description": "What a phone says of a message: that it arrived, that it was opened.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Profile",
            fields=[
                ("person", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255)),
                (
                    "notices",
                    fields.BooleanField(
                        default=True, description="Whether notices may wake the phones at all. Alerts always do."
                    ),
                ),
                (
                    "quiet_from",
                    fields.SmallIntField(
                        null=True,
                        description="Minutes after midnight in that time zone between which nothing but an alert makes a noise, or None.",
                    ),
                ),
                ("quiet_until", fields.SmallIntField(null=True)),
                ("timezone", fields.CharField(default="", max_length=64)),
                (
                    "read_seq",
                    fields.BigIntField(
                        default=0,
                        description="The last numbers of the personal and the common log that are marked as read.",
                    ),
                ),
                ("read_broadcast", fields.BigIntField(default=0)),
            ],
            options={
                "table": "push_profile",
                "app": "mobile_push",
                "pk_attr": "person",
                "table_description": "What a person wishes, for all phones alike, and how far they have read.",
            },
            bases=["Model"],
        ),
        ops.RemoveIndex(
            model_name="Delivery",
            name="push_delivery_due",
            fields=None,
        ),
        ops.AlterField(
            model_name="Delivery",
            name="state",
            field=fields.CharField(
                default="due",
                description="due, sent, dead (the token), failed, expired, parked or dropped.",
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="Delivery",
            name="lane",
            field=fields.SmallIntField(default=0, description="The urgent lanes go first.", db_default=0),
        ),
        ops.AddIndex(
            model_name="Delivery",
            index=Index(fields=["provider", "state", "lane", "id"], name="push_delivery_lane"),
        ),
        ops.AddField(
            model_name="Device",
            name="division",
            field=fields.CharField(
                default="",
                description="Where the phone is at home: an administrative division's code (GB/T 2260), and a position, as the app says.",
                db_default="",
                max_length=12,
            ),
        ),
        ops.AddField(
            model_name="Device",
            name="latitude",
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name="Device",
            name="longitude",
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name="Device",
            name="notice_day",
            field=fields.IntField(
                default=0,
                description="How many notices it was sent on which day (days since 1970 in the city), for the cap.",
                db_default=0,
            ),
        ),
        ops.AddField(
            model_name="Device",
            name="notices",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name="Device",
            index=Index(fields=["provider", "id"], name="push_device_walk"),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="broadcast_id",
            field=fields.UUIDField(null=True, description="The notice that it is this person's copy of."),
        ),
        ops.AddField(
            model_name="InboxMessage",
            name="read_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        # Tortoise makes the table anew on SQLite to alter a field, and leaves out the key that no two deliveries of a
        # message to a phone share. PostgreSQL has it still, under this name.
        ops.RunSQL(
            'CREATE UNIQUE INDEX IF NOT EXISTS "uid_push_delive_message_d05313" '
            'ON "push_delivery" ("message_id", "device_id")'
        ),
    ]
