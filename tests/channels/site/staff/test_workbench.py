"""The workbench: staff find what waits, read it, and decide; whoever may not sees nothing, and no link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from banshi import LANGUAGES, Principal, Role
from banshi.builtin.audit.models import CaseReading
from banshi.builtin.worklist import looking
from banshi.forms import Form
from banshi.kernel.tables.cases import Case
from banshi.testing import TINY_PNG, Door
from tests.channels.site.browsing import Browser, open_browser
from tests.channels.site.staff.workbench import LI, ZHAO, handed_in, open_parks, token_of
from web_site.session import ROOT, STAFF

WORKLIST = f"{STAFF}/worklist"
#: What would break out of the page that shows it again.
TYPED = '缺少<b>照片</b>"</textarea>'


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_parks(
        tmp_path, people=["王小明"], staff={"赵队长": ["parks:reviewer", "parks:approver"]}
    ) as opened:
        yield opened


@pytest.fixture
async def li(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door, LI) as opened:
        yield opened


def rooms(browser: Browser) -> list[str]:
    return [one.get("href") for one in browser.page.xpath("//nav[@class='nav']//a")]


def note(browser: Browser) -> str:
    return " ".join(one.text_content() for one in browser.page.xpath("//main//*[contains(@class, 'note')]"))


async def to_action(browser: Browser, case: str, action: str) -> Browser:
    return await browser.go(f"{STAFF}/cases/{case}/actions/{action}")


# -- who gets in -----------------------------------------------------------------------------------------------------


async def test_one_click_lets_a_made_up_officer_in_on_this_machine_and_out_again(door: Door) -> None:
    async with open_browser(door) as browser:
        await browser.go(STAFF)
        assert browser.url.endswith(f"/sign-in?next={STAFF}")
        assert browser.page.xpath("//main//button[@name='person']/@value") == ["赵队长"]
        await browser.press("person", "赵队长")
        assert browser.url.endswith(WORKLIST)
        assert browser.page.xpath("string(//*[@class='brand']//small)") == "工作台 · 公园处 · 赵队长"
        assert rooms(browser)[0] == WORKLIST
        await browser.sign_out()
        await browser.go(WORKLIST)
        assert "/sign-in" in browser.url


async def test_nobody_made_up_is_a_citizen_and_staff_at_once(door: Door) -> None:
    """A citizen's click gives no way into the workbench, and an officer's none to a citizen's pages."""
    async with open_browser(door) as browser:
        for there, person in ((STAFF, "王小明"), (ROOT, "赵队长")):
            await browser.go(f"{ROOT}/sign-in?next={there}")
            data = {"next": there, "person": person}
            await browser._ask("POST", f"{ROOT}/sign-in", data=data, headers={"Origin": door.url})
            assert browser.status == 403, person
        await browser.go(f"{ROOT}/sign-in?next={STAFF}")
        await browser.press("person", "赵队长")
        await browser.go(f"{ROOT}/cases")
        assert "/sign-in?next=/site/cases" in browser.url


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ((Role("officer", "parks"),), 404),
        ((Role("publisher", "parks"),), 404),
        ((Role("reviewer", "parks"),), 200),
        ((Role("reviewer", "parks", "blue"),), 200),
    ],
)
async def test_a_room_is_there_for_its_roles_and_404_without_a_link_for_others(
    door: Door, roles: tuple[Role, ...], status: int
) -> None:
    case = await handed_in(door)
    async with open_browser(door, Principal("sun", name="孙", roles=roles)) as browser:
        await browser.go(WORKLIST)
        assert browser.status == status
        assert (WORKLIST in rooms(browser)) is (status == 200)
        assert case["number"] not in browser.text or roles[0] == Role("reviewer", "parks")
        await browser.go(f"{STAFF}/cases/{case['id']}")
        is_theirs = roles[0] == Role("reviewer", "parks")
        assert browser.status == (200 if is_theirs else 404)
        assert ("王小明" in browser.text) is is_theirs


async def test_an_address_of_the_workbench_that_leads_nowhere_is_a_page_with_the_way_back(li: Browser) -> None:
    await li.go(f"{STAFF}/nothing")
    assert li.status == 404
    assert rooms(li)[0] == WORKLIST
    assert STAFF in li.page.xpath("//main//a/@href")


async def test_a_role_that_nothing_asks_for_any_more_lets_nobody_in(door: Door) -> None:
    async with open_browser(door, Principal("sun", roles=(Role("gardener", "parks"),))) as browser:
        await browser.go(WORKLIST)
        assert "/sign-in" in browser.url


async def test_an_account_whose_roles_no_cookie_holds_is_told_so_and_not_led_in_a_circle(tmp_path: Path) -> None:
    roles = [f"parks/{'u' * 20}{number}:reviewer" for number in range(80)]
    async with open_parks(tmp_path, staff={"多": roles}) as door, open_browser(door) as browser:
        await browser.go(f"{ROOT}/sign-in?next={STAFF}")
        await browser.press("person", "多")
        assert browser.status == 403
        assert "角色太多" in browser.text
        assert "banshi_staff" not in str(browser.headers.get("Set-Cookie"))


# -- the worklist ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_list_says_who_what_until_when_and_whose_turn_it_is(door: Door, language: str) -> None:
    await handed_in(door, "bench")
    hall = await handed_in(door, "hall", "李四")
    (await token_of(door, LI).post(f"/v1/cases/{hall['id']}/actions/recommend")).ok()
    async with open_browser(door, LI, language) as browser:
        await browser.go(WORKLIST)
        rows = {one.xpath("string(.//a)"): one.text_content() for one in browser.page.xpath("//tbody/tr")}
        bench, hall_ = ("长椅许可", "礼堂许可") if language == "zh-CN" else ("bench", "hall")
        assert "王**" in rows[bench]
        assert ("尾号2345" if language == "zh-CN" else "ending in 2345") in rows[bench]
        assert "王小明" not in browser.text
        colleague = "等另一位同事" if language == "zh-CN" else "A colleague's turn"
        assert colleague not in rows[hall_], "they may still send it back"
        assert browser.page.xpath("count(//tbody//*[@class='tag wait'])") == 1
        chips = [one.text_content() for one in browser.page.xpath("//*[@class='chip']")]
        assert chips[0] == ("全部 2" if language == "zh-CN" else "All 2")


async def test_filters_stay_in_the_address_and_what_is_looked_for_is_found(door: Door, li: Browser) -> None:
    bench, hall = await handed_in(door, "bench"), await handed_in(door, "hall", "李四", plate="川B99999")
    for query, found in {
        "?item=hall": [hall],
        "?item=hall&state=recommended": [],
        "?q=李四": [hall],
        "?q=川B·12345": [bench],
        f"?q={bench['number'].lower()}": [bench],
        "?due=today": [],
        "?q=无此人": [],
    }.items():
        await li.go(WORKLIST + query)
        assert [one.get("href") for one in li.page.xpath("//tbody//a")] == [
            f"{STAFF}/cases/{one['id']}" for one in found
        ]
    await li.go(f"{WORKLIST}?item=hall&state=accepted&q=李四")
    assert li.page.xpath("//input[@name='q']/@value") == ["李四"]
    assert li.page.xpath("//input[@name='state']/@value") == ["accepted"]
    assert li.page.xpath("//option[@selected]/@value") == ["hall"]
    assert all("item=hall" in one for one in li.page.xpath("//a[@class='chip']/@href"))


async def test_odd_questions_are_answered_on_a_page(door: Door, li: Browser) -> None:
    await handed_in(door)
    for query in ("?q=王", "?q=<script>alert(1)</script>", "?state=%00", "?due=2026-13-99", "?after=x"):
        await li.go(WORKLIST + query)
        assert (li.status in (200, 400), len(li.page.xpath("//h1"))) == (True, 1), query
        assert "<script>alert" not in li.text


async def test_a_count_is_shown_only_where_it_is_of_what_its_link_leads_to(door: Door, li: Browser) -> None:
    await handed_in(door, "bench")
    await handed_in(door, "hall", "李四")
    for query, has_counts in {"": True, "?state=accepted": True, "?q=李四": False, "?item=hall": False}.items():
        await li.go(WORKLIST + query)
        chips = [one.text_content().strip() for one in li.page.xpath("//*[@class='chip']")]
        assert chips[0] == ("全部 2" if has_counts else "全部"), query


async def test_a_search_that_has_looked_through_a_part_says_so(
    door: Door, li: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOKED_AT", 2)
    for number in range(3):
        await handed_in(door, name="李四" if number else "王小明", plate=f"川B1000{number}")
    for query, told in {"川B10002": "已查的部分里没有符合的", "王小明": "后面可能还有符合的"}.items():
        await li.go(f"{WORKLIST}?q={query}")
        assert told in li.text, query
        await li.go(li.page.xpath("//main//a[contains(@href, 'after=')]/@href")[0])
        assert "还没有全部查完" not in li.text
    assert "没有符合条件的待办" in li.text


async def test_a_page_of_the_list_is_no_reading_and_a_search_by_name_is_one(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await li.go(WORKLIST)
    assert await CaseReading.all().count() == 0
    await li.go(f"{WORKLIST}?q=王小明")
    assert [str(one.case_id) for one in await CaseReading.all()] == [case["id"]]


# -- a case ----------------------------------------------------------------------------------------------------------


async def test_a_case_has_all_its_files_its_history_and_who_has_read_it(door: Door, li: Browser) -> None:
    wang = door.citizen("wang", "王小明")
    files = [(await wang.upload(TINY_PNG, f"第{number}张")).created()["id"] for number in range(100)]
    case = await handed_in(door, files=files)
    await li.go(f"{STAFF}/cases/{case['id']}")
    assert li.status == 200
    links = [one for one in li.page.xpath("//main//a/@href") if "/files/" in one]
    assert len({*links}) == 100
    assert "王小明" in li.text
    assert "公园处 审核人员" in li.page.xpath("string(//*[@aria-labelledby='rp'])")
    assert [one.reader for one in await CaseReading.all()] == ["li"]
    await li.go(links[-1])
    assert (li.status, li.headers["Content-Type"]) == (200, "image/png")
    await li.go(f"{STAFF}/cases/{case['id']}/files/0192f0c1-0000-7000-8000-000000000000")
    assert li.status == 404


async def test_staff_read_every_answer_though_the_item_asks_something_else_by_now(door: Door, li: Browser) -> None:
    case = await handed_in(door, plate="川B54321")
    registry = door.platform.registry
    schema = {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}}
    registry.items["bench"] = replace(registry.items["bench"], version=2, form=Form.from_schema(schema))
    await li.go(f"{STAFF}/cases/{case['id']}")
    assert "川B54321" in [one.text_content() for one in li.page.xpath("//main//dd")]
    assert li.page.xpath("string(//dl[dd or div]/preceding-sibling::h3)") == "现行表单已不再填写的内容"


async def test_what_an_action_sends_is_read_before_it_is_sent(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "approve")
    assert "申请人会收到" in note(li)
    told = li.page.xpath("//*[@class='said']//p")
    title, body = (one.text_content() for one in told)
    await li.press("next")
    assert li.url.endswith(f"/cases/{case['id']}?done=approve")
    assert "已办理：通过" in note(li)
    await door.settled()
    sent = (await door.citizen("wang", "王小明").get(f"/v1/inbox?case={case['id']}")).ok()["items"][-1]
    assert (sent["title"], " ".join(sent["body"].split())) == (title, " ".join(body.split()))


async def test_a_reason_is_asked_for_shown_in_the_message_and_sent_once(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "return")
    await li.press("next")
    assert li.mistakes() == ["理由：此项必填。"]
    li.type("/reason", TYPED)
    await li.press("next")
    assert TYPED in li.page.xpath("string(//*[@class='said'])"), "as it will be sent"
    assert (await Case.get(id=case["id"])).state == "accepted", "nothing was done yet"
    li.type("/reason", "另一条理由")
    await li.press("next")
    assert "另一条理由" in li.page.xpath("string(//*[@class='said'])"), "another text is another message"
    assert (await Case.get(id=case["id"])).state == "accepted"
    page = li.shown
    await li.press("next")
    assert (await Case.get(id=case["id"])).state == "returned"
    li.back(page)
    await li.press("next")
    assert li.status == 409, "it was pressed twice"
    await door.settled()
    inbox = (await door.citizen("wang", "王小明").get(f"/v1/inbox?case={case['id']}")).ok()["items"]
    assert ["另一条理由" in one["body"] for one in inbox].count(True) == 1


async def test_of_two_who_decide_at_once_the_second_reads_what_happened_and_keeps_what_was_typed(
    door: Door, li: Browser
) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "return")
    (await token_of(door, ZHAO).post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    li.type("/reason", TYPED)
    await li.press("next")
    assert li.status == 409
    assert li.heading() == "这个办件已有变化"
    assert "通过" in li.page.xpath("string(//ol[@class='time'])")
    assert li.page.xpath("string(//textarea[@readonly])").strip() == TYPED
    assert (await Case.get(id=case["id"])).state == "approved"


async def test_nobody_decides_on_answers_that_they_have_not_seen(door: Door, li: Browser) -> None:
    """The same action is permitted again, with the same message, on other answers."""
    case = await handed_in(door)
    await to_action(li, case["id"], "return")
    li.type("/reason", TYPED)
    await li.press("next")
    link, wang = f"/v1/cases/{case['id']}/actions", door.citizen("wang", "王小明")
    (await token_of(door, ZHAO).post(f"{link}/return", {"reason": "另一个号牌"})).ok()
    (await wang.post(f"{link}/supplement", {"answers": {"plate": "川B99999"}})).ok()
    await door.settled()
    await li.press("next")
    assert (li.status, li.heading()) == (409, "这个办件已有变化")
    assert li.page.xpath("string(//textarea[@readonly])").strip() == TYPED
    found = await Case.get(id=case["id"])
    assert (found.state, found.answers) == ("accepted", {"plate": "川B99999"})
    await to_action(li, case["id"], "approve")
    await li.press("next")
    assert (await Case.get(id=case["id"])).state == "approved"


async def test_a_case_withdrawn_while_it_is_open_says_so(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "approve")
    (await door.citizen("wang", "王小明").post(f"/v1/cases/{case['id']}/actions/withdraw")).ok()
    await li.press("next")
    assert li.status == 409
    assert "撤回" in li.page.xpath("string(//ol[@class='time'])")
    assert (await Case.get(id=case["id"])).state == "withdrawn"


async def test_a_session_that_ends_in_the_middle_of_a_decision_loses_nothing(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "return")
    li.type("/reason", TYPED)
    page = li.shown
    li.sign_in(LI, ago=3_600)
    await li.press("next")
    assert li.status == 401
    assert "王小明" not in li.text
    assert case["number"] not in li.text
    assert f"{ROOT}/sign-in?next={STAFF}" in li.page.xpath("//main//a/@href")
    li.sign_in(LI)
    await li.press()
    assert li.page.xpath("string(//textarea[@name='/reason'])").strip() == TYPED
    li.back(page)
    li.sign_in(ZHAO)
    await li.press("next")
    assert li.status == 200, "the same browser's token"


async def test_whoever_took_the_first_step_is_told_that_somebody_else_decides(door: Door, li: Browser) -> None:
    case = await handed_in(door, "hall")
    await to_action(li, case["id"], "recommend")
    assert "不会发送消息" in note(li)
    await li.press("next")
    assert "须由另一位同事决定" in li.text
    assert not li.page.xpath("//a[contains(@href, '/actions/approve')]")
    await to_action(li, case["id"], "approve")
    assert li.status == 409
    async with open_browser(door, ZHAO) as zhao:
        await zhao.go(f"{STAFF}/cases/{case['id']}")
        assert "提出通过意见（账号li，" in zhao.text
        await to_action(zhao, case["id"], "approve")
        await zhao.press("next")
        assert (await Case.get(id=case["id"])).state == "approved"


async def test_a_form_of_somebody_elses_page_decides_nothing(door: Door, li: Browser) -> None:
    case = await handed_in(door)
    await to_action(li, case["id"], "approve")
    await li.press("next", Origin="https://evil.example")
    assert li.status == 403
    await to_action(li, case["id"], "approve")
    form = li.form()
    data = [(name, "x" * 32 if name == "token" else text) for name, text in li.sent(form)] + [("next", "1")]
    await li._ask("POST", li.url, data=data, headers={"Origin": door.url})
    assert li.status == 403
    assert (await Case.get(id=case["id"])).state == "accepted"
