"""What is spent of a vendor's limits, and the access tokens that all processes share."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0024_storage")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Quota",
            fields=[
                (
                    "key",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Whose it is and what is counted, such as `wechat:wx1234/force-token`.",
                        max_length=160,
                    ),
                ),
                (
                    "period",
                    fields.CharField(
                        description="The day or the month where the vendor is; a later one begins at nought.",
                        max_length=10,
                    ),
                ),
                ("used", fields.IntField()),
                (
                    "spent_at",
                    fields.BigIntField(description="When it was last spent: milliseconds of the database's clock."),
                ),
            ],
            options={
                "table": "banshi_quota",
                "app": "banshi",
                "pk_attr": "key",
                "table_description": "How much of one limit is used in the period that it counts by.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SharedToken",
            fields=[
                (
                    "name",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Whose it is, such as `qq:102000001`.",
                        max_length=160,
                    ),
                ),
                (
                    "sealed",
                    fields.TextField(
                        description='Sealed with the key of the keys folder; "" before the first.', unique=False
                    ),
                ),
                (
                    "renew_at",
                    fields.BigIntField(description="From when the next one is fetched, and until when it is good."),
                ),
                ("ends_at", fields.BigIntField()),
                ("lease_until", fields.BigIntField(description="Until when somebody fetches the next one.")),
            ],
            options={
                "table": "banshi_shared_token",
                "app": "banshi",
                "pk_attr": "name",
                "table_description": "The token that a vendor has given us last. Moments are milliseconds of the database's clock.",
            },
            bases=["Model"],
        ),
    ]
