"""What is spent of WeChat's limits."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

__all__ = ["Quota"]


class Quota(Model):
    """How much of one limit an account has used in the period that it counts by."""

    #: The account's name and what is counted, such as `wechat:wx1234/force-token`.
    key = fields.CharField(max_length=128, primary_key=True)
    #: The day or the month in Beijing; another one begins at nought.
    period = fields.CharField(max_length=10)
    used = fields.IntField()
    #: When it was last spent: milliseconds of the database's clock.
    spent_at = fields.BigIntField()

    class Meta:
        table = "wechat_quota"
