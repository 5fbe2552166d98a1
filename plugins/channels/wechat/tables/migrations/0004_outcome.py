from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("wechat", "0003_alert")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Outcome",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("account", fields.CharField(max_length=100)),
                (
                    "provider_id",
                    fields.CharField(
                        description="WeChat's id of the message (of an article behind `article-`), and its word: `success`, or why not.",
                        max_length=72,
                    ),
                ),
                ("status", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_outcome",
                "app": "wechat",
                "unique_together": (("account", "provider_id"),),
                "pk_attr": "id",
                "table_description": "What WeChat says became of a message: it may say so before the row knows the message's id, or of another's.",
            },
            bases=["Model"],
        ),
    ]
