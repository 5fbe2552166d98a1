"""Events on roads as they are now, and what became of each when."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.following import Follower

#: In place of a division: of a change that no stream tells.
STAFF = "staff"

__all__ = ["RoadChange", "RoadEvent", "RoadFollower", "RoadWay"]


class RoadEvent(Model):
    """Something on a road that staff have published. What nobody has confirmed yet is a case, and no event."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: Counts up with each change: whoever changes it says which one they have read.
    version = fields.IntField(default=1)
    #: in-force (or to be), ended.
    state = fields.CharField(max_length=16, default="in-force")
    kind = fields.CharField(max_length=16)
    road = fields.CharField(max_length=120)
    #: GB/T 2260, six digits.
    division = fields.CharField(max_length=6)
    #: A Point or LineString of GeoJSON (WGS 84); NULL where only the road's name is known.
    geometry: Any = fields.JSONField(null=True)
    #: What else `event.json` has.
    details: Any = fields.JSONField()
    starts_at = fields.DatetimeField()
    #: NULL: nobody knows.
    ends_at = fields.DatetimeField(null=True)
    #: When somebody last said that it is so.
    checked_at = fields.DatetimeField()
    #: When its author is asked whether it still is; when they were; and whether nobody has answered.
    asks_at = fields.DatetimeField(null=True)
    asked_at = fields.DatetimeField(null=True)
    is_stale = fields.BooleanField(default=False)
    #: The subject of the officer who answers for it.
    author = fields.CharField(max_length=255)
    #: The citizen's report that it came from.
    report = fields.UUIDField(null=True)
    #: The alert that was drafted of it.
    alert = fields.UUIDField(null=True)
    updated_at = fields.DatetimeField(db_index=True)
    changes: Any

    class Meta:
        table = "road_event"
        indexes = [
            Index(fields=("state", "ends_at"), name="road_event_end"),
            Index(fields=("state", "asks_at"), name="road_event_ask"),
            Index(fields=("state", "division", "road"), name="road_event_road"),
            Index(fields=("road",), name="road_event_name"),
        ]


class RoadChange(Model):
    """One step of an event: the record of who did what, and what streams tell."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    event: Any = fields.ForeignKeyField("road.RoadEvent", "changes", fields.CASCADE, db_index=True)
    version = fields.IntField()
    #: published, changed, held, asked, alerted, stale, ended.
    what = fields.CharField(max_length=16)
    #: The event's, whose followers are told; `STAFF` where that is nobody else's.
    division = fields.CharField(max_length=6)
    #: The officer's subject; "" for the platform.
    by = fields.CharField(max_length=255, default="")
    at = fields.DatetimeField()

    class Meta:
        table = "road_change"


class RoadFollower(Follower):
    """Somebody who is told of the events on a road, in a district, or of all."""

    #: The road's name or the district's code (GB/T 2260); "" for all.
    about = fields.CharField(max_length=120, default="", db_index=True)

    class Meta:
        table = "road_follower"
        unique_together = (("person", "about"),)


class RoadWay(Model):
    """A road of a division: whoever closes it counts up what they have read, so that of two at once one gets in."""

    #: Division and road, with a blank between them.
    id = fields.CharField(127, primary_key=True)
    turn = fields.IntField(default=0)

    class Meta:
        table = "road_way"
