"""Why a posting can't be written about or extended now: each says what to do instead."""

from banshi.kinds.refusals import NotPossibleNow


class OwnPosting(NotPossibleNow, code="own-posting"):
    """This posting is yours. Your conversations show who has written to you about it."""


class AlreadyTalking(NotPossibleNow, code="already-talking"):
    """You have written about this posting before: go on in your conversation."""


class PostingOver(NotPossibleNow, code="posting-over"):
    """This posting is over, so nobody can write about it any more."""


class ConversationClosed(NotPossibleNow, code="conversation-closed"):
    """Nobody can write in this conversation any more. If you have blocked it, unblock it first."""


class AlreadyReported(NotPossibleNow, code="already-reported"):
    """You have reported this conversation already, or it is closed: staff tell you what came of it."""


class ExtensionTooLate(NotPossibleNow):
    """It has ended already: submit it again instead."""


class ExtendedBefore(NotPossibleNow):
    """It was extended before: submit it again once it ends."""


class NotReported(NotPossibleNow, code="not-reported"):
    """There is no report of this conversation that waits for a review: somebody else may have reviewed it."""
