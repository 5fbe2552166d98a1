from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0003_broadcast_life")]

    initial = False

    operations = [
        ops.CreateModel(
            name="TopicChange",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("provider", fields.CharField(max_length=16)),
                ("token_hash", fields.CharField(max_length=64)),
                ("token", fields.TextField(unique=False)),
                ("topic", fields.CharField(max_length=160)),
                ("follow", fields.BooleanField()),
                (
                    "version",
                    fields.IntField(
                        default=1, description="Which wish it is: a later one takes the place of an earlier one."
                    ),
                ),
                ("attempts", fields.IntField(default=0)),
                (
                    "code",
                    fields.CharField(
                        default="", description="The provider's word for why it is tried again.", max_length=64
                    ),
                ),
                ("not_before", fields.BigIntField(default=0, description="Milliseconds of the database's clock.")),
            ],
            options={
                "table": "push_topic_change",
                "app": "mobile_push",
                "unique_together": (("topic", "token_hash"),),
                "indexes": [Index(fields=["provider", "not_before", "id"], name="push_topic_change_due")],
                "pk_attr": "id",
                "table_description": "A phone is to follow one of a provider's topics, or no more. The row goes once the provider has done it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TopicRound",
            fields=[
                ("provider", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("round", fields.CharField(max_length=16)),
                ("active", fields.BooleanField()),
                (
                    "through",
                    fields.CharField(
                        default="",
                        description="The last phone whose changes are written down, and whether it was the last of all.",
                        max_length=36,
                    ),
                ),
                ("complete", fields.BooleanField(default=False)),
                (
                    "holder",
                    fields.CharField(
                        default="",
                        description="The one process that carries changes out, and the database's milliseconds until which it does.",
                        max_length=32,
                    ),
                ),
                ("lease_until", fields.BigIntField()),
            ],
            options={
                "table": "push_topic_round",
                "app": "mobile_push",
                "pk_attr": "provider",
                "table_description": "A provider's topics: their names' beginning, and how far the phones that were there before have got into them.",
            },
            bases=["Model"],
        ),
    ]
