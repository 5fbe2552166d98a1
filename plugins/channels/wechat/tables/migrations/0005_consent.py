from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("wechat", "0004_outcome")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Consent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("account", fields.CharField(max_length=100)),
                ("conversation_id", fields.UUIDField(description="Of the contact's conversation, which may be gone.")),
                ("template", fields.CharField(max_length=64)),
                ("left", fields.IntField()),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "wechat_consent",
                "app": "wechat",
                "unique_together": (("account", "conversation_id", "template"),),
                "pk_attr": "id",
                "table_description": "How many notices of a one-time subscription somebody still wants; without a row nobody here knows.",
            },
            bases=["Model"],
        ),
    ]
