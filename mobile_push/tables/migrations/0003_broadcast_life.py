from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0002_broadcasts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BroadcastEvent",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("broadcast_id", fields.UUIDField()),
                ("version", fields.IntField(description="The broadcast's version from this step on.")),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("action", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=16)),
                (
                    "actor",
                    fields.CharField(
                        description="Subject of the member of staff, empty for the platform itself.", max_length=255
                    ),
                ),
                ("reason", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "push_broadcast_event",
                "app": "mobile_push",
                "unique_together": (("broadcast_id", "version"),),
                "pk_attr": "id",
                "table_description": "One step in the life of a broadcast: who did what, when. Rows are only added.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CapMessage",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True, default=uuid4, unique=True, db_index=True, description="The broadcast's id."
                    ),
                ),
                (
                    "name",
                    fields.CharField(unique=True, description="Hash of sender, identifier and time.", max_length=64),
                ),
                ("xml", fields.BinaryField(description="As it was signed, to the byte.")),
            ],
            options={
                "table": "push_cap_message",
                "app": "mobile_push",
                "pk_attr": "id",
                "table_description": "A published alert as the XML that is served, found by what CAP names it by.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Broadcast",
            name="earlier",
            field=fields.JSONField(
                null=True,
                description="The ids of all of them, where there are several.",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
        ops.AddField(
            model_name="Broadcast",
            name="ttl",
            field=fields.IntField(
                null=True,
                description="Seconds from its publication to its end, where no time was given. It then sets `expires_at` anew.",
            ),
        ),
    ]
