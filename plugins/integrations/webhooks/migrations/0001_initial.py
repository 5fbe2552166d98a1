from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="DeliveryRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("subscription", fields.UUIDField()),
                (
                    "seq",
                    fields.BigIntField(
                        description="The event's number, a batch's first and last, and how many events these are."
                    ),
                ),
                ("last_seq", fields.BigIntField()),
                ("events", fields.IntField(default=1)),
                ("event", fields.CharField(max_length=64)),
                ("subject", fields.CharField(max_length=128)),
                ("state", fields.CharField(description="waiting, delivered or failed.", max_length=10)),
                ("tries", fields.IntField()),
                (
                    "next_at",
                    fields.BigIntField(
                        default=0, description="When it is tried next, when it was first and last tried."
                    ),
                ),
                ("since", fields.BigIntField()),
                ("at", fields.BigIntField(db_index=True)),
                (
                    "status",
                    fields.SmallIntField(
                        null=True,
                        description="What the last try ended with: an HTTP status where there was one, a word, and milliseconds.",
                    ),
                ),
                ("code", fields.CharField(default="", max_length=32)),
                ("took", fields.IntField(default=0)),
            ],
            options={
                "table": "webhooks_delivery",
                "app": "webhooks",
                "unique_together": (("subscription", "seq"),),
                "indexes": [Index(fields=["subscription", "state", "seq"], name="webhooks_delivery_state")],
                "pk_attr": "id",
                "table_description": "What became of one event at one receiver, or of one batch.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EventRow",
            fields=[
                ("seq", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("event", fields.CharField(unique=True, max_length=64)),
                ("type", fields.CharField(max_length=100)),
                ("department", fields.CharField(default="", max_length=64)),
                ("item", fields.CharField(default="", max_length=64)),
                (
                    "client",
                    fields.CharField(
                        default="", description='The one client that it is for, "" for all.', max_length=32
                    ),
                ),
                (
                    "subject",
                    fields.CharField(
                        description="What it happened to: the events of one are delivered in order.", max_length=128
                    ),
                ),
                ("at", fields.BigIntField(db_index=True)),
                ("document", fields.TextField(description="The CloudEvent as JSON.", unique=False)),
            ],
            options={
                "table": "webhooks_event",
                "app": "webhooks",
                "pk_attr": "seq",
                "table_description": "An event, in the order in which events were heard. Numbers rise and may have gaps.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Replay",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("subscription", fields.UUIDField(db_index=True)),
                (
                    "begins",
                    fields.BigIntField(description="The moments, and the numbers between which their events are."),
                ),
                ("ends", fields.BigIntField()),
                ("until", fields.BigIntField()),
                ("position", fields.BigIntField()),
                ("state", fields.CharField(default="due", description="due or done.", max_length=8)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhooks_replay",
                "app": "webhooks",
                "pk_attr": "id",
                "table_description": "A span that a receiver wants once more.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Sender",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("seen", fields.BigIntField()),
            ],
            options={
                "table": "webhooks_sender",
                "app": "webhooks",
                "pk_attr": "id",
                "table_description": "A process that sends, as long as it says so.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Subscription",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("client", fields.CharField(db_index=True, max_length=32)),
                ("name", fields.CharField(default="", max_length=100)),
                ("url", fields.TextField(unique=False)),
                ("mode", fields.CharField(description="structured, binary or batch.", max_length=12)),
                (
                    "types",
                    fields.JSONField(
                        description="Which events, each an empty list for all that the scopes allow.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("departments", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("items", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "scopes",
                    fields.JSONField(
                        description="The scopes of the token that made or last changed it. What the client may no more is not sent either.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "secrets",
                    fields.JSONField(
                        description='The newest first, each {"secret", "until"}, sealed: those before sign beside it until then.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "state",
                    fields.CharField(
                        description="unproven, active, paused or disabled, and why it is not active.", max_length=10
                    ),
                ),
                ("reason", fields.CharField(default="", max_length=200)),
                (
                    "pace",
                    fields.IntField(
                        null=True, description="Requests a minute that the receiver allows, None for any number."
                    ),
                ),
                (
                    "version",
                    fields.IntField(
                        default=1, description="Counts what its client changes: of two changes at once one wins."
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "position",
                    fields.BigIntField(
                        description="Every event up to this one was delivered, waits in a row of its own, or is not for this receiver."
                    ),
                ),
                (
                    "failures",
                    fields.IntField(
                        default=0,
                        description="Failures in a row with no success between, since when, how often it was left alone, and until when it is.",
                    ),
                ),
                ("failing_since", fields.BigIntField(null=True)),
                ("rests", fields.IntField(default=0)),
                ("rest_until", fields.BigIntField(default=0)),
                (
                    "taken_at",
                    fields.BigIntField(
                        null=True, description="When it last took something, and what the last request ended with."
                    ),
                ),
                ("tried_at", fields.BigIntField(null=True)),
                ("code", fields.CharField(default="", max_length=32)),
                (
                    "lease_until",
                    fields.BigIntField(
                        default=0,
                        description="One process at a time sends to it. The term counts the leases and is the fencing token.",
                    ),
                ),
                ("term", fields.IntField(default=0)),
            ],
            options={
                "table": "webhooks_subscription",
                "app": "webhooks",
                "indexes": [Index(fields=["state", "lease_until"], name="webhooks_subscription_free")],
                "pk_attr": "id",
                "table_description": "One receiver of a client's.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Top",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("value", fields.BigIntField()),
            ],
            options={
                "table": "webhooks_top",
                "app": "webhooks",
                "pk_attr": "name",
                "table_description": "The last number of the events. Its row's lock makes numbers appear in their order.",
            },
            bases=["Model"],
        ),
    ]
