"""How much of their room people have used."""

from tortoise import fields
from tortoise.models import Model

__all__ = ["UploadRoom"]


class UploadRoom(Model):
    """Bytes that somebody uploaded since they were counted last. What has left since is found by counting anew."""

    #: Of whom it is: `banshi.builtin.uploads.room.whose`.
    id = fields.CharField(max_length=32, primary_key=True)
    #: At least what lies there unused.
    used = fields.BigIntField()
    #: When it was counted last, in milliseconds.
    counted = fields.BigIntField()

    class Meta:
        table = "banshi_upload_room"
