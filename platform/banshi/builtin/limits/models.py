"""The table of what is spent of limits that all processes share."""

from tortoise import fields
from tortoise.models import Model

__all__ = ["Quota"]


class Quota(Model):
    """How much of one limit is used in the period that it counts by."""

    #: Whose it is and what is counted, such as `wechat:wx1234/force-token`.
    key = fields.CharField(max_length=160, primary_key=True)
    #: The day or the month where the vendor is; a later one begins at nought.
    period = fields.CharField(max_length=10)
    used = fields.IntField()
    #: When it was last spent: milliseconds of the database's clock.
    spent_at = fields.BigIntField()

    class Meta:
        table = "banshi_quota"
