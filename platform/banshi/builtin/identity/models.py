"""The table of what was ended before its time."""

from tortoise import fields
from tortoise.models import Model

__all__ = ["EndedSession"]


class EndedSession(Model):
    """What was issued up to a moment to a person, or in a session, and is good no more. It says of nobody who it is."""

    #: A digest (`banshi.builtin.identity.ended.key_of`), or `everybody`.
    id = fields.CharField(max_length=32, primary_key=True)
    #: Unix seconds; 0 in the row of a logout token, which is there so that the same token isn't taken twice.
    until = fields.BigIntField()
    #: Milliseconds of the database's clock: a process reads what was noted since it read last.
    noted_at = fields.BigIntField(db_index=True)

    class Meta:
        table = "banshi_ended_session"
