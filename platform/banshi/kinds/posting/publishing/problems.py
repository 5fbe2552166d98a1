"""Why a posting can't be written about or extended now: each says what to do instead."""

from __future__ import annotations

from banshi.kinds.refusals import Refused


class OwnPosting(Refused):
    """This posting is yours. Your conversations show who has written to you about it."""

    code = "own-posting"


class AlreadyTalking(Refused):
    """You have written about this posting before: go on in your conversation."""

    code = "already-talking"


class PostingOver(Refused):
    """This posting is over, so nobody can write about it any more."""

    code = "posting-over"


class ConversationClosed(Refused):
    """Nobody can write in this conversation any more. If you have blocked it, unblock it first."""

    code = "conversation-closed"


class AlreadyReported(Refused):
    """You have reported this conversation already, or it is closed: staff tell you what came of it."""

    code = "already-reported"


class ExtensionTooLate(Refused):
    """It has ended already: submit it again instead."""


class ExtendedBefore(Refused):
    """It was extended before: submit it again once it ends."""


class NotReported(Refused):
    """There is no report of this conversation that waits for a review: somebody else may have reviewed it."""

    code = "not-reported"
