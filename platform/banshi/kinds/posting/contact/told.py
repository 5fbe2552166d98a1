"""What people are told of what no step of a case says: that somebody wrote, and what became of a report."""

from __future__ import annotations

from functools import partial
from typing import Any

from tortoise.models import Model

from banshi.foundation.texts import clean, cut
from banshi.kernel.contract.message_templates import LONGEST_TITLE, fill, parse
from banshi.kernel.contract.values import LANGUAGES, Message, MessageTemplates
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.running import Platform
from banshi.kinds import messages

message = partial(messages.message, questions={})

#: None of these has the text that somebody wrote: it stands in the conversation alone.
WRITTEN = message(
    {"zh-CN": "关于“{posting}”的新留言", "en": "A new message about “{posting}”"},
    "有人就“{posting}”给您留言。请打开对话阅读和回复，双方的姓名和电话都不会显示。",
    "Somebody has written to you about “{posting}”. Open the conversation to read and answer it. Neither of you "
    "sees the other's name or number.",
)

#: For whoever has lost something, and for whoever has found it.
MATCHED_LOST = message(
    {"zh-CN": "可能找到了：“{posting}”", "en": "This may be yours: “{posting}”"},
    "有人捡到的“{posting}”与您丢失的“{own}”相似。\n请打开您的公示查看；如果是您的，请通过平台给拾得者留言。",
    "Somebody has found “{posting}”, which is like what you have lost: “{own}”.\nOpen your posting to look at it. If "
    "it is yours, write to the finder through the platform.",
)
MATCHED_FOUND = message(
    {"zh-CN": "可能有失主：“{posting}”", "en": "Its owner may be looking for it: “{posting}”"},
    "有人丢失的“{posting}”与您捡到的“{own}”相似。\n请打开您的公示查看；如果相符，请通过平台给失主留言。",
    "Somebody has lost “{posting}”, which is like what you have found: “{own}”.\nOpen your posting to look at it. If "
    "it fits, write to the owner through the platform.",
)

KEPT = message(
    {"zh-CN": "举报已处理：“{posting}”", "en": "Your report was looked into: “{posting}”"},
    "工作人员查看了您举报的对话，认为无需关闭。\n说明：{reason}\n您可以随时屏蔽这个对话。",
    "Staff have read the conversation that you reported, and left it open.\nA note: {reason}\nYou may block it "
    "at any time.",
)

CLOSED = message(
    {"zh-CN": "对话已关闭：“{posting}”", "en": "A conversation was closed: “{posting}”"},
    "关于“{posting}”的一个对话被举报，工作人员查看后已将其关闭，双方都不能再留言。\n理由：{reason}",
    "A conversation about “{posting}” was reported. Staff have read it and closed it: neither side can write now.\n"
    "The reason: {reason}",
)


def rows_for(
    platform: Platform, person: str, templates: MessageTemplates, link: str, dedup: str, *, item: str, **values: str
) -> list[Model]:
    """The promise to tell a person this, as rows for the transaction that makes it true."""
    given: dict[str, str] = {name: clean(value) for name, value in values.items()}
    one_line = {name: " ".join(value.split()) for name, value in given.items()}
    title: Any = templates.title
    body: Any = templates.body
    message = Message(
        id=outbox.new_message_id(),
        kind="case",
        person=person,
        title={language: cut(fill(parse(title[language]), one_line), LONGEST_TITLE) for language in LANGUAGES},
        body={language: fill(parse(body[language]), given) for language in LANGUAGES},
        link=link,
        item=item,
        created_at=platform.now(),
    )
    return [*outbox.message_rows(platform, message, dedup=dedup)]
