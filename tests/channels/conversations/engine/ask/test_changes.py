"""What changes while somebody fills in: the form, the department, the case. Nobody is stuck, and nothing is lost."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from conversations.tables.models import ChannelConversation, Turn
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import office
from tests.plugins import filling
from tests.town import survey_plugin

HEAD = survey_plugin.ITEMS.partition("[items.form]")[0]
FORM = """
[items.form]
type = "object"
additionalProperties = false
required = ["choice", "why"]
properties.choice = { title = "哪一种", enum = ["桥", "隧道"] }
properties.why = { title = "理由", type = "string" }
"""
#: A choice fewer, another name for a field, and one more.
CHANGED = """
[items.form]
type = "object"
additionalProperties = false
required = ["choice", "reason", "phone"]
properties.choice = { title = "哪一种", enum = ["渡船", "隧道"] }
properties.reason = { title = "为什么", type = "string" }
properties.phone = { title = "电话", type = "string", format = "cn-mobile" }
"""


def city(folder: Path, *plugins: Path) -> AbstractAsyncContextManager[Door]:
    return office(folder, names=(), plugins={one.name: one for one in plugins})


async def known(door: Door, *, is_new: bool = True) -> Chatter:
    chatter = Chatter(door, "zh-CN")
    if is_new:
        await chatter.is_linked("li", name="李示例", resident_id=filling.NUMBER)
    else:
        # Another process's messages have other ids.
        chatter.counter = iter(range(1_000, 2_000))
    return chatter


async def handed_in(door: Door) -> Chatter:
    """Somebody whose survey has come in."""
    chatter = await known(door)
    await chatter.begin("新桥")
    for line in ("桥", "过江快", "0", "1"):
        await chatter.send(line)
    await door.settled()
    return chatter


async def test_a_form_that_changes_in_the_middle_asks_what_it_asks_now_and_what_no_longer_fits(tmp_path: Path) -> None:
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        chatter = await known(door)
        await chatter.begin("新桥")
        assert "理由" in (await chatter.send("桥")).text
    (place / "items.toml").write_text(HEAD.replace("kind = ", "version = 2\nkind = ", 1) + CHANGED, encoding="utf-8")
    async with city(tmp_path, place) as door:
        chatter = await known(door, is_new=False)
        assert "电话" in (await chatter.send("过江快")).text
        await chatter.send("13800000000")
        await chatter.send("0")
        # The bridge is no choice any more: the whole form says so, and it is asked again.
        assert "哪一种" in (await chatter.send("1")).text
        await chatter.send("隧道")
        assert "已提交" in (await chatter.send("1")).text
        (case,) = await Case.all()
        assert case.answers == {"choice": "隧道", "reason": "过江快", "phone": "13800000000"}


async def test_a_department_that_is_taken_out_in_the_middle_ends_the_form_in_words_and_comes_back(
    tmp_path: Path,
) -> None:
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        chatter = await known(door)
        await chatter.begin("新桥")
        await chatter.send("桥")
    async with city(tmp_path) as door:
        chatter = await known(door, is_new=False)
        assert "停办" in (await chatter.send("过江快")).text
        assert await chatter.state() == "menu"
    async with city(tmp_path, place) as door:
        chatter = await known(door, is_new=False)
        chatter.counter = iter(range(2_000, 3_000))
        assert "哪一种" in (await chatter.begin("新桥")).text
        assert await Turn.all().count() > 3


async def test_a_case_that_moves_on_meanwhile_is_told_and_nothing_is_handed_in(tmp_path: Path) -> None:
    """Its action is chosen in the chat, and taken in the app before the chat confirms it."""
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        chatter = await handed_in(door)
        (case,) = await Case.all()
        await chatter.send("进度")
        reply = await chatter.send("1")
        await chatter.send(next(one.says for one in reply.buttons if "withdraw" in one.label))
        phone = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
        (await phone.post(f"/v1/cases/{case.id}/actions/withdraw", {})).ok()
        assert (await chatter.send("0")).text
        assert await chatter.state() == "menu"
        assert (await Case.get(id=case.id)).version == 3


async def test_a_correction_by_chat_has_all_answers_filled_in_and_changes_the_line_that_is_named(
    tmp_path: Path,
) -> None:
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        chatter = await handed_in(door)
        await chatter.send("进度")
        reply = await chatter.send("1")
        await chatter.send(next(one.says for one in reply.buttons if "revise" in one.label))
        for line in ("0", "改1", "隧道", "1"):
            await chatter.send(line)
        (case,) = await Case.all()
        assert case.answers == {"choice": "隧道", "why": "过江快"}, "\n".join(chatter.said)


async def test_what_another_version_remembered_beyond_ours_stops_nobody(tmp_path: Path) -> None:
    place = survey_plugin.make(tmp_path, HEAD + FORM)
    async with city(tmp_path, place) as door:
        chatter = await known(door)
        await chatter.begin("新桥")
        row = await ChannelConversation.get(contact=chatter.contact)
        row.memory["dialogues"][-1] |= {"within": "", "of-tomorrow": [1]}
        del row.memory["dialogues"][-1]["tries"]
        await row.save(update_fields=["memory"])
        assert "理由" in (await chatter.send("桥")).text
