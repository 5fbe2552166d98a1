"""Notices and alerts on the workbench: written, looked at as phones show them, approved by a second person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, Role
from banshi.testing import Door, open_door
from mobile_push.providers.webpush.vapid import write_key
from mobile_push.sandbox import FcmSandbox
from tests.channels.site.browsing import Browser, open_browser
from tests.places import DEPARTMENTS
from web_site.session import STAFF

ROOM = f"{STAFF}/publishing"
SUN = Principal("sun", name="孙警官", roles=(Role("publisher", "traffic"),))
ZHOU = Principal("zhou", name="周警官", roles=(Role("publisher", "traffic"),))
TITLE = {"/title/zh-CN": "周六停水", "/title/en": "No water on Saturday"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A city that tells phones by Google and by Web Push."""
    write_key(tmp_path / "webpush.pem")
    plugins = {"traffic": DEPARTMENTS / "traffic", "mobile_push": "mobile_push", "web_site": "web_site"}
    web = {"private_key_file": str(tmp_path / "webpush.pem"), "contact": "mailto:push@city.example", "loopback": True}
    async with FcmSandbox() as google:
        fcm = {"service_account_file": str(google.service_account_file(tmp_path / "account.json")),
               "base_url": google.base_url, "topics_url": google.topics_url}  # fmt: skip
        push = {"fcm": fcm, "webpush": web, "alerts": {"sender": "alerts@city.example"},
                "topics": {"road": {"zh-CN": "路况", "en": "Roads"}}}  # fmt: skip
        async with open_door(tmp_path, plugins, settings={"mobile_push": push}) as opened:
            yield opened


async def phones(door: Door, count: int, **more: Any) -> None:
    for number in range(count):
        phone = {"provider": "fcm", "platform": "android", "token": f"{number:0>100}", **more}
        (await door.citizen(f"citizen-{number}").post("/v1/devices", phone)).created()


async def written(browser: Browser, **typed: Any) -> str:
    """The address of a new notice to everybody."""
    await browser.go(f"{ROOM}/notices/new")
    for name, text in {**TITLE, "/audience/everyone": "true", **typed}.items():
        browser.type(name, *(text if isinstance(text, list) else [text]))
    await browser.press("next")
    assert browser.status == 200, browser.mistakes()
    assert browser.heading() == typed.get("/title/zh-CN", TITLE["/title/zh-CN"])
    return browser.url


def buttons(browser: Browser) -> list[str]:
    return [str(one) for one in browser.page.xpath("//main//form//button/@value")]


async def test_a_notice_is_a_draft_first_and_shows_whom_it_reaches_and_what_each_phone_shows(door: Door) -> None:
    await phones(door, 3)
    async with open_browser(door, SUN) as sun:
        address = await written(sun, **{"/body/zh-CN": "城东停水一天。"})
        text = sun.page.text_content()
        assert "3台手机" in text
        assert "草稿" in text
        shown = [one.text_content() for one in sun.page.xpath("//section[@aria-labelledby='ph']//h3")]
        assert shown == [
            f"{phone} · {tag}" for phone in ("安卓手机", "苹果手机", "浏览器") for tag in ("中文", "English")
        ]
        quotes = [one.text_content().strip() for one in sun.page.xpath("//section[@aria-labelledby='ph']//blockquote")]
        assert quotes[::2] == ["周六停水城东停水一天。"] * 3
        assert all(one.startswith("No water on Saturday") for one in quotes[1::2])
        assert (await door.anyone.get("/v1/notices")).ok()["items"] == []
        await sun.go(f"{ROOM}?state=draft")
        assert sun.page.xpath("//ul[@class='list']//a/@href") == [address.removeprefix(door.url)]


async def test_whoever_wrote_it_proposes_and_another_one_approves(door: Door) -> None:
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU) as zhou:
        address = await written(sun)
        assert buttons(sun) == ["publish", "cancel"]
        await sun.press("do", "publish")
        assert "待第二人审批" in sun.page.text_content()
        assert "approve" not in buttons(sun)
        assert "须由本部门其他人审批" in sun.page.text_content()
        # Whoever asks all the same is told why it isn't done.
        await zhou.go(address)
        assert buttons(zhou) == ["approve", "return", "cancel"]
        form = zhou.page.xpath("//main//form[@method='post']")[-1]
        sun.sign_in(SUN)
        await sun.go(address)
        token = sun.page.xpath("string(//input[@name='token']/@value)")
        data = {"token": token, "version": dict(zhou.sent(form))["version"]}
        await sun._ask("POST", f"{address}/actions/approve", data=data, headers={"Origin": door.url})
        assert (sun.status, "somebody else" in sun.text or "其他人" in sun.text) == (403, True)
        await zhou.press("do", "return")
        assert zhou.status == 422
        assert zhou.page.xpath("//*[@role='alert']")
        zhou.type("reason", "请写明街道。")
        await zhou.press("do", "return")
        assert "请写明街道。" in zhou.page.text_content()
        await sun.go(f"{address}/edit")
        sun.type("/body/zh-CN", "城东文昌路停水一天。")
        await sun.press("next")
        await sun.press("do", "publish")
        await zhou.go(address)
        await zhou.press("do", "approve")
        (public,) = (await door.anyone.get("/v1/notices", headers={"Accept-Language": "zh-CN"})).ok()["items"]
        assert (public["title"], public["body"]) == ("周六停水", "城东文昌路停水一天。")
        await zhou.press("do", "recall")
        assert (await door.anyone.get("/v1/notices")).ok()["items"] == []
        done = [one.text_content() for one in zhou.page.xpath("//section[@aria-labelledby='hi']//li/b")]
        assert done == ["起草", "发布", "退回起草人", "修改", "发布", "同意发布", "撤回"]


async def test_what_was_changed_meanwhile_is_decided_about_by_nobody_who_has_not_seen_it(door: Door) -> None:
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU) as zhou:
        address = await written(sun)
        await sun.press("do", "publish")
        await zhou.go(address)
        await sun.go(f"{address}/edit")
        sun.type("/title/en", "No water at all")
        await sun.press("next")
        await sun.press("do", "publish")
        await zhou.press("do", "approve")
        assert zhou.status == 409
        assert "No water at all" in zhou.text
        assert (await door.anyone.get("/v1/notices")).ok()["items"] == []


async def test_two_who_change_it_at_once_lose_nothing_that_they_have_typed(door: Door) -> None:
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU) as zhou:
        address = await written(sun)
        await sun.go(f"{address}/edit")
        await zhou.go(f"{address}/edit")
        sun.type("/title/en", "First")
        await sun.press("next")
        zhou.type("/title/en", "Second")
        await zhou.press("next")
        assert zhou.status == 409
        assert dict(zhou.sent(zhou.form()))["/title/en"] == "Second"


async def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(door: Door) -> None:
    async with open_browser(door, SUN) as sun:
        await sun.go(f"{ROOM}/notices/new")
        sun.type("/title/zh-CN", "停水")
        sun.type("/send_at", "2020-01-01T08:00")
        sun.type("/audience/everyone", "true")
        await sun.press("next")
        assert sun.mistakes()
        assert "/title/en" in " ".join(sun.page.xpath("//*[@aria-invalid]/@name"))
        sun.type("/title/en", "No water")
        await sun.press("next")
        # The API's own rule: it lies in the past.
        assert sun.status == 422
        assert dict(sun.sent(sun.form()))["/send_at"] == "2020-01-01T08:00"
        assert dict(sun.sent(sun.form()))["/title/zh-CN"] == "停水"


async def test_a_session_that_ends_while_it_is_written_loses_nothing(door: Door) -> None:
    async with open_browser(door, SUN) as sun:
        await sun.go(f"{ROOM}/notices/new")
        for name, text in TITLE.items():
            sun.type(name, text)
        sun.type("/audience/everyone", "true")
        pairs = [*sun.sent(sun.form()), ("next", "1")]
        sun.session.cookie_jar.clear()
        await sun._ask("POST", f"{ROOM}/notices/new", data=pairs, headers={"Origin": door.url})
        assert sun.status == 401
        sun.sign_in(SUN)
        await sun.press()
        assert (sun.status, dict(sun.sent(sun.form()))["/title/en"]) == (403, TITLE["/title/en"])
        await sun.press("next")
        assert sun.heading() == TITLE["/title/zh-CN"]


async def test_a_session_that_ends_before_a_decision_keeps_the_reason(door: Door) -> None:
    async with open_browser(door, SUN) as sun, open_browser(door, ZHOU) as zhou:
        address = await written(sun)
        await sun.press("do", "publish")
        await zhou.go(address)
        zhou.type("reason", "请写明街道。")
        form = zhou.form()
        zhou.session.cookie_jar.clear()
        data = [*zhou.sent(form), ("do", "return")]
        await zhou._ask("POST", f"{address}/actions/return", data=data, headers={"Origin": door.url})
        assert (zhou.status, "请写明街道" in zhou.page.text_content()) == (401, False)
        zhou.sign_in(ZHOU)
        await zhou.press()
        assert (zhou.status, dict(zhou.sent(zhou.form()))["reason"].strip()) == (403, "请写明街道。")
        assert "退回起草人" not in zhou.page.xpath("string(//section[@aria-labelledby='hi'])"), "nothing was done yet"
        await zhou.press("do", "return")
        assert "退回起草人" in zhou.page.xpath("string(//section[@aria-labelledby='hi'])")


async def test_an_alert_is_written_in_both_languages_and_keeps_what_no_page_asks(door: Door) -> None:
    async with open_browser(door, SUN) as sun:
        await sun.go(f"{ROOM}/alerts/new")
        sun.type("/status", "Actual")
        for row, (event, line) in enumerate([("暴雨", "城东有暴雨"), ("Rain", "Heavy rain in the east")]):
            for name, text in {
                "event": event, "headline": line, "category": "Met", "urgency": "Immediate", "severity": "Severe",
                "certainty": "Likely",
            }.items():  # fmt: skip
                sun.type(f"/info/{row}/{name}", text)
        sun.type("/audience/everyone", "true")
        await sun.press("next")
        assert sun.status == 200, sun.mistakes()
        assert sun.heading() == "城东有暴雨"
        address, identity = sun.url, sun.url.rpartition("/")[2]
        # A program adds what the page doesn't ask; a page's change leaves it there.
        staff = door.staff("sun", "traffic:publisher")
        record = (await staff.get(f"/v1/alerts/{identity}/record")).ok()
        info = [{**one, "contact": "12345"} for one in record["alert"]["info"]]
        change = {"version": 1, "info": info, "audience": {"everyone": True}}
        (await staff.call("PATCH", f"/v1/alerts/{identity}/record", json=change)).ok()
        await sun.go(f"{address}/edit")
        sun.type("/info/0/headline", "城东有大暴雨")
        await sun.press("next")
        assert sun.status == 200, sun.mistakes()
        after = (await staff.get(f"/v1/alerts/{identity}/record")).ok()["alert"]
        assert [one["headline"] for one in after["info"]] == ["城东有大暴雨", "Heavy rain in the east"]
        assert [one["contact"] for one in after["info"]] == ["12345"] * 2
        assert after["scope"] == "Public"


async def test_an_audience_of_topics_and_divisions_is_counted_and_can_be_given_up(door: Door) -> None:
    await phones(door, 2)
    async with open_browser(door, SUN) as sun:
        await written(
            sun, **{"/audience/everyone": "false", "/audience/topics": ["road"], "/audience/divisions": ["510704"]}
        )
        assert "0台手机" in sun.page.text_content()
        assert "510704" in sun.page.text_content()
        await sun.press("do", "cancel")
        assert "已放弃" in sun.page.text_content()
        assert buttons(sun) == []


async def test_another_department_s_notice_is_nobody_s_here(door: Door) -> None:
    async with open_browser(door, SUN) as sun:
        address = await written(sun)
        sun.sign_in(Principal("wu", name="吴警官", roles=(Role("publisher", "household"),)))
        for more in ("", "/edit"):
            await sun.go(address + more)
            assert sun.status == 404
        for wrong in ("notices/none", "pages/new", f"alerts/{address.rpartition('/')[2]}"):
            await sun.go(f"{ROOM}/{wrong}")
            assert sun.status in (400, 404), wrong
