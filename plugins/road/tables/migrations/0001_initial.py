from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="RoadEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "version",
                    fields.IntField(
                        default=1,
                        description="Counts up with each change: whoever changes it says which one they have read.",
                    ),
                ),
                (
                    "state",
                    fields.CharField(default="in-force", description="in-force (or to be), ended.", max_length=16),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("road", fields.CharField(max_length=120)),
                ("division", fields.CharField(description="GB/T 2260, six digits.", max_length=6)),
                (
                    "geometry",
                    fields.JSONField(
                        null=True,
                        description="A Point or LineString of GeoJSON (WGS 84); NULL where only the road's name is known.",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "details",
                    fields.JSONField(description="What else `event.json` has.", encoder=JSON_DUMPS, decoder=loads),
                ),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "ends_at",
                    fields.DatetimeField(
                        null=True, description="NULL: nobody knows.", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "checked_at",
                    fields.DatetimeField(
                        description="When somebody last said that it is so.", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "asks_at",
                    fields.DatetimeField(
                        null=True,
                        description="When its author is asked whether it still is; when they were; and whether nobody has answered.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("asked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_stale", fields.BooleanField(default=False)),
                (
                    "author",
                    fields.CharField(description="The subject of the officer who answers for it.", max_length=255),
                ),
                ("report", fields.UUIDField(null=True, description="The citizen's report that it came from.")),
                ("alert", fields.UUIDField(null=True, description="The alert that was drafted of it.")),
                ("updated_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "road_event",
                "app": "road",
                "indexes": [
                    Index(fields=["state", "ends_at"], name="road_event_end"),
                    Index(fields=["state", "asks_at"], name="road_event_ask"),
                    Index(fields=["state", "division", "road"], name="road_event_road"),
                    Index(fields=["road"], name="road_event_name"),
                ],
                "pk_attr": "id",
                "table_description": "Something on a road that staff have published. What nobody has confirmed yet is a case, and no event.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RoadChange",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                (
                    "event",
                    fields.ForeignKeyField(
                        "road.RoadEvent",
                        source_field="event_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="changes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("version", fields.IntField()),
                (
                    "what",
                    fields.CharField(
                        description="published, changed, held, asked, alerted, stale, ended.", max_length=16
                    ),
                ),
                (
                    "division",
                    fields.CharField(
                        description="The event's, whose followers are told; `STAFF` where that is nobody else's.",
                        max_length=6,
                    ),
                ),
                (
                    "by",
                    fields.CharField(
                        default="", description='The officer\'s subject; "" for the platform.', max_length=255
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "road_change",
                "app": "road",
                "pk_attr": "id",
                "table_description": "One step of an event: the record of who did what, and what streams tell.",
            },
            bases=["Model"],
        ),
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
    ]
