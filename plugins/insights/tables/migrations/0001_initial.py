from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Count",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "source",
                    fields.CharField(
                        description="cases, appeals, postings, look-ups, or the name of an import.", max_length=32
                    ),
                ),
                (
                    "batch",
                    fields.BigIntField(
                        default=0,
                        description="Which file it is of: the later one has the larger number; 0 for what is counted here.",
                    ),
                ),
                ("category", fields.CharField(max_length=64)),
                (
                    "division",
                    fields.CharField(
                        default="", description='GB/T 2260, 6, 9 or 12 digits; "" for the whole city.', max_length=12
                    ),
                ),
                ("day", fields.DateField()),
                ("grain", fields.CharField(description="day or week.", max_length=4)),
                ("line", fields.IntField(default=0, description="Its line in the file; 0 for what is counted here.")),
                ("count", fields.IntField(null=True, description="NULL where nobody knows: a gap.")),
                (
                    "loss",
                    fields.BigIntField(
                        null=True,
                        description="Yuan in all, and of the largest single one; deaths. NULL where nobody told of them.",
                    ),
                ),
                ("largest_loss", fields.BigIntField(null=True)),
                ("deaths", fields.IntField(null=True)),
            ],
            options={
                "table": "insights_count",
                "app": "insights",
                "unique_together": (("source", "batch", "category", "division", "day", "grain", "line"),),
                "indexes": [Index(fields=["grain", "day"], name="insights_count_day")],
                "pk_attr": "id",
                "table_description": "One figure: a category in a division on a day, or in the week from a Monday on. A period without one had none.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CountSource",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("batch", fields.BigIntField(default=0)),
                (
                    "file",
                    fields.CharField(
                        default="", description="The file's own name, for whoever operates it.", max_length=255
                    ),
                ),
                (
                    "grain",
                    fields.CharField(
                        default="day", description="day, or week where it tells of no days.", max_length=4
                    ),
                ),
                (
                    "rule",
                    fields.CharField(
                        default="",
                        description='A digest of what is counted, where, and by whose days; with another one all is counted anew. "" for files.',
                        max_length=64,
                    ),
                ),
                ("since", fields.DateField(description="The first and the last day that it tells of.")),
                ("until", fields.DateField()),
                (
                    "gaps",
                    fields.JSONField(
                        description="The Mondays of weeks between in which a file has no line at all: nobody knows what was in them.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "insights_source",
                "app": "insights",
                "pk_attr": "name",
                "table_description": "Where figures come from, and up to which day they are whole. A file's are true once this row names its batch.",
            },
            bases=["Model"],
        ),
    ]
