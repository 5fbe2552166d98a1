from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="ChannelRow",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("client", fields.CharField(db_index=True, max_length=32)),
                (
                    "title",
                    fields.JSONField(
                        description="What people call it, by language: a sign-in page shows it.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("endpoint", fields.CharField(max_length=2048)),
                ("secret", fields.TextField(description="It signs our calls; sealed.", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "ended_at",
                    fields.DatetimeField(
                        null=True,
                        description="Since when nothing is taken from it and nothing said on it; none while it runs.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "http_channel_channel",
                "app": "http_channel",
                "pk_attr": "name",
                "table_description": "A channel that a client has registered. Its name stays that client's: its contacts are bound to citizens.",
            },
            bases=["Model"],
        ),
    ]
