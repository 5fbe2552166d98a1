"""Who was at a desk on which day."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("conversations", "0006_until")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeskOfficer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("desk", fields.CharField(max_length=64)),
                ("officer", fields.CharField(max_length=1415)),
                ("officer_name", fields.CharField(max_length=1415)),
                ("day", fields.DateField()),
            ],
            options={
                "table": "conversations_desk_officer",
                "app": "conversations",
                "unique_together": (("desk", "officer", "day"),),
                "pk_attr": "id",
                "table_description": "That an officer of a desk has called the platform on a day, by a token with the role there.",
            },
            bases=["Personal"],
        ),
    ]
