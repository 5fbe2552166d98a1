"""What posters are told of a posting's steps: what happened, why, what they do next and until when."""

from __future__ import annotations

from banshi.kinds.messages import message

#: What a message may mention of the last day on the public list, or of waiting for a change.
UNTIL = frozenset({"until"})


REGISTERED = message(
    {"zh-CN": "已收到，等待审核：{item}", "en": "Received, to be checked: {item}"},
    """{department}已于{date}收到您要公示的信息，工作人员审核后才会公开。
最迟于{deadline}告知结果。
目前您无需进行其他操作。""",
    """{department} received your posting on {date}. It becomes public once staff have checked it.
You are told by {deadline} at the latest.
There is nothing for you to do now.""",
)

PUBLISHED = message(
    {"zh-CN": "已公示：{item}", "en": "Published: {item}"},
    """您的信息已公示，至{until}为止。
说明：{reason}
有线索的人通过平台给您留言，您的姓名和电话不会公开；有留言或者比对到相似信息时会通知您。
事情解决后，请进入“我的办件”，打开该公示并标为已解决。""",
    """Your posting is public until {until}.
A note: {reason}
Whoever answers writes to you through the platform; neither your name nor your number is shown. You are told of each \
message, and of postings that are like yours.
Once it is settled, open the posting and mark it as resolved.""",
)

RETURNED = message(
    {"zh-CN": "请修改后重新提交：{item}", "en": "Please change it: {item}"},
    """您的信息需要修改后才能公示：
{reason}

请进入“我的办件”，打开该公示，修改后重新提交。在您提交之前，该公示不会公开，审核时间暂停计算。
请在{until}之前提交，逾期将自动结束。""",
    """Your posting has to be changed before it can be public:
{reason}

Open it, change it and submit it again. Until you do, it is not public, and the time to check it is paused.
Submit it before {until}: it ends then.""",
)

REFUSED = message(
    {"zh-CN": "不予公示：{item}", "en": "Not published: {item}"},
    """您的信息没有公示。理由：
{reason}

您可以按照要求重新提交一件。""",
    """Your posting was not published. The reason:
{reason}

You may submit another one that does.""",
)

TAKEN_DOWN = message(
    {"zh-CN": "已撤下：{item}", "en": "Taken down: {item}"},
    """您的信息已从公示栏撤下，有关的留言也已关闭。理由：
{reason}
""",
    """Your posting was taken off the public list, and nobody can write about it any more. The reason:
{reason}
""",
)

ENDING = message(
    {"zh-CN": "公示即将结束：{item}", "en": "Ends soon: {item}"},
    """您的公示到{until}为止。
事情已经解决的，请标为已解决；还需要公示的，请在此之前打开该公示并延长，只能延长一次。""",
    """Your posting is public until {until}.
If it is settled, mark it as resolved. If you still need it, open it and extend it before then, which is \
possible once.""",
)

EXPIRED = message(
    {"zh-CN": "公示已结束：{item}", "en": "No longer public: {item}"},
    """您的公示已到期，不再公开，有关的留言也已关闭。
事情尚未解决的，可以重新提交一件。""",
    """The time of your posting is over: it is no longer public, and nobody can write about it any more.
If it is not settled, you may submit it again.""",
)
