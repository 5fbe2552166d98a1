"""A place that others read: it holds no form, shows nothing of anybody, and leads to a chat of one's own."""

from __future__ import annotations

from pathlib import Path

from banshi.builtin.drafts.models import Draft
from banshi.kernel.tables.cases import Case
from conversations.engine.ask.pages import NOT_IN_A_GROUP
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, LinkOffer
from questions.answering import body_of
from tests.channels.chatting import Chatter
from tests.channels.conversations.engine.test_every_item import LINKS, handed_in
from tests.clients.made_up_city import open_city
from tests.plugins import filling

ALONE = say(NOT_IN_A_GROUP)["zh-CN"]

#: What somebody may try there: to go on, to be known, to see and to end what is theirs.
TRIED = ("1", "继续", "提交", "进度", "1", "撤回", "登录", "0123456789", "解绑", filling.NUMBER)


async def test_no_item_asks_shows_or_binds_anything_of_anybody_in_a_group(tmp_path: Path) -> None:
    """Also where the group's contact has come to be bound to somebody who has a case.

    It takes long: ten things are tried with each of a hundred items.
    """
    async with open_city(tmp_path) as door:
        items = door.platform.registry.items
        guide = (await door.citizen("over-http").get("/v1/items/suggest-police")).ok()
        whole = filling.filled(body_of(guide), map(str, range(9)))
        number = (await handed_in(door, items["suggest-police"], guide, whole, filling.NUMBER)).number
        for item in items.values():
            group = Chatter(door, "zh-CN", contact=f"g-{item.code}", group=True)
            await group.is_linked("over-http", name="李示例")
            reply = await group.begin(item.title["zh-CN"])
            leads = "/v1/tips/forms/" in reply.text if LINKS.get(item.code) == "link" else ALONE in reply.text
            assert leads, (item.code, reply.text)
            for what in TRIED:
                await group.send(what)
            told = "\n".join(group.said[1::2])
            assert not [one for one in (number, filling.NUMBER, "李示例", "李**", "/sign-in/", "/rest/") if one in told]
        assert await Case.all().count() == 1
        assert not await Draft.exists()
        assert not await LinkOffer.exists()
        rows = await ChannelConversation.all()
        assert {(row.state, len(row.memory["dialogues"])) for row in rows} <= {("menu", 0), ("idle", 0)}
