from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

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
                        description="The account's name and what is counted, such as `wechat:wx1234/force-token`.",
                        max_length=128,
                    ),
                ),
                (
                    "period",
                    fields.CharField(
                        description="The day or the month in Beijing; another one begins at nought.", max_length=10
                    ),
                ),
                ("used", fields.IntField()),
                (
                    "spent_at",
                    fields.BigIntField(description="When it was last spent: milliseconds of the database's clock."),
                ),
            ],
            options={
                "table": "wechat_quota",
                "app": "wechat",
                "pk_attr": "key",
                "table_description": "How much of one limit an account has used in the period that it counts by.",
            },
            bases=["Model"],
        ),
    ]
