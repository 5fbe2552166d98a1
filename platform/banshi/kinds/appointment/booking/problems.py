"""Why an appointment can't be made, changed or begun now: each with its code and with what to do instead."""

from __future__ import annotations

from banshi.foundation.errors import NotFound
from banshi.kinds.refusals import OfKinds, Refused


class SlotFull(Refused):
    """This time is full. Choose another one, or join the waiting list where there is one."""

    code = "slot-full"


class SlotClosed(Refused):
    """This time is no longer offered. Choose another one."""

    code = "slot-closed"


class SlotPast(Refused):
    """This time has begun or is over. Choose a later one."""

    code = "slot-past"


class NotReleased(Refused):
    """This time can be booked from {opens} on. Come back then."""

    code = "not-released"


class SlotDrawn(Refused):
    """Who gets this time is drawn at {draw}. Book it to enter the draw: it can be neither held nor moved to."""

    code = "slot-drawn"


class DrawPending(Refused):
    """This time is being drawn right now. Ask again in a minute."""

    code = "draw-pending"


class AlreadyThere(Refused):
    """You already have this time, or wait for it; see your own cases."""

    code = "already-there"


class LimitReached(Refused):
    """One person has {limit} of these at once, and you have them. Cancel one, or move it to another time."""

    code = "limit-reached"


class NoWaitingList(Refused):
    """This time is full and has no waiting list. Choose another one."""

    code = "no-waiting-list"


class TooLateToChange(Refused):
    """It could be changed or cancelled until {until}. If you can't come, call {phone}."""

    code = "too-late-to-change"


class NoShowPause(Refused):
    """You missed {missed} appointments, so booking online pauses until {until}. Call {phone} if one is a mistake."""

    code = "no-show-pause"


class OfferOver(Refused):
    """The offer was good until {until}. The place has gone to whoever was next."""

    code = "offer-over"


class WrongPlace(Refused):
    """This appointment is at another place: {where}."""

    code = "wrong-place"


class WrongDay(Refused):
    """This appointment is on another day: {when}."""

    code = "wrong-day"


class NotOverYet(Refused):
    """The time is not over yet: nobody has missed it."""


class TooEarly(Refused):
    """Too early: the appointment is at {when}, and the counter takes people from {opens} on."""

    code = "too-early"


class TooLate(Refused):
    """Too late: the appointment was at {when}. Book a new one."""

    code = "too-late"


class NotScannable(Refused):
    """What was scanned is no appointment's code of this item. Scan the code in the app, or look for the number."""

    code = "not-an-appointment"


class NotBookable(OfKinds, NotFound):
    """There is no such item to book; look for it in the list of items."""


class NoSuchSlot(OfKinds, NotFound):
    """This item has no such time; choose another one."""


class NoCodeNow(OfKinds, NotFound):
    """There is a code once the appointment is booked, until its end."""
