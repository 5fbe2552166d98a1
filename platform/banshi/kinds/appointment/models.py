"""The tables of appointments: slots, and who has or wants a place in one."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.foundation.encryption.fields import Personal, PersonalId

__all__ = ["Booking", "Hold", "Slot"]

#: Rank of those on a waiting list whom no draw has put there: behind all that were drawn.
NOT_DRAWN = 2_147_483_647


class Slot(Model):
    """A time at a place, and how many people it has room for. `taken` counts what is held, offered or booked."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    item = fields.CharField(max_length=64)
    #: The code of one of the item's places.
    place = fields.CharField(max_length=64)
    begins = fields.DatetimeField()
    ends = fields.DatetimeField()
    #: From when on it can be taken.
    opens_at = fields.DatetimeField()
    capacity = fields.IntField()
    taken = fields.IntField(default=0)
    #: The same for those whom staff put there.
    internal = fields.IntField(default=0)
    taken_internal = fields.IntField(default=0)
    #: People on its waiting list. While there are any, a free place is theirs.
    waiting = fields.IntField(default=0)
    #: False where the opening hours no longer have it: nobody new comes in, whoever is in it stays.
    is_open = fields.BooleanField(default=True)
    #: When it is drawn, where it is. How far that is: open (people enter), running, done.
    draw_at = fields.DatetimeField(null=True)
    draw = fields.CharField(max_length=8, default="")
    #: Hexadecimal. Its SHA-256 is public from the beginning, itself after the draw.
    seed = fields.CharField(max_length=64, default="")

    class Meta:
        table = "appointment_slot"
        unique_together = (("item", "place", "begins"),)
        indexes = [
            Index(fields=("item", "begins", "id"), name="appointment_slot_day"),
            Index(fields=("waiting", "begins"), name="appointment_slot_waiting"),
            Index(fields=("draw", "draw_at"), name="appointment_slot_draw"),
        ]


class Booking(Personal):
    """What a case has to do with its slot. It changes only together with the case."""

    #: Counts up: who joined a waiting list first has the smaller one.
    id = fields.BigIntField(primary_key=True)
    case_id = fields.UUIDField(unique=True)
    item = fields.CharField(max_length=64)
    person = PersonalId(255)
    slot_id = fields.UUIDField()
    place = fields.CharField(max_length=64)
    begins = fields.DatetimeField()
    ends = fields.DatetimeField()
    #: taken, waiting, offered, entered (a draw), over.
    state = fields.CharField(max_length=8)
    #: In one of the places that are staff's to give.
    internal = fields.BooleanField(default=False)
    #: Which of the person's appointments it is, and which of their waiting lists and draws, each from 1 to the limit.
    #: NULL once it is over. The unique keys below are what holds the limit.
    seat = fields.SmallIntField(null=True)
    turn = fields.SmallIntField(null=True)
    #: 1, or NULL once it is over: nobody is in a slot twice.
    live = fields.SmallIntField(null=True, default=1)
    #: Place in the draw's order, the first is 0.
    drawn = fields.IntField(default=NOT_DRAWN)
    #: What the draw and its public list call the person, and what the QR code at the counter says.
    ticket = fields.CharField(max_length=16)
    code = fields.CharField(max_length=32, unique=True)
    #: Until when an offered place is kept.
    until = fields.DatetimeField(null=True)
    #: How often the calendar entry has changed (RFC 5545, SEQUENCE).
    sequence = fields.IntField(default=0)
    reminded_at = fields.DatetimeField(null=True)
    checked_in_at = fields.DatetimeField(null=True)
    missed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "appointment_booking"
        unique_together = (("item", "person", "seat"), ("item", "person", "turn"), ("slot_id", "person", "live"))
        indexes = [
            Index(fields=("slot_id", "state", "drawn", "id"), name="appointment_booking_queue"),
            Index(fields=("state", "ends"), name="appointment_booking_due"),
            Index(fields=("item", "person", "missed_at"), name="appointment_booking_missed"),
        ]


class Hold(Personal):
    """A place that is kept while its form is filled."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    item = fields.CharField(max_length=64)
    person = PersonalId(255)
    slot_id = fields.UUIDField()
    #: 1, or NULL once it was used or given back: one person holds one place of an item.
    live = fields.SmallIntField(null=True, default=1)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "appointment_hold"
        unique_together = (("item", "person", "live"),)
        indexes = [Index(fields=("live", "expires_at"), name="appointment_hold_due")]
