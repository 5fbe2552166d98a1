from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("road", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RoadFollower",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("person", fields.CharField(max_length=1415)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "about",
                    fields.CharField(
                        default="",
                        db_index=True,
                        description="The road's name or the district's code (GB/T 2260); \"\" for all.",
                        max_length=120,
                    ),
                ),
            ],
            options={
                "table": "road_follower",
                "app": "road",
                "unique_together": (("person", "about"),),
                "pk_attr": "id",
                "table_description": "Somebody who is told of the events on a road, in a district, or of all.",
            },
            bases=["Follower"],
        ),
        ops.AddIndex(
            model_name="RoadEvent",
            index=Index(fields=["road"], name="road_event_name"),
        ),
    ]
