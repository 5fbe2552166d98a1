from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AccessToken",
            fields=[
                (
                    "digest",
                    fields.CharField(
                        primary_key=True, unique=True, db_index=True, description="SHA-256 of the token.", max_length=64
                    ),
                ),
                ("client", fields.CharField(db_index=True, max_length=32)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "clients_access_token",
                "app": "clients",
                "pk_attr": "digest",
                "table_description": "A token that a client holds.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiClient",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("name", fields.CharField(max_length=100)),
                (
                    "contact",
                    fields.CharField(
                        description="Whom to call when the program does harm, for operators' eyes alone.",
                        max_length=255,
                    ),
                ),
                ("mode", fields.CharField(description="test, team or live.", max_length=8)),
                (
                    "scopes",
                    fields.JSONField(
                        description="What it may ask for: verbs, or verbs within a department.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "clients_client",
                "app": "clients",
                "pk_attr": "id",
                "table_description": "A program of an integrator's that may call the API for itself.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ClientSecret",
            fields=[
                (
                    "digest",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="SHA-256 of the secret, which has 256 random bits: nobody guesses it, so nothing slower is needed.",
                        max_length=64,
                    ),
                ),
                ("client", fields.CharField(db_index=True, max_length=32)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "expires_at",
                    fields.DatetimeField(
                        null=True,
                        description="When it ends, None while it is the newest.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("last_used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "clients_secret",
                "app": "clients",
                "pk_attr": "digest",
                "table_description": "One secret of a client. While it is rotated there are two.",
            },
            bases=["Model"],
        ),
    ]
