from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_desk")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Figure",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("day", fields.DateField(description="Of the city.")),
                ("account", fields.CharField(max_length=100)),
                (
                    "item",
                    fields.CharField(default="", description='Its code, "" for what is about no item.', max_length=100),
                ),
                ("what", fields.CharField(description="Of `figures.counting.What`.", max_length=16)),
                (
                    "pointer",
                    fields.CharField(
                        null=True,
                        description='What was asked just then, where that says something: a JSON Pointer, "" for the form as a whole.',
                        max_length=255,
                    ),
                ),
            ],
            options={
                "table": "conversations_figure",
                "app": "conversations",
                "indexes": [Index(fields=["day"], name="conversations_figure_of")],
                "pk_attr": "id",
                "table_description": "Something that happened once, on a day: nothing says in which conversation, not even the order of the ids.",
            },
            bases=["Model"],
        ),
    ]
