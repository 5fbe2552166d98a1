from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("insights", "0002_findings")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OpenWeek",
            fields=[
                ("week", fields.DateField(primary_key=True, unique=True, db_index=True, description="Its Monday.")),
                (
                    "groups",
                    fields.JSONField(
                        description='Each category with its group, "" where it has none.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "figures",
                    fields.JSONField(
                        description='Division → category or group → figure, or null where it is hidden; "all" is the sum over all of them.',
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "insights_open_week",
                "app": "insights",
                "pk_attr": "week",
                "table_description": "A week's table as it was published, once and for all: two versions of it would tell more than one.",
            },
            bases=["Model"],
        ),
    ]
