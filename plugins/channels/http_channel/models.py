"""Which programs are channels, and where they are called."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from banshi import Texts

__all__ = ["ChannelRow"]


class ChannelRow(Model):
    """A channel that a client has registered. Its name stays that client's: its contacts are bound to citizens."""

    name = fields.CharField(max_length=32, primary_key=True)
    client = fields.CharField(max_length=32, db_index=True)
    #: What people call it, by language: a sign-in page shows it.
    title: fields.Field[Texts] = fields.JSONField()
    endpoint = fields.CharField(max_length=2048)
    #: It signs our calls; sealed.
    secret = fields.TextField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    #: Since when nothing is taken from it and nothing said on it; none while it runs.
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "http_channel_channel"

    @property
    def account(self) -> str:
        """Its name among all accounts of all channels."""
        return f"http:{self.name}"
