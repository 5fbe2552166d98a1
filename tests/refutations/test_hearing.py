"""Who finds a record by their own words, who is told of it, and who isn't any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.testing import Door, Person, open_door
from likeness import about, fits, terms_in
from refutations.reading import found as finding
from refutations.tables.models import Hearer, Refutation
from tests.channels.chatting import Chatter
from tests.places import DEPARTMENTS
from tests.refutations.conftest import BRIDGE, CLAIM, PLUGINS, UNTRUE, Office

PETITIONS = DEPARTMENTS / "petitions"


@pytest_asyncio.fixture
async def city(tmp_path: Path) -> AsyncIterator[Office]:
    """With phones, and the item by which people ask."""
    plugins = {**PLUGINS, "petitions": PETITIONS, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as door:
        yield Office(door)


async def titles(door: Door, person: Person) -> list[tuple[str, str]]:
    """The messages of somebody: title, and where it leads."""
    await door.settled()
    items = (await person.get("/v1/inbox?limit=100", headers={"Accept-Language": "zh-CN"})).ok()["items"]
    return [(one["title"], one["link"]) for one in items if "refutations" in one["link"]]


async def ask(person: Person, facts: str) -> Any:
    answers = {"field": "traffic", "subject": "想问一下", "question": facts}
    reply = await person.post("/v1/items/consult-police/cases", {"answers": answers})
    return reply.created()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("大桥垮了是真的吗", True),
        ("示例大橋垮塌", True),
        ("听说示例大桥垮了，真的假的？", True),
        ("Has the example bridge really fallen?", True),
        ("大桥", False),
        ("驾驶证换证", False),
        ("bridge", False),
        ("桥下摆摊怎么办手续", False),
    ],
)
def test_words_fit_where_they_are_about_it(asked: str, found: bool) -> None:
    assert fits(terms_in(asked), about(BRIDGE.values(), CLAIM)) == found


async def test_the_search_shows_it_above_the_items_until_it_is_withdrawn(office: Office) -> None:
    one = await office.publish(UNTRUE)

    async def shown(words: str) -> list[Any]:
        page = (await office.door.anyone.get("/v1/items", params={"q": words})).ok()
        return [(each["kind"], each["title"], each["links"]["self"]) for each in page["published"]]

    assert await shown("大桥垮了是真的吗") == [("refutation", "辟谣：网传“示例大桥垮塌”不实", one["links"]["self"])]
    assert await shown("补领行驶证") == []
    (await office.act(one, "withdraw", reason="错了")).ok()
    assert await shown("大桥垮了是真的吗") == []


async def searched(door: Door) -> int:
    return len((await door.anyone.get("/v1/items", params={"q": "大桥垮了是真的吗"})).ok()["published"])


async def test_what_is_withdrawn_while_a_search_reads_it_is_gone_from_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, read = await office.publish(UNTRUE), finding.with_editions

    async def slowly(rows: Any) -> Any:
        editions = await read(rows)
        monkeypatch.undo()
        (await office.act(one, "withdraw", reason="错了")).ok()
        return editions

    monkeypatch.setattr(finding, "with_editions", slowly)
    await searched(office.door)
    assert await searched(office.door) == 0


async def test_what_another_process_withdrew_without_a_word_is_soon_gone_from_the_search(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.publish(UNTRUE)
    assert await searched(office.door) == 1
    await Refutation.all().update(state="withdrawn")
    monkeypatch.setattr(office.door.platform[finding.FOUND], "_until", 0.0)
    assert finding.LOOK_S <= 2
    assert await searched(office.door) == 0


async def test_whoever_is_in_danger_reads_of_no_rumour_unless_they_ask_whether_it_is_true(city: Office) -> None:
    await city.publish(about={"zh-CN": "有人要跳楼", "en": "Somebody is about to jump"}, claim="有人要跳楼")
    page = (await city.door.anyone.get("/v1/items", params={"q": "我要跳楼"})).ok()
    assert page["danger"]
    assert page["published"] == []
    page = (await city.door.anyone.get("/v1/items", params={"q": "网传有人要跳楼"})).ok()
    assert page["danger"]
    assert len(page["published"]) == 1


async def test_followers_are_told_of_every_edition_and_by_one_press_no_more(city: Office) -> None:
    wang, zhang = city.door.citizen("wang"), city.door.citizen("zhang")
    for person in (wang, zhang):
        assert (await person.put("/v1/refutations/followed/all", {})).status == 204
        assert (await person.get("/v1/refutations/followed")).ok() == {"items": ["all"]}
    one = await city.publish()
    link = one["links"]["self"]
    assert await titles(city.door, wang) == [("正在核实：网传“示例大桥垮塌”", link)]
    (told,) = (await wang.get("/v1/inbox?kind=notice&category=refutations")).ok()["items"]
    assert told["link"] == link
    assert (await zhang.delete("/v1/refutations/followed/all")).status == 204
    await city.correct(one, UNTRUE)
    assert [title for title, _ in await titles(city.door, wang)] == [
        "正在核实：网传“示例大桥垮塌”",
        "辟谣：网传“示例大桥垮塌”不实",
    ]
    assert len(await titles(city.door, zhang)) == 1


async def test_all_who_asked_are_told_when_it_comes_and_once(city: Office) -> None:
    wang, zhang, li = (city.door.citizen(name) for name in ("wang", "zhang", "li"))
    # Before there is a record, while it is being checked, and by one press on its page.
    await ask(wang, "群里说示例大桥垮塌了，是真的吗？")
    await ask(zhang, "我的电动车怎么上牌？")
    await city.door.settled()
    one = await city.publish()
    assert len(await titles(city.door, wang)) == 1
    case = await ask(zhang, "示例大桥垮了吗")
    assert await titles(city.door, zhang) == [("正在核实：网传“示例大桥垮塌”", one["links"]["self"])]
    assert (await li.put(f"/v1/refutations/followed/{one['id']}", {})).status == 204
    assert (await li.put("/v1/refutations/followed/all", {})).status == 204
    await city.correct(one, UNTRUE)
    for person, told in ((wang, 2), (zhang, 2), (li, 1)):
        assert len(await titles(city.door, person)) == told
    # The office that answers reads which record it is about.
    staff = city.door.staff("qian", "petitions:reviewer")
    shown = (await staff.get(f"/v1/cases/{case['id']}")).ok()
    (record,) = shown["enclosures"]["refutations"]["records"]
    assert record["title"]["zh-CN"] == "辟谣：网传“示例大桥垮塌”不实"


async def test_whoever_asked_early_is_told_with_the_first_edition_that_their_words_fit(city: Office) -> None:
    wang, zhang = city.door.citizen("wang"), city.door.citizen("zhang")
    for person in (wang, zhang):
        await ask(person, "群里说示例大桥垮塌了，是真的吗？")
    one = await city.publish(about={"zh-CN": "有一段视频", "en": "A video"}, claim="看这段视频")
    assert await titles(city.door, wang) == []
    await city.correct(one, UNTRUE)
    assert len(await titles(city.door, wang)) == 1
    # Who lets it go is not told again, although what they asked fits.
    path = f"/v1/refutations/followed/{one['id']}"
    assert (await zhang.delete(path)).status == 204
    assert (await zhang.get("/v1/refutations/followed")).ok() == {"items": []}
    await city.correct(one, {**UNTRUE, "rating": "partly"})
    assert [len(await titles(city.door, person)) for person in (wang, zhang)] == [2, 1]
    assert (await zhang.put(path, {})).status == 204
    # What is withdrawn those are told who were told of it, once.
    (await city.act(one, "withdraw", reason="错了")).ok()
    for person, told in ((wang, 3), (zhang, 2)):
        last = (await titles(city.door, person))[-1]
        assert last == (f"已撤回：第{one['number']}号", one["links"]["self"])
        assert len(await titles(city.door, person)) == told


async def test_nobody_waits_for_what_isnt_public_or_is_withdrawn(office: Office) -> None:
    wang, one = office.door.citizen("wang"), await office.write()
    path = f"/v1/refutations/followed/{one['id']}"
    (await wang.put(path, {})).problem(404, "not-found")
    (await office.act(one, "propose")).ok()
    (await office.act(one, "approve", office.li)).ok()
    (await office.act(one, "withdraw", reason="错了")).ok()
    (await wang.put(path, {})).problem(410, "withdrawn")


async def test_whom_it_tells_is_forgotten_when_they_ask(city: Office) -> None:
    wang = city.door.citizen("wang")
    assert (await wang.put("/v1/refutations/followed/all", {})).status == 204
    assert "refutations_hearer" in (await wang.get("/v1/me/data")).body.decode()
    (await wang.delete("/v1/me")).ok()
    assert await Hearer.all().count() == 0


async def test_in_a_chat_it_is_said_with_its_page_before_any_item(tmp_path: Path) -> None:
    plugins = {**PLUGINS, "conversations": "conversations"}
    async with open_door(tmp_path, plugins, settings={"conversations": {}}) as door:
        about = {"zh-CN": "示例商场免费送手机", "en": "A shop gives phones away"}
        one = await Office(door).publish({**UNTRUE, "about": about, "claim": "示例商场免费送手机，速去"})
        said = (await Chatter(door, "zh-CN").send("示例商场免费送手机是真的吗")).text
        assert "辟谣：网传“示例商场免费送手机”不实" in said
        assert UNTRUE["finding"]["zh-CN"] in said
        assert one["links"]["page"] in said
        assert "没有听懂" not in said
