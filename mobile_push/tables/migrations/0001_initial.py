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
            name="Delivery",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("message_id", fields.UUIDField()),
                ("device_id", fields.UUIDField()),
                ("provider", fields.CharField(max_length=16)),
                (
                    "state",
                    fields.CharField(
                        default="due", description="due, sent, dead (the token), failed or expired.", max_length=8
                    ),
                ),
                ("code", fields.CharField(default="", description="The provider's word for it.", max_length=64)),
                ("provider_message", fields.CharField(default="", max_length=255)),
                ("not_before", fields.BigIntField(default=0, description="Milliseconds of the database's clock.")),
                ("lease_until", fields.BigIntField(default=0)),
                ("expires", fields.BigIntField()),
                (
                    "attempts",
                    fields.IntField(
                        default=0, description="How often it was claimed, also the fencing token of a settlement."
                    ),
                ),
                ("settled_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "push_delivery",
                "app": "mobile_push",
                "unique_together": (("message_id", "device_id"),),
                "indexes": [Index(fields=["provider", "state", "id"], name="push_delivery_due")],
                "pk_attr": "id",
                "table_description": "One message on its way to one phone, and what became of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Device",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("person", fields.CharField(db_index=True, max_length=255)),
                ("provider", fields.CharField(description="Name of the provider that reaches it.", max_length=16)),
                (
                    "token",
                    fields.TextField(
                        description="The provider's address of the app on this phone, and its hash by which it is found.",
                        unique=False,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("platform", fields.CharField(max_length=16)),
                ("language", fields.CharField(max_length=16)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "push_device",
                "app": "mobile_push",
                "pk_attr": "id",
                "table_description": "A phone that a person registered.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InboxCounter",
            fields=[
                ("person", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=255)),
                ("top", fields.BigIntField()),
            ],
            options={
                "table": "push_inbox_counter",
                "app": "mobile_push",
                "pk_attr": "person",
                "table_description": "The last sequence number of a person's inbox. Its row lock puts a person's messages in one order.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InboxMessage",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True,
                        default=uuid4,
                        unique=True,
                        db_index=True,
                        description="The message's own id, so that one that is delivered twice arrives once.",
                    ),
                ),
                ("person", fields.CharField(max_length=255)),
                ("seq", fields.BigIntField()),
                ("kind", fields.CharField(max_length=16)),
                ("title", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("body", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("link", fields.CharField(max_length=255)),
                ("case_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "push_inbox_message",
                "app": "mobile_push",
                "unique_together": (("person", "seq"),),
                "pk_attr": "id",
                "table_description": "A message in a person's inbox. Numbers have no gaps, so an app knows that it has missed nothing.",
            },
            bases=["Model"],
        ),
    ]
