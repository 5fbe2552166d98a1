from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("road", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RoadWay",
            fields=[
                (
                    "id",
                    fields.CharField(
                        primary_key=True,
                        unique=True,
                        db_index=True,
                        description="Division and road, with a blank between them.",
                        max_length=127,
                    ),
                ),
                ("turn", fields.IntField(default=0)),
            ],
            options={
                "table": "road_way",
                "app": "road",
                "pk_attr": "id",
                "table_description": "A road of a division: whoever closes it counts up what they have read, so that of two at once one gets in.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="RoadChange",
            name="what",
            field=fields.CharField(
                description="published, changed, held, asked, alerted, stale, ended.", max_length=16
            ),
        ),
        ops.AddField(
            model_name="RoadEvent",
            name="alert",
            field=fields.UUIDField(null=True, description="The alert that was drafted of it."),
        ),
    ]
