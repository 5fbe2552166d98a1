"""What one process of a deployment does for all, and for how long."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("banshi", "0005_pass_of_a_case")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Lease",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("holder", fields.CharField(max_length=32)),
                ("until", fields.BigIntField()),
            ],
            options={
                "table": "banshi_lease",
                "app": "banshi",
                "pk_attr": "name",
                "table_description": "What one process of a deployment does for all, and until when, in milliseconds of the database's clock.",
            },
            bases=["Model"],
        )
    ]
