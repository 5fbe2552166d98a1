from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "digest",
                    fields.CharField(
                        primary_key=True, unique=True, db_index=True, description="SHA-256 of the key.", max_length=64
                    ),
                ),
                ("name", fields.CharField(unique=True, description="What operators call it.", max_length=32)),
                ("client", fields.CharField(db_index=True, max_length=32)),
                (
                    "scopes",
                    fields.JSONField(
                        description="Of the client's scopes, those that the key allows.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "last_used_at",
                    fields.DatetimeField(null=True, description="To the minute.", auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "clients_key",
                "app": "clients",
                "pk_attr": "digest",
                "table_description": "A key of a client for standards that know no tokens. It ends when it is revoked.",
            },
            bases=["Model"],
        ),
    ]
