from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_lease")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeskRule",
            fields=[
                ("desk", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                (
                    "by_turn",
                    fields.BooleanField(
                        null=True, description="Whether who waits is given out by turn; None: as the settings have it."
                    ),
                ),
            ],
            options={
                "table": "desk_rule",
                "app": "desk",
                "pk_attr": "desk",
                "table_description": "What a lead has set for a desk in place of its settings.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeskSeat",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                ("officer", fields.CharField(max_length=1415)),
                ("officer_name", fields.CharField(max_length=1415)),
                (
                    "since",
                    fields.DatetimeField(
                        description="Since when they have been there without a break, and until when they count as there.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("here_until", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("away", fields.BooleanField(default=False, description="They have said that they are away.")),
                (
                    "most",
                    fields.IntField(
                        null=True,
                        description="How many they may hold, where a lead has said so; None: the desk's number.",
                    ),
                ),
                (
                    "given_at",
                    fields.DatetimeField(
                        null=True,
                        description="When they last got one, by any way; never the same twice.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "desk_seat",
                "app": "desk",
                "unique_together": (("desk", "officer"),),
                "pk_attr": "id",
                "table_description": "An officer of a desk: whether they are there, and how many they may hold.",
            },
            bases=["Personal"],
        ),
        ops.AddField(
            model_name="Enquiry",
            name="labels",
            field=fields.CharField(
                default="",
                description='Codes of the desk\'s labels with a comma around each, such as ",visa,fees,": what is looked for is ",visa,".',
                db_default="",
                max_length=1024,
            ),
        ),
    ]
