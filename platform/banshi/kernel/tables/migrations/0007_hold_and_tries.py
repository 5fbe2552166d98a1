"""Holding what goes out, and counting anew when an operator wishes a row to be tried again."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0006_lease")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Hold",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("since", fields.BigIntField(description="Milliseconds of the database's clock.")),
                ("reason", fields.CharField(max_length=200)),
            ],
            options={
                "table": "banshi_hold",
                "app": "banshi",
                "pk_attr": "name",
                "table_description": "Why nothing goes out: while there is a row, no process claims what was promised, until it is released.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="OutboxRow",
            name="tries",
            field=fields.IntField(
                default=0,
                description="How often it was tried, since it was promised or since an operator wished it to be tried again.",
                db_default=0,
            ),
        ),
        # Until now every claim counted as a try. What is done is not tried any more.
        ops.RunSQL("UPDATE banshi_outbox SET tries = attempts WHERE state <> 'done' AND attempts > 0"),
    ]
