"""The site's pages: what everybody finds, who gets in, and what nobody can make of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from banshi import LANGUAGES, Principal
from banshi.builtin.drafts.models import Draft
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door
from tests.channels.site.browsing import WANG, Browser, open_browser
from web_site.session import ROOT, within
from web_site.settings import FootLink, SiteSettings

ANSWERS = {
    "/answers/plate": "川B12345",
    "/answers/vehicle_class": "light-truck",
    "/answers/zones": "1",
    "/answers/hours": "9-17",
    "/answers/purpose": "为城区超市配送生鲜",
    "/answers/driver/name": "王小明",
    "/answers/driver/phone": "13800000000",
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everybody_finds_an_item_from_the_home_page_to_its_guide(door: Door, language: str) -> None:
    async with open_browser(door, language=language) as browser:
        await browser.go(ROOT)
        assert browser.status == 200
        assert browser.page.get("lang") == language
        assert len(browser.page.xpath("//*[@class='depts']//a")) == 3
        lives = browser.page.xpath("//*[@class='life']//h3/a/@href")
        assert lives[:2] == [f"{ROOT}/search?theme=child", f"{ROOT}/search?theme=moving"]
        dots, told = (browser.page.xpath(f"//aside//li[@class='open']{one}") for one in ("/span", "//p"))
        assert len(dots) == len(told) == 5
        for dot, one in zip(dots, told, strict=True):
            is_shut = ("现在不开门" if language == "zh-CN" else "Closed now") in one.text_content()
            assert ("shut" in dot.get("class")) == is_shut
        await browser.go(lives[1])
        assert browser.heading() == ("搬家落户" if language == "zh-CN" else "Moving house")
        assert f"{ROOT}/items/household-move-in" in browser.page.xpath("//*[@class='go']/@href")
        await browser.go(f"{ROOT}/search?q=驾照丢了")
        first = browser.page.xpath("//*[@class='go']")[0].get("href")
        assert first == f"{ROOT}/items/licence-replacement"
        await browser.go(first)
        assert len(browser.page.xpath("//h1")) == 1
        facts = browser.page.xpath("string(//*[@class='facts'])")
        assert ("10元" if language == "zh-CN" else "10 yuan") in facts


async def test_where_somebody_is_in_danger_there_is_whom_to_call_and_no_item(browser: Browser) -> None:
    await browser.go(f"{ROOT}/search?q=老公动手打我")
    called = browser.page.xpath("//*[@class='phones']//a/@href")
    assert called[0] == "tel:110"
    assert browser.page.xpath("//*[@class='go']") == []


async def test_a_page_of_ones_own_asks_who_one_is_and_comes_back_to_itself(browser: Browser) -> None:
    await browser.go(f"{ROOT}/items/zone-pass/form")
    assert browser.url.endswith("/sign-in?next=/site/items/zone-pass/form")
    await browser.press("person", "王小明")
    assert browser.url.endswith("/items/zone-pass/form")
    assert "王小明" in browser.text
    assert browser.headers["Cache-Control"] == "no-store"


#: What says that somebody comes through a proxy; the last four: DNS rebinding, a name that leads to this machine.
ELSEWHERE = [
    ("X-Forwarded-For", "203.0.113.7"),
    ("Forwarded", "for=203.0.113.7"),
    ("X-Real-IP", "203.0.113.7"),
    ("X-Forwarded-Host", "localhost"),
    ("Via", "1.1 proxy"),
    *(("Host", name) for name in ("rebound.example", "localhost.example:80", "localhost@rebound.example", "[")),
]


async def test_nobody_is_made_up_for_whoever_comes_through_a_proxy_or_by_another_name(browser: Browser) -> None:
    let_in = []
    for name, value in ELSEWHERE:
        await browser.go(f"{ROOT}/sign-in", headers={name: value})
        if browser.status != 200 or browser.page.xpath("//button[@name='person']"):
            let_in.append((name, value, browser.status))
    assert let_in == []


async def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(wang: Browser) -> None:
    await wang.go(f"{ROOT}/items/zone-pass/form")
    for name, value in ANSWERS.items():
        wang.type(name, value)
    wang.type("/answers/plate", "川B1234")
    await wang.press("next")
    (wrong,) = [one for one in wang.mistakes() if one.startswith("号牌号码")]
    (field,) = wang.page.xpath("//input[@name='/answers/plate']")
    assert (field.get("value"), field.get("aria-invalid")) == ("川B1234", "true")
    (told,) = wang.page.xpath("//*[@id=$id]", id=field.get("aria-describedby").split()[-1])
    assert wrong.partition("：")[2] in told.text_content()
    assert wang.page.xpath("string(//title)").startswith("错误：")
    await wang.go(f"{ROOT}/items/zone-pass/form")
    assert wang.page.xpath("//input[@name='/answers/driver/name']")[0].get("value") == "王小明", "it is a draft"


async def test_the_home_page_leads_back_to_what_was_begun_of_ones_own_alone(wang: Browser, browser: Browser) -> None:
    await wang.go(f"{ROOT}/items/zone-pass/form")
    wang.type("/answers/plate", "川B12345")
    await wang.press("save")
    assert wang.url.endswith(ROOT)
    begun = "//section[@aria-labelledby='m']//a/@href"
    assert wang.page.xpath(begun) == [f"{ROOT}/items/zone-pass/form"]
    await Draft.all().update(item="no-longer-here")
    for one in (wang, browser):
        await one.go(ROOT)
        assert (one.status, one.page.xpath(begun)) == (200, [])


async def filled(wang: Browser, more: dict[str, str] | None = None) -> None:
    await wang.go(f"{ROOT}/items/zone-pass/form")
    day = wang.door.platform.city_time().date().isoformat()
    for name, value in {**ANSWERS, "/answers/valid_from": day, "/answers/valid_until": day, **(more or {})}.items():
        wang.type(name, value)
    from tests.plugins.test_departments import snapshot

    for name in ("licence", "registration"):
        wang.type(f"/answers/{name}", snapshot())
    await wang.press("next")
    assert wang.mistakes() == []


async def test_handing_in_twice_makes_one_case(wang: Browser) -> None:
    await filled(wang)
    page = wang.shown
    await wang.press()
    receipt = wang.url
    assert "/receipt" in receipt
    wang.back(page)
    await wang.press()
    assert wang.url == receipt
    assert [case.channel for case in await Case.all()] == ["site"]


async def test_a_session_that_ended_says_so_and_nothing_typed_is_lost(wang: Browser) -> None:
    await wang.go(f"{ROOT}/items/zone-pass/form")
    for name, value in ANSWERS.items():
        wang.type(name, value)
    wang.sign_in(WANG, ago=3600)
    await wang.press("next")
    assert "/sign-in?next=" in wang.url
    assert "您填的都还在" in wang.text
    assert "川B12345" not in wang.text, "whoever sits there now sees nothing of it"
    await wang.go(f"{ROOT}/cases")
    assert "/sign-in" in wang.url
    wang.sign_in(WANG)
    await wang.go(f"{ROOT}/items/zone-pass/form")
    assert wang.page.xpath("//input[@name='/answers/plate']")[0].get("value") == "川B12345"


async def test_a_session_that_was_ended_elsewhere_is_none_here(wang: Browser) -> None:
    await wang.go(f"{ROOT}/cases")
    assert "/sign-in" not in wang.url
    await asyncio.sleep(1.1)
    assert (await wang.door.citizen("wang").delete("/v1/me/sessions")).status == 204
    await wang.go(f"{ROOT}/cases")
    assert "/sign-in" in wang.url


async def test_a_copy_of_a_cookie_is_of_no_use_after_the_sign_out_and_other_sessions_stay(door: Door) -> None:
    async with open_browser(door) as here, open_browser(door) as there:
        for one in (here, there):
            await one.go(f"{ROOT}/sign-in?next={ROOT}/cases")
            await one.press("person", "王小明")
        copied = {one.key: one.value for one in here.session.cookie_jar}
        await here.sign_out()
        here.session.cookie_jar.update_cookies(copied, URL(door.url))
        for path in ("/cases", "/items/zone-pass/form"):
            await here.go(ROOT + path)
            assert "/sign-in" in here.url
        await there.go(f"{ROOT}/cases")
        assert "/sign-in" not in there.url


async def test_who_signs_in_after_somebody_else_bears_nothing_of_theirs(browser: Browser) -> None:
    """A planted cookie: of the session that was fixed, nothing goes on in the new one."""
    browser.sign_in(Principal("li", name="李"))
    (planted,) = [one.value for one in browser.session.cookie_jar]
    await browser.go(f"{ROOT}/sign-in")
    assert browser.page.xpath("//input[@name='token']/@value") == ["t" * 32]
    await browser.press("person", "王小明")
    assert "王小明" in browser.page.xpath("string(//footer)")
    assert "t" * 32 not in browser.page.xpath("//input[@name='token']/@value")
    assert planted not in [one.value for one in browser.session.cookie_jar]


async def test_what_a_browser_keeps_goes_with_a_sign_in_of_anybody_but_who_was_there(browser: Browser) -> None:
    browser.sign_in(Principal("li", name="李"))
    cleared, sent = [], {"data": {"person": "王小明"}, "headers": {"Origin": browser.door.url}}
    for _ in range(3):
        await browser._ask("POST", f"{ROOT}/sign-in", **sent, allow_redirects=False)
        cleared.append(browser.headers.get("Clear-Site-Data"))
        if len(cleared) == 2:
            browser.session.cookie_jar.clear()
    assert cleared == ['"cache", "storage"', None, '"cache", "storage"']


async def test_whoever_has_to_sign_in_anew_can_sign_out_too(wang: Browser) -> None:
    wang.sign_in(WANG, ago=3600)
    await wang.go(ROOT)
    assert "王小明" not in wang.text
    await wang.sign_out()
    assert (wang.status, wang.page.xpath("//footer//form")) == (200, [])
    wang.sign_in(WANG, ago=3600)
    await wang.go(ROOT)
    assert wang.page.xpath("//footer//form") == [], "that session is over, however its cookie came back"


async def test_no_other_page_sends_a_form_for_somebody(wang: Browser) -> None:
    forged = [("https://evil.example", "t" * 32), ("null", "t" * 32), ("", "t" * 32), (wang.door.url, "x")]
    data, taken = {"/answers/plate": "川B12345", "save": "1", "whole": "{}"}, list[Any]()
    for origin, token in (*forged, (wang.door.url, "")):
        for path in ("/items/zone-pass/form", "/items/zone-pass/begin", "/inbox/read", "/sign-out"):
            headers = {"Origin": origin} if origin else {}
            await wang._ask("POST", ROOT + path, data={**data, "token": token}, headers=headers)
            if wang.status != 403:
                taken.append((origin, token, path, wang.status))
    assert taken == []
    assert (await wang.door.citizen("wang").get("/v1/items/zone-pass/draft")).status == 404


OUTSIDE = [
    *("https://evil.example", "//evil.example", "/\\evil.example", "/site/..//evil.example", "/site/\t/evil", "/sitex"),
    *("javascript:alert(1)", "/site\r\nSet-Cookie:a=b", "/v1/items", "/site//evil.example", "/site/../v1", ""),
]


async def test_nobody_is_led_out_of_the_site(browser: Browser) -> None:
    led = []
    for address in OUTSIDE:
        await browser.go(f"{ROOT}/display?type=large", params={"next": address}, allow_redirects=False)
        if (within(address), browser.headers.get("Location", ROOT)) != (ROOT, ROOT):
            led.append(address)
    assert led == []


async def test_a_page_lets_nothing_from_elsewhere_in_and_stands_in_no_frame(browser: Browser) -> None:
    for path in ("", "/search?q=x", "/items/zone-pass", "/sign-in", "/nothing", "/items/nothing", "/tip"):
        await browser.go(ROOT + path)
        policy = browser.headers.get("Content-Security-Policy", "")
        assert path == "/nothing" or ("frame-ancestors 'none'" in policy and "unsafe-inline" not in policy), path
        assert " style=" not in browser.text
        assert " onclick=" not in browser.text


def runs(page: Any) -> list[Any]:
    """What of a page would run, or wasn't made by us."""
    return list(page.xpath("//script[not(@src)] | //img[@src='x'] | //*[@onerror or @onload] | //svg[@onload]"))


async def test_ones_cases_show_whose_turn_it_is_and_ones_passes_what_may_be_shown(wang: Browser) -> None:
    for _ in range(2):
        await filled(wang, {})
        await wang.press()
    returned, approved = await Case.all().order_by("id")
    staff = wang.door.staff("li", "traffic:reviewer", "traffic:approver")
    (await staff.post(f"/v1/cases/{returned.id}/actions/return", {"reason": "请补充照片"})).ok()
    (await staff.post(f"/v1/cases/{approved.id}/actions/approve")).ok()
    (await staff.get(f"/v1/cases/{approved.id}")).ok()
    await wang.go(f"{ROOT}/cases/{approved.id}")
    assert "交警支队" in wang.page.xpath("string(//*[@aria-labelledby='rd'])"), "who has read it"
    await wang.go(f"{ROOT}/cases")
    assert wang.page.xpath("//*[@class='tag wait']/following-sibling::*/text()") == [returned.number]
    await wang.go(f"{ROOT}/passes")
    assert wang.page.xpath("//main//a[@class='go']/@href") == [f"{ROOT}/cases/{approved.id}/pass"]
    await wang.go(f"{ROOT}/cases/{approved.id}/pass")
    assert wang.status == 200
    assert len(wang.page.xpath("//*[@class='passcard']//*[@class='tag ok']")) == 1
    assert len(wang.page.xpath("//dt[text()='有效期至']")) >= 1
    now = wang.door.platform.now()
    for over in ({"revoked_at": now}, {"revoked_at": None, "expires_at": now}):
        await Pass.filter(case_id=approved.id).update(**over)
        await wang.go(f"{ROOT}/cases/{approved.id}/pass")
        told = wang.page.xpath("//*[@class='passcard']//*[starts-with(@class, 'tag')]/@class")
        assert (wang.status, told) == (200, ["tag no"]), over


#: What may stand in a draft or a case where its form asks for something else by now.
SHAPES: list[Any] = [
    "x",
    "",
    7,
    1e300,
    True,
    None,
    [],
    ["x"],
    [7, None],
    [["x"]],
    [{"a": ["x"]}],
    {},
    {"a": [{"b": 1}]},
]


def misshapen(node: Any, shape: Any) -> dict[str, Any]:
    """Answers that are that at each of an object's fields; where those are objects, at each of theirs too."""
    own = dict.fromkeys(node["properties"], shape)
    within = {name: misshapen(one, shape) for name, one in node["properties"].items() if "properties" in one}
    lists = {
        name: [misshapen(one["items"], shape), shape]
        for name, one in node["properties"].items()
        if "properties" in one.get("items", {})
    }
    return own if not isinstance(shape, dict | int) else {**own, **within, **lists}


@pytest.mark.parametrize("code", ["zone-pass", "vehicle-transfer", "criminal-record-inquiry-organisation"])
async def test_what_a_form_asked_otherwise_before_breaks_no_page(wang: Browser, code: str) -> None:
    """A draft is kept right or wrong, and a case for years."""
    form = (await wang.door.citizen("wang").get(f"/v1/items/{code}")).ok()["form"]
    await filled(wang)
    await wang.press()
    case, broken = await Case.get(), []
    for shape in SHAPES:
        answers = misshapen(form, shape)
        (await wang.door.citizen("wang").put(f"/v1/items/{code}/draft", {"answers": answers})).ok()
        await Case.filter(id=case.id).update(item=code, answers=answers)
        for path in (f"/items/{code}/form", f"/cases/{case.id}"):
            await wang.go(ROOT + path)
            if wang.status != 200:
                broken.append((path, shape, wang.status))
    assert broken == []


async def test_what_a_proxy_may_keep_bears_nobodys_cookie(wang: Browser) -> None:
    for path, is_own in {"/worker.js": False, "/manifest.webmanifest": False, "": True, "/cases": True}.items():
        await wang.go(ROOT + path)
        assert (wang.status, "Set-Cookie" in wang.headers) == (200, is_own), path


async def test_the_slash_at_the_end_leads_home_and_a_page_that_is_none_says_so_as_a_page(wang: Browser) -> None:
    await wang.go(f"{ROOT}/")
    assert (wang.status, wang.url) == (200, wang.door.url + ROOT)
    for path in ("xyz", "x%3Cscript%3Ealert(1)%3C%2Fscript%3E", "..%2Fv1", "%00", "%ff", "sitemap.xml"):
        await wang.go(URL(f"{wang.door.url}{ROOT}/{path}", encoded=True))
        assert wang.status in (400, 404), path
        assert wang.headers["Content-Type"].startswith("text/html"), path
        assert runs(wang.page) == []


@pytest.mark.parametrize(("code", "name"), [("zone-pass", "licence"), ("crime-tip", "evidence")])
async def test_a_file_is_taken_whatever_its_name_is(wang: Browser, code: str, name: str) -> None:
    """RFC 7578 leaves open in which way a name is written: some senders use none of Unicode's."""
    from tests.plugins.test_departments import snapshot

    path = f"{ROOT}/items/{code}/form"
    await wang.go(path)
    pairs = [(each, text) for each, text in wang.sent(wang.form()) if isinstance(text, str)]
    parts = [f'--x\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{text}\r\n' for each, text in pairs]
    odd = b'--x\r\nContent-Disposition: form-data; name="name:\xd5\xd5"\r\n\r\nx\r\n'
    file = f'--x\r\nContent-Disposition: form-data; name="/answers/{name}"; '.encode() + b'filename="\xd5\xc6.png"\r\n'
    body = "".join(parts).encode() + odd + file + b"Content-Type: image/png\r\n\r\n" + snapshot() + b"\r\n--x--\r\n"
    headers = {"Origin": wang.door.url, "Content-Type": "multipart/form-data; boundary=x"}
    await wang._ask("POST", path, data=body, headers=headers)
    assert wang.status == 200
    assert len(wang.page.xpath("//input[@type='hidden' and @name=$name]", name=f"/answers/{name}")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"colours": {"ink": "#000000"}},
        {"colours": {"deep": "red;}*{display:none"}},
        {"idle_minutes": 0},
        {"emergency": {"110<b>": {"en": "x"}}},
        {"words": Path("/nowhere")},
    ],
)
def test_settings_that_would_break_a_page_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"has to be|colours has|emergency has"):
        SiteSettings(**wrong)
    with pytest.raises(ValueError, match="has to begin with"):
        FootLink(title={"en": "x"}, address="javascript:alert(1)")


@pytest.mark.parametrize(
    "wrong", ['"{count} to mend" = "{zahl}"', '"Today" = "{"', '"Services" = 1', '"Today" = "{0.x}"']
)
def test_words_that_would_break_a_page_are_refused_with_their_file_and_key(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "xx.toml").write_text(f'"{{day}}, {{moment}}" = "{{moment}} {{day}}"\n{wrong}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=f"xx.toml: '{wrong.split(chr(34))[1]}' has"):
        SiteSettings(words=tmp_path)


async def test_the_worker_drops_what_it_kept_where_a_page_leads_to_the_sign_in(browser: Browser) -> None:
    """A navigation's redirect is opaque to it (Fetch, section 4.3)."""
    await browser.go(f"{ROOT}/worker.js")
    assert browser.status == 200
    assert '(answer.redirected || answer.type === "opaqueredirect") && OWN' in browser.text
