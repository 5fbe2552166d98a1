"""What citizens are told of an appeal's steps: who has it, what is asked of them, and the answer."""

from __future__ import annotations

from banshi.kinds.messages import message

#: What a message may mention of the unit that has it now, and of the answer.
UNIT = frozenset({"unit"})
ANSWER = frozenset({"answer"})


REGISTERED = message(
    {"zh-CN": "已收到：{item}", "en": "Received: {item}"},
    """{department}已于{date}收到您的诉求，工作人员阅看后转负责单位办理。
最迟于{deadline}答复；等待您补充情况的时间不计在内。
目前您无需进行其他操作。""",
    """{department} received it on {date}. A person reads it and gives it to the unit in charge.
You get an answer by {deadline} at the latest, not counting the time for questions to you.
There is nothing for you to do now.""",
)

ASSIGNED = message(
    {"zh-CN": "正在办理：{item}", "en": "Being worked on: {item}"},
    """您的诉求已转{unit}办理。
说明：{reason}
目前您无需进行其他操作，答复会发到这里。""",
    """A person has read it; {unit} is working on it.
A note: {reason}
There is nothing for you to do now; the answer will be here.""",
)

FORWARDED = message(
    {"zh-CN": "已转交：{item}", "en": "Passed on: {item}"},
    """您的诉求已转交{unit}办理，答复期限不变。原因：
{reason}

目前您无需进行其他操作。""",
    """It was passed on to {unit}; the day of the answer stays the same. The reason:
{reason}

There is nothing for you to do now.""",
)

RETURNED = message(
    {"zh-CN": "请补充情况：{item}", "en": "Please tell us more: {item}"},
    """为了答复您，还需要了解：
{reason}

请进入“我的办件”，打开该诉求，补充后重新提交。在您提交之前，答复期限暂停计算。""",
    """To answer you, we need to know:
{reason}

Open it, add what is asked for and submit it again. Until you do, the time to answer is paused.""",
)

MERGED = message(
    {"zh-CN": "已与相同诉求合并办理：{item}", "en": "Joined with another one: {item}"},
    """您反映的事项此前已有相同诉求，现合并办理，答复同样会发给您。
说明：{reason}
已有的答复：
{answer}
目前您无需进行其他操作。""",
    """Somebody has written about the same before. Both are answered together; you get that answer too.
A note: {reason}
The answer so far:
{answer}
There is nothing for you to do now.""",
)

WROTE = message(
    {"zh-CN": "工作人员给您留言：{item}", "en": "A message to you: {item}"},
    """{department}就您的诉求给您留言。请进入“我的办件”，打开该诉求查看和回复。""",
    """{department} wrote to you about it. Open it to read the message; you can reply there.""",
)

ANSWERED = message(
    {"zh-CN": "已答复：{item}", "en": "Answered: {item}"},
    """{department}的答复：
{answer}

请进入“我的办件”，打开该诉求查看完整答复；由您本人提交的，可以评价。""",
    """The answer of {department}:
{answer}

The whole answer stands in your case, where you can rate it.""",
)

REOPENED = message(
    {"zh-CN": "已转其他工作人员重新办理：{item}", "en": "Somebody else answers again: {item}"},
    """您对答复不满意，现已转其他工作人员重新办理，最迟于{deadline}答复。
目前您无需进行其他操作。""",
    """You were not satisfied with the answer. Somebody else answers again, by {deadline} at the latest.
There is nothing for you to do now.""",
)
