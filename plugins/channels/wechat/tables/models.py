"""What is spent of WeChat's limits, and whom it was to tell something."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalText

__all__ = ["Consent", "Notice", "Outcome", "Quota"]


# The version before counts here what this one has in `banshi_quota`. The next version takes it away.
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


# The version before writes it, and `telling.earlier` takes it over. The next version takes it away.
class Notice(Personal):
    """One message of the platform to one contact, and what became of it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: A digest of the message and the contact: the same is told once.
    key = fields.CharField(max_length=32, unique=True)
    account = fields.CharField(max_length=100)
    #: Of the contact's conversation, which may be gone.
    conversation_id = fields.UUIDField()
    person = PersonalId(255, db_index=True)
    #: The alert that it tells of; "" for none.
    alert = fields.CharField(max_length=64, default="", db_default="", db_index=True)
    #: When it isn't worth telling any more.
    until = fields.DatetimeField(null=True)
    #: What is said in the chat where WeChat doesn't take it.
    words = PersonalText()
    #: waiting, sending, accepted, delivered, unknown, or said in the chat.
    state = fields.CharField(max_length=16)
    #: WeChat's code or word, where it didn't take it; and its id of what it has taken.
    code = fields.CharField(max_length=64, default="")
    provider_id = fields.CharField(max_length=64, default="", db_index=True)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "wechat_notice"


# Of articles and consents, which count once; the version before keeps here what became of notices, too.
class Outcome(Model):
    """What WeChat says became of a message: it may say so before the row knows the message's id, or of another's."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account = fields.CharField(max_length=100)
    #: WeChat's id of the message (of an article behind `article-`), and its word: `success`, or why not.
    provider_id = fields.CharField(max_length=72)
    status = fields.CharField(max_length=64)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "wechat_outcome"
        unique_together = (("account", "provider_id"),)


class Consent(Model):
    """How many notices of a one-time subscription somebody still wants; without a row nobody here knows."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account = fields.CharField(max_length=100)
    #: Of the contact's conversation, which may be gone.
    conversation_id = fields.UUIDField()
    template = fields.CharField(max_length=64)
    left = fields.IntField()
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "wechat_consent"
        unique_together = (("account", "conversation_id", "template"),)
