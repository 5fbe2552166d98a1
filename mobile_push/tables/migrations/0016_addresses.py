"""Several addresses of one phone, what is spent, and what providers say by themselves."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0015_storage")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Address",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("device_id", fields.UUIDField()),
                ("provider", fields.CharField(max_length=16)),
                ("token", fields.TextField()),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("given_at", fields.BigIntField()),
                ("away_until", fields.BigIntField(default=0)),
            ],
            options={
                "table": "push_address",
                "app": "mobile_push",
                "unique_together": (("device_id", "provider"),),
                "pk_attr": "id",
                "table_description": "Another address of a phone, at another provider than its row's own.",
            },
            bases=["Personal"],
        ),
        ops.CreateModel(
            name="Spent",
            fields=[
                (
                    "key",
                    fields.CharField(
                        primary_key=True, unique=True, db_index=True, description="`<provider>/<kind>`.", max_length=32
                    ),
                ),
                ("until", fields.BigIntField(description="Milliseconds of the database's clock.")),
            ],
            options={
                "table": "push_spent",
                "app": "mobile_push",
                "pk_attr": "key",
                "table_description": "What a provider takes no more of before a moment: its quota is used up.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Chunk",
            name="twice",
            field=fields.IntField(default=0, description="Phones that may have got it twice.", db_default=0),
        ),
        ops.AddField(
            model_name="Chunk",
            name="unsure",
            field=fields.BooleanField(
                default=False,
                description="Whoever had claimed it last did not give it back: what it wrote nothing down of may have been sent.",
                db_default=False,
            ),
        ),
        ops.AddField(
            model_name="Device",
            name="away_until",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Device",
            name="given_at",
            field=fields.BigIntField(
                default=0,
                description="Milliseconds of the database's clock: when the app gave the address, and until when it is left alone.",
                db_default=0,
            ),
        ),
        ops.AddField(
            model_name="Device",
            name="ways",
            field=fields.SmallIntField(
                default=0, description="How many other addresses it has (`Address`).", db_default=0
            ),
        ),
        ops.AddField(
            model_name="PhoneReceipt",
            name="provider",
            field=fields.CharField(default="", db_default="", max_length=16),
        ),
        ops.AddField(
            model_name="PhoneReceipt",
            name="shown_at",
            field=fields.DatetimeField(
                null=True,
                description="What the provider said of it by itself, and which one: by what way it came.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
    ]
