"""What was typed on the site's pages stays until something is done with it, and is done with once."""

from __future__ import annotations

from banshi.kernel.tables.cases import Case
from tests.channels.site.browsing import WANG, Browser
from tests.channels.site.citizen.test_pages import filled
from tests.plugins.test_departments import snapshot
from web_site.filling.fields import Filled, fields_of, leaves
from web_site.session import ROOT

FORM = f"{ROOT}/items/zone-pass/form"
PURPOSE = "/answers/purpose"
#: What would break out of the page that shows it again.
TYPED = '配送<b>生鲜</b>"'


async def signed_in(browser: Browser) -> None:
    await browser.go(f"{ROOT}/sign-in")
    await browser.press("person", "王小明")


def purpose(browser: Browser) -> str:
    (field,) = browser.page.xpath("//textarea[@name=$name]", name=PURPOSE)
    return str(field.text).removeprefix("\n")


async def test_a_form_goes_on_after_the_same_person_has_signed_in_anew_beside_it(browser: Browser) -> None:
    await signed_in(browser)
    page = (await browser.go(FORM)).shown
    await signed_in(browser)
    browser.back(page)
    browser.type(PURPOSE, TYPED)
    await browser.press("next")
    assert (browser.status, purpose(browser)) == (200, TYPED)


async def test_a_form_of_somebody_signed_out_beside_it_is_shown_again_and_goes_on(browser: Browser) -> None:
    await signed_in(browser)
    page = (await browser.go(FORM)).shown
    await browser.sign_out()
    browser.back(page)
    browser.type(PURPOSE, TYPED)
    await browser.press("next")
    assert (browser.status, purpose(browser)) == (401, TYPED)
    assert browser.page.xpath("//main//a[@target='_blank']/@href") == [f"{ROOT}/sign-in"]
    page = browser.shown
    await signed_in(browser)
    browser.back(page)
    await browser.press("next")
    assert (browser.status, purpose(browser)) == (403, TYPED), "under whom it goes on has to be seen first"
    await browser.press("next")
    assert (browser.status, purpose(browser)) == (200, TYPED)


async def test_what_was_read_once_more_is_shown_again_where_somebody_signed_out_beside_it(browser: Browser) -> None:
    browser.sign_in(WANG)
    await filled(browser, {PURPOSE: TYPED})
    browser.session.cookie_jar.clear()
    await browser.press()
    assert (browser.status, purpose(browser)) == (401, TYPED)
    assert await Case.all().count() == 0


async def test_what_is_read_once_more_stays_in_larger_type_and_in_another_language(browser: Browser) -> None:
    browser.sign_in(WANG)
    await filled(browser, {PURPOSE: TYPED})
    for show in ("large", "en"):
        await browser.press("show", show)
        assert TYPED in browser.page.xpath("//dd/text()")
    await browser.press()
    assert (browser.page.get("class"), (await Case.get()).answers["purpose"]) == ("large", TYPED)


async def asked_for_more(browser: Browser) -> None:
    """A case's owner is on the page on which they hand in more, and has typed it."""
    browser.sign_in(WANG)
    await filled(browser)
    await browser.press()
    case = await Case.get()
    staff = browser.door.staff("li", "traffic:reviewer", "traffic:approver")
    (await staff.post(f"/v1/cases/{case.id}/actions/return", {"reason": "请补充照片"})).ok()
    await browser.go(f"{ROOT}/cases/{case.id}")
    (to,) = {one for one in browser.page.xpath("//a/@href") if "/actions/" in one and "withdraw" not in one}
    await browser.go(to)
    browser.type(PURPOSE, TYPED)


async def test_what_goes_with_an_action_stays_after_an_idle_while_and_is_taken_then(browser: Browser) -> None:
    await asked_for_more(browser)
    page = browser.shown
    browser.sign_in(WANG, ago=3600)
    browser.back(page)
    await browser.press("next")
    assert browser.status == 401
    assert browser.page.xpath("//input[@name=$name]/@value", name=PURPOSE) == [TYPED]
    assert (await Case.get()).answers["purpose"] != TYPED
    page = browser.shown
    browser.sign_in(WANG)
    browser.back(page)
    await browser.press()
    assert browser.url.endswith(f"/cases/{(await Case.get()).id}")
    assert (await Case.get()).answers["purpose"] == TYPED


async def test_an_action_of_another_sign_in_is_shown_again_with_what_was_typed(browser: Browser) -> None:
    await asked_for_more(browser)
    browser.text = browser.text.replace("t" * 32, "u" * 32)
    await browser.press("next")
    assert (browser.status, purpose(browser)) == (403, TYPED)
    await browser.press("next")
    assert (await Case.get()).answers["purpose"] == TYPED


async def test_whoever_goes_back_as_far_as_the_form_hands_in_one_case_until_they_mean_another(browser: Browser) -> None:
    browser.sign_in(WANG)
    await filled(browser)
    page = (await browser.press("stay")).shown
    for _ in range(2):
        browser.back(page)
        await browser.press("next")
        await browser.press()
        assert browser.url.endswith(f"/cases/{(await Case.get()).id}/receipt")
    browser.back(page)
    browser.type(PURPOSE, TYPED)
    await browser.press("next")
    await browser.press()
    assert (browser.status, purpose(browser), await Case.all().count()) == (422, TYPED, 1)
    assert "我的办件" in browser.mistakes()[0]
    for name in ("licence", "registration"):
        # A photo is in one case.
        browser.type(f"/answers/{name}", snapshot())
    await browser.press("next")
    await browser.press()
    assert await Case.all().count() == 2


async def test_an_action_that_was_taken_leads_to_its_case_however_often_it_is_sent(browser: Browser) -> None:
    await asked_for_more(browser)
    page = browser.shown
    assert len(browser.page.xpath("//main//input[@name='key']/@value")[0]) == 32
    for _ in range(2):
        browser.back(page)
        await browser.press("next")
        assert browser.url.endswith(f"/cases/{(await Case.get()).id}")
    await browser.go(page[1])
    assert (browser.status, "/actions/" in browser.url) == (200, False)


def test_what_is_answered_in_frames_and_rows_says_whose_it_is() -> None:
    """On the page before it is handed in, and on those of its case: one name is the owner's, and two are dogs'."""
    named = {"type": "object", "properties": {"name": {"type": "string", "title": "Name"}}}
    dogs = {"type": "array", "title": "Dog", "items": named}
    form = {"type": "object", "properties": {"owner": {"title": "Owner", **named}, "dogs": dogs}}
    answers = {"owner": {"name": "Wang"}, "dogs": [{"name": "Rex"}, {"name": "Max"}]}
    told = [(one.title, one.words) for one in leaves(fields_of(form, Filled(answers)))]
    assert told == [("Owner · Name", "Wang"), ("Dog 1 · Name", "Rex"), ("Dog 2 · Name", "Max")]
