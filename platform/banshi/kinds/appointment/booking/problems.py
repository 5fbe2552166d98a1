"""Why an appointment can't be made, changed or begun now: each with its code and with what to do instead."""

from banshi.foundation.errors import NotFound
from banshi.kinds.refusals import NotPossibleNow, OfKinds


class SlotFull(NotPossibleNow, code="slot-full"):
    """This time is full. Choose another one, or join the waiting list where there is one."""


class SlotClosed(NotPossibleNow, code="slot-closed"):
    """This time is no longer offered. Choose another one."""


class SlotPast(NotPossibleNow, code="slot-past"):
    """This time has begun or is over. Choose a later one."""


class NotReleased(NotPossibleNow, code="not-released"):
    """This time can be booked from {opens} on. Come back then."""


class SlotDrawn(NotPossibleNow, code="slot-drawn"):
    """Who gets this time is drawn at {draw}. Book it to enter the draw: it can be neither held nor moved to."""


class DrawPending(NotPossibleNow, code="draw-pending"):
    """This time is being drawn right now. Ask again in a minute."""


class AlreadyThere(NotPossibleNow, code="already-there"):
    """You already have this time, or wait for it; see your own cases."""


class LimitReached(NotPossibleNow, code="limit-reached"):
    """One person has {limit} of these at once, and you have them. Cancel one, or move it to another time."""


class NoWaitingList(NotPossibleNow, code="no-waiting-list"):
    """This time is full and has no waiting list. Choose another one."""


class TooLateToChange(NotPossibleNow, code="too-late-to-change"):
    """It could be changed or cancelled until {until}. If you can't come, call {phone}."""


class NoShowPause(NotPossibleNow, code="no-show-pause"):
    """You missed {missed} appointments, so booking online pauses until {until}. Call {phone} if one is a mistake."""


class OfferOver(NotPossibleNow, code="offer-over"):
    """The offer was good until {until}. The place has gone to whoever was next."""


class WrongPlace(NotPossibleNow, code="wrong-place"):
    """This appointment is at another place: {where}."""


class WrongDay(NotPossibleNow, code="wrong-day"):
    """This appointment is on another day: {when}."""


class NotOverYet(NotPossibleNow):
    """The time is not over yet: nobody has missed it."""


class TooEarly(NotPossibleNow, code="too-early"):
    """Too early: the appointment is at {when}, and the counter takes people from {opens} on."""


class TooLate(NotPossibleNow, code="too-late"):
    """Too late: the appointment was at {when}. Book a new one."""


class NotScannable(NotPossibleNow, code="not-an-appointment"):
    """What was scanned is no appointment's code of this item. Scan the code in the app, or look for the number."""


class NotBookable(OfKinds, NotFound):
    """There is no such item to book; look for it in the list of items."""


class NoSuchSlot(OfKinds, NotFound):
    """This item has no such time; choose another one."""


class NoCodeNow(OfKinds, NotFound):
    """There is a code once the appointment is booked, until its end."""
