"""Cases and categories that wake no phone."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("mobile_push", "0012_states")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Silence",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=1415)),
                ("about", fields.CharField(max_length=64)),
            ],
            options={
                "table": "push_silence",
                "app": "mobile_push",
                "unique_together": (("person", "about"),),
                "pk_attr": "id",
                "table_description": "Messages that wake none of a person's phones: of a category, `category:posting`, or about a case, `case:<id>`.",
            },
            bases=["Personal"],
        ),
    ]
