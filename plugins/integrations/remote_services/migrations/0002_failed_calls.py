from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("remote_services", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FailedCall",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("service_id", fields.UUIDField()),
                ("version", fields.IntField()),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("call", fields.CharField(description="validate, review, claims, query or slots.", max_length=16)),
                ("item", fields.CharField(max_length=64)),
                ("webhook_id", fields.CharField(max_length=128)),
                ("outcome", fields.CharField(description="away or wrong.", max_length=8)),
                (
                    "status",
                    fields.SmallIntField(null=True, description="The HTTP status of the answer, where there was one."),
                ),
                ("reason", fields.TextField(unique=False)),
            ],
            options={
                "table": "services_failed_call",
                "app": "remote_services",
                "indexes": [Index(fields=["service_id", "id"], name="services_failed_by_service")],
                "pk_attr": "id",
                "table_description": "A call that a service did not answer, or answered wrongly. Nothing that a person wrote is in it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OwedCheck",
            fields=[
                ("case_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "services_owed_check",
                "app": "remote_services",
                "pk_attr": "case_id",
                "table_description": "A case that was handed in while its service was away: it is checked before it is accepted.",
            },
            bases=["Model"],
        ),
    ]
