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
            name="RemoteService",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("code", fields.CharField(unique=True, max_length=64)),
                ("department", fields.CharField(max_length=64)),
                (
                    "client",
                    fields.CharField(
                        db_index=True,
                        description="The client whose program registered it, by id and name.",
                        max_length=32,
                    ),
                ),
                ("client_name", fields.CharField(max_length=100)),
                ("state", fields.CharField(description="new, running, suspended, retired.", max_length=10)),
                (
                    "suspended_by",
                    fields.CharField(
                        default="",
                        description="Who suspended it: client or staff. The other side can't resume it.",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    fields.TextField(
                        default="", description="Why staff refused, suspended or retired it.", unique=False
                    ),
                ),
                (
                    "secret",
                    fields.TextField(
                        description="The signing secret, sealed, and the one before until it ends.", unique=False
                    ),
                ),
                ("secret_before", fields.TextField(default="", unique=False)),
                ("before_ends_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "newest",
                    fields.IntField(
                        default=1,
                        description="Number of the newest version, and of the one that staff approved last, or 0.",
                    ),
                ),
                ("current", fields.IntField(default=0)),
                (
                    "revision",
                    fields.IntField(
                        default=1,
                        description="Counts up with each change, of its versions too: every process sees by the sum of all that something changed.",
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "services_service",
                "app": "remote_services",
                "indexes": [Index(fields=["department", "code"], name="services_by_department")],
                "pk_attr": "id",
                "table_description": "A department's system elsewhere that offers items here.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ServiceItem",
            fields=[
                ("code", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("service_id", fields.UUIDField(db_index=True)),
            ],
            options={
                "table": "services_item",
                "app": "remote_services",
                "pk_attr": "code",
                "table_description": "The code of an item, which is its service's for good.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ServiceVersion",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("service_id", fields.UUIDField()),
                ("number", fields.IntField()),
                (
                    "state",
                    fields.CharField(
                        description="registered, waiting, current, superseded, refused, replaced.", max_length=10
                    ),
                ),
                (
                    "mode",
                    fields.CharField(
                        description="The client's mode and team when it came: what staff approve stays as they approved it.",
                        max_length=8,
                    ),
                ),
                ("team", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("endpoint", fields.CharField(max_length=2048)),
                (
                    "calls",
                    fields.JSONField(
                        description="The calls beside queries that the endpoint takes.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("items", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("registers", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("proven_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "decided_by",
                    fields.CharField(
                        default="",
                        description="Subject of the member of staff who approved or refused it.",
                        max_length=255,
                    ),
                ),
            ],
            options={
                "table": "services_version",
                "app": "remote_services",
                "unique_together": (("service_id", "number"),),
                "indexes": [Index(fields=["state", "id"], name="services_version_state")],
                "pk_attr": "id",
                "table_description": "What a service declared at one time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TakenAnswer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("service_id", fields.UUIDField()),
                ("webhook_id", fields.CharField(max_length=128)),
                ("taken_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "services_taken",
                "app": "remote_services",
                "unique_together": (("service_id", "webhook_id"),),
                "pk_attr": "id",
                "table_description": "A signed answer that was taken, by its webhook-id: it is never taken twice.",
            },
            bases=["Model"],
        ),
    ]
