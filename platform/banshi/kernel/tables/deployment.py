"""What the processes of a deployment agree on: who does what for all, and whether anything goes out."""

from tortoise import fields
from tortoise.models import Model

__all__ = ["Hold", "Lease"]


class Lease(Model):
    """What one process of a deployment does for all, and until when, in milliseconds of the database's clock."""

    name = fields.CharField(max_length=64, primary_key=True)
    holder = fields.CharField(max_length=32)
    until = fields.BigIntField()

    class Meta:
        table = "banshi_lease"


class Hold(Model):
    """Why nothing goes out: while there is a row, no process claims what was promised, until it is released."""

    name = fields.CharField(max_length=16, primary_key=True)
    #: Milliseconds of the database's clock.
    since = fields.BigIntField()
    reason = fields.CharField(max_length=200)

    class Meta:
        table = "banshi_hold"
