"""Why something can't be done with an appeal or a tip now: each says what to do instead."""

from banshi.foundation.errors import NotFound, TooManyRequests, UnsupportedMediaType
from banshi.kinds.refusals import NotPossibleNow, OfKinds


class TooManyLetters(NotPossibleNow):
    """One appeal has at most {limit} messages. Wait for the answer, or hand in a new one."""


class JoinedOneClosed(NotPossibleNow):
    """The one that this was joined with is closed. If there is more to say, hand in a new one."""


class OthersWaitForAnswer(NotPossibleNow):
    """Others wait for the same answer, so it can't be withdrawn; you need not read it."""


class OthersWaitForSender(NotPossibleNow):
    """Others wait for the same answer, so it is not returned: ask its sender in a message."""


class UrgedLately(NotPossibleNow):
    """It is urged once in a working day, and not on the day on which it came in. Urge it again on the next one."""


class LimitPassed(NotPossibleNow):
    """More time is asked for before the day of the answer is over. Answer it now, and say why it is late."""


class ExtensionAsked(NotPossibleNow):
    """More time is asked for once. Answer it by the day that stands."""


class TakenOn(NotPossibleNow):
    """It is sent back by the unit that it was passed on to, before that has taken it on and within a working day."""


class Placed(NotPossibleNow):
    """A lead has decided whose it is; turn to them."""


class UnknownCode(OfKinds, NotFound, code="unknown-code"):
    """There is no tip of that code; or it has been there as long as tips are kept."""


class TooMuchComing(OfKinds, TooManyRequests):
    """Too much is coming in at present. Nothing was stored; wait a moment and send it again."""


class NoRoomForPictures(OfKinds, TooManyRequests):
    """No more pictures can be taken at present; send the text, and pictures later with its code."""


class TellsWhoMadeIt(OfKinds, UnsupportedMediaType):
    """Without a name only JPEG, PNG or WebP pictures are taken: PDF, HEIC and the like can tell who made them, and that
    can't be taken out for certain. Send a screenshot or a photo instead.
    """


class TooManyAppeals(OfKinds, TooManyRequests):
    """Within an hour you can hand in {limit} of these. What you have sent is being looked at; try again later."""
