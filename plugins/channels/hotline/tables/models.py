"""Callers by their numbers, calls, what was filed for them, and call-backs."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

from banshi.sdk.database import Personal, PersonalId, PersonalJSON, PersonalLine, PersonalText

__all__ = ["HotlineCall", "HotlineCallBack", "HotlineCaller", "HotlineFiling"]

#: What the subject of a caller begins with; no issuer's token may bear such a one.
PREFIX = "caller:"


class HotlineCaller(Personal):
    """Whoever calls from a number. It proves nobody: others may have it by now."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: A keyed hash of the number: who is met again is found by it.
    key = fields.CharField(max_length=64, unique=True)
    #: With its country; sealed.
    number = PersonalLine(64)
    at = fields.DatetimeField()

    class Meta:
        table = "hotline_caller"

    @property
    def subject(self) -> str:
        """Whose the cases are that are filed for them."""
        return f"{PREFIX}{self.id}"


class Proved(PersonalJSON):
    """What their sign-in says."""


class HotlineCall(Personal):
    """One call, as far as the switch has told of it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: The switch's own name of it.
    ref = fields.CharField(max_length=128, unique=True)
    #: The number that was dialled, and the desk to which it leads.
    line = fields.CharField(max_length=64, default="")
    desk = fields.CharField(max_length=64)
    #: None for a hidden number.
    caller_id = fields.UUIDField(null=True, db_index=True)
    #: The citizen, once they have proved themselves in this call, and what their sign-in says.
    person = PersonalId(255, default="", db_index=True)
    known: Any = Proved(default=dict)
    #: The first of each, in whatever order they are told.
    rang_at = fields.DatetimeField(null=True)
    answered_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    #: Who of the staff has picked it up, the last one, as the switch says, and when; "" where it doesn't.
    agent = PersonalId(255, default="")
    agent_at = fields.DatetimeField(null=True)
    #: That moment once more, when the desk has been told: what is told again takes it from nobody.
    put_at = fields.DatetimeField(null=True)
    #: Where it is recorded, and the sound's SHA-256; the sound is nowhere here.
    recording = PersonalLine(255, default="")
    sha256 = fields.CharField(max_length=64, default="")
    #: Its enquiry at the desk; None for one that was over before it was told of.
    enquiry_id = fields.UUIDField(null=True)
    #: answered, filed, transferred, emergency, nuisance or dropped; "" until its operator says so.
    outcome = fields.CharField(max_length=16, default="")
    note = PersonalText(default="")
    operator = PersonalId(255, default="")
    #: Counts the changes.
    version = fields.IntField(default=1)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "hotline_call"


class Answers(PersonalJSON):
    """What was said for a form, as far as it goes."""


class Hands(PersonalJSON):
    """Subjects of the staff."""


class HotlineFiling(Personal):
    """One thing that an operator has filed for somebody, or that waits until it can be."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: The keyed hash of the number and the slip code together.
    slip = fields.CharField(max_length=64, unique=True)
    caller_id = fields.UUIDField(db_index=True)
    #: Whose it is: the caller's own subject, or the citizen's who has proved themselves or bound it.
    person = PersonalId(255, db_index=True)
    call_id = fields.UUIDField(null=True)
    desk = fields.CharField(max_length=64)
    item = fields.CharField(max_length=64)
    case_id = fields.UUIDField(null=True, db_index=True)
    #: waiting, filed, answered (there is no case), bound (a draft that is its citizen's own), or withdrawn.
    state = fields.CharField(max_length=9)
    #: Of what waits, right or wrong; it is of this filing alone, whatever else waits under the number.
    answers: Any = Answers(null=True)
    #: Who filed it, or has written in it last.
    officer = PersonalId(255)
    #: Who of the staff had a hand in it before that.
    hands: Any = Hands(null=True)
    officer_name = PersonalLine(255)
    #: told (they said who they are) or code (of their app); and for whom they speak: self, ward, relative or minor.
    identified = fields.CharField(max_length=4)
    relation = fields.CharField(max_length=8)
    #: The version of the wording that was read out, when they agreed, and when their number was read back.
    consent = fields.CharField(max_length=32)
    consented_at = fields.DatetimeField()
    read_back_at = fields.DatetimeField()
    #: They agreed to text messages.
    texts = fields.BooleanField(default=False)
    withdrawn_at = fields.DatetimeField(null=True)
    at = fields.DatetimeField()

    class Meta:
        table = "hotline_filing"


class Logged(PersonalJSON):
    """What was done, one after the other."""


class HotlineCallBack(Personal):
    """Somebody is to be called."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    #: What there is one of at a time; None once it is over.
    key = fields.CharField(max_length=128, null=True, unique=True)
    caller_id = fields.UUIDField(db_index=True)
    desk = fields.CharField(max_length=64)
    #: missed, promised, or rating (how the answer to their case was).
    why = fields.CharField(max_length=8)
    #: The call that it came of, the last one; and the case that is asked about.
    call_id = fields.UUIDField(null=True)
    case_id = fields.UUIDField(null=True)
    #: Calls of theirs that nobody has answered meanwhile.
    calls = fields.IntField(default=1)
    #: Between which moments they were told to be called.
    begins = fields.DatetimeField()
    until = fields.DatetimeField()
    #: due, held, reached, given-up, or taken-back (the call was answered after all).
    state = fields.CharField(max_length=10)
    officer = PersonalId(255, default="")
    lease_until = fields.DatetimeField(null=True)
    tries = fields.IntField(default=0)
    note = PersonalText(default="")
    #: Who of the staff has seen the number, when, and what came of it.
    log: Any = Logged(default=list)
    #: 1 to 5, of a satisfaction call.
    stars = fields.IntField(null=True)
    closed_at = fields.DatetimeField(null=True)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "hotline_call_back"
        indexes = [Index(fields=("desk", "state", "until"), name="hotline_call_back_queue")]
