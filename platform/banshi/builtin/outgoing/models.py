"""The table of access tokens that all processes share."""

from tortoise import fields
from tortoise.models import Model

__all__ = ["SharedToken"]


class SharedToken(Model):
    """The token that a vendor has given us last. Moments are milliseconds of the database's clock."""

    #: Whose it is, such as `qq:102000001`.
    name = fields.CharField(max_length=160, primary_key=True)
    #: Sealed with the key of the keys folder; "" before the first.
    sealed = fields.TextField()
    #: From when the next one is fetched, and until when it is good.
    renew_at = fields.BigIntField()
    ends_at = fields.BigIntField()
    #: Until when somebody fetches the next one.
    lease_until = fields.BigIntField()

    class Meta:
        table = "banshi_shared_token"
