"""Why a posting can't be written about or extended now: each says what to do instead."""

from __future__ import annotations

from banshi.kinds.refusals import Refused


class OwnPosting(Refused):
    """This posting is yours. Your conversations show who has written to you about it."""

    code = "own-posting"
    zh = "这是您自己的公示。别人给您的留言在“我的对话”中。"


class AlreadyTalking(Refused):
    """You have written about this posting before: go on in your conversation."""

    code = "already-talking"
    zh = "您已就该公示留过言，请在原来的对话中继续。"


class PostingOver(Refused):
    """This posting is over, so nobody can write about it any more."""

    code = "posting-over"
    zh = "该公示已经结束，不能再留言。"


class ConversationClosed(Refused):
    """Nobody can write in this conversation any more. If you have blocked it, unblock it first."""

    code = "conversation-closed"
    zh = "这个对话已经关闭，不能再留言。是您本人屏蔽的，请先解除屏蔽。"


class AlreadyReported(Refused):
    """You have reported this conversation already, or it is closed: staff tell you what came of it."""

    code = "already-reported"
    zh = "您已举报过这个对话，或者它已关闭；处理结果会告知您。"


class ExtensionTooLate(Refused):
    """It has ended already: submit it again instead."""

    zh = "公示已到期，不能再延长；可以重新提交一件。"


class ExtendedBefore(Refused):
    """It was extended before: submit it again once it ends."""

    zh = "已经延长过一次；到期后可以重新提交一件。"


class NotReported(Refused):
    """There is no report of this conversation that waits for a review: somebody else may have reviewed it."""

    code = "not-reported"
    zh = "这个对话没有待处理的举报，可能已由他人处理。"
