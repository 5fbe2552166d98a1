from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("banshi", "0003_materials_handed_in_again")]

    initial = True

    operations = [
        ops.CreateModel(
            name="ServiceRequest",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "case",
                    fields.OneToOneField(
                        "banshi.Case",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("service_code", fields.CharField(max_length=64)),
                ("client", fields.CharField(description="The client's id.", max_length=32)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "fingerprint",
                    fields.CharField(
                        description="SHA-256 of what was sent, by whom. The same again on one day is the same request.",
                        max_length=64,
                    ),
                ),
                ("day", fields.DateField()),
                ("address", fields.CharField(default="", max_length=500)),
                ("address_id", fields.CharField(default="", max_length=200)),
                ("latitude", fields.FloatField(null=True, description="WGS 84, in degrees.")),
                ("longitude", fields.FloatField(null=True)),
                ("description", fields.TextField(default="", unique=False)),
                ("media_url", fields.CharField(default="", description="Never fetched from here.", max_length=2000)),
                (
                    "contact",
                    fields.JSONField(
                        description="Who it is for, as the client says. Only the staff of the case ever see it.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "open311_request",
                "app": "open311",
                "unique_together": (("fingerprint", "day"),),
                "indexes": [Index(fields=["requested_at", "id"], name="open311_requested")],
                "pk_attr": "id",
                "table_description": "A case that a client handed in. It goes when the case goes.",
            },
            bases=["Model"],
        ),
    ]
