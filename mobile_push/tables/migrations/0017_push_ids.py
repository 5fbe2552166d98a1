"""Ids by which services know pushes that they have taken."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0016_addresses")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PushId",
            fields=[
                (
                    "key",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Hash of the message and the phones that it goes to together.",
                        max_length=64,
                    ),
                ),
                ("given", fields.CharField(max_length=100)),
                (
                    "until",
                    fields.BigIntField(description="Milliseconds of the database's clock until which it is kept."),
                ),
            ],
            options={
                "table": "push_id",
                "app": "mobile_push",
                "pk_attr": "key",
                "table_description": "The id by which a service knows a push that it has taken: a repeat of it is none.",
            },
            bases=["Model"],
        ),
    ]
