"""What was ended before its time."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0022_operator_commands")]

    initial = False

    operations = [
        ops.CreateModel(
            name="EndedSession",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="A digest (`banshi.builtin.identity.ended.key_of`), or `everybody`.",
                        max_length=32,
                    ),
                ),
                (
                    "until",
                    fields.BigIntField(
                        description="Unix seconds; 0 in the row of a logout token, which is there so that the same token isn't taken twice."
                    ),
                ),
                (
                    "noted_at",
                    fields.BigIntField(
                        db_index=True,
                        description="Milliseconds of the database's clock: a process reads what was noted since it read last.",
                    ),
                ),
            ],
            options={
                "table": "banshi_ended_session",
                "app": "banshi",
                "pk_attr": "id",
                "table_description": "What was issued up to a moment to a person, or in a session, and is good no more. It says of nobody who it is.",
            },
            bases=["Model"],
        )
    ]
