"""Why something can't be done with an appeal or a tip now: each says what to do instead."""

from __future__ import annotations

from banshi.foundation.errors import NotFound, TooManyRequests, UnsupportedMediaType
from banshi.kinds.refusals import InTwoLanguages, Refused


class TooManyLetters(Refused):
    """One appeal has at most {limit} messages. Wait for the answer, or hand in a new one."""

    zh = "一件诉求最多有{limit}条留言。请等待答复，或者另行提交。"


class JoinedOneClosed(Refused):
    """The one that this was joined with is closed. If there is more to say, hand in a new one."""

    zh = "并案的诉求已经办结。如果还有要反映的，请另行提交。"


class OthersWaitForAnswer(Refused):
    """Others wait for the same answer, so it can't be withdrawn; you need not read it."""

    zh = "还有其他人的诉求并入该诉求，不能撤回；答复后您可以不予理会。"


class OthersWaitForSender(Refused):
    """Others wait for the same answer, so it is not returned: ask its sender in a message."""

    zh = "还有其他诉求并入该诉求，不能退回补充；请用留言询问举报人。"


class UnknownCode(InTwoLanguages, NotFound):
    """There is no tip of that code; or it has been there as long as tips are kept."""

    code = "unknown-code"
    zh = "没有这个查询码对应的举报；也可能已过保存期限。"


class TooMuchComing(InTwoLanguages, TooManyRequests):
    """Too much is coming in at present. Nothing was stored; wait a moment and send it again."""

    zh = "现在提交的人太多，您的内容没有保存。请稍等片刻，再提交一次。"


class NoRoomForPictures(InTwoLanguages, TooManyRequests):
    """No more pictures can be taken at present; send the text, and pictures later with its code."""

    zh = "暂时不能再收图片，请先提交文字，图片可以以后凭查询码补充。"


class TellsWhoMadeIt(InTwoLanguages, UnsupportedMediaType):
    """Without a name only JPEG, PNG or WebP pictures are taken: PDF, HEIC and the like can tell who made them, and that
    can't be taken out for certain. Send a screenshot or a photo instead.
    """

    zh = "匿名时只收JPEG、PNG或者WebP图片：PDF、HEIC等文件会留有作者、设备等信息，无法可靠清除。请改用截图或者照片。"
