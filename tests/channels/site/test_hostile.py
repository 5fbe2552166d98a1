"""Whatever a citizen, a department or a remote service writes is text on every page: no element, no attribute and no
address comes of it. The judge is lxml's parser, and the page with harmless words in the same places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lxml import html

from banshi import Principal, Role
from banshi.sdk.http import ApiReader
from tests.channels.site.browsing import Browser, open_browser
from tests.town.api_world import World, open_world
from tests.town.registers import made_up_person
from web_site.session import ROOT
from web_site.visit import Visit

TEXTS: list[str] = json.loads(Path(__file__).with_name("hostile_texts.json").read_text(encoding="utf-8"))

#: Members of documents whose values are ours: codes, words that a page goes by, and what forms are made of.
OURS = {
    *("code", "id", "kind", "mode", "state", "type", "format", "pattern", "const", "enum", "default", "audience"),
    *("group", "sort", "colour", "verdict", "source", "how", "unnamed", "department", "unit", "field", "fields"),
    *("required", "link", "links", "action", "next", "cursor", "severity", "promised_days_unit", "legal_days_unit"),
    *("x-when", "x-choices", "x-accepts", "x-place", "x-prefill", "x-required", "stream", "document", "dangers"),
    *("themes", "name_of_claim", "begin_unnamed", "href", "online_depth", "by", "sign_every", "key", "level", "grain"),
}
#: Values that are moments, identities, or addresses of ours.
MADE = re.compile(r"\d{4}-\d\d-\d\d.*|[0-9a-f]{8}-[0-9a-f-]{27}|/(v1|site)/.*|", re.DOTALL)
#: Where an element may lead.
LED = re.compile(r"(/site|/v1/|#|(tel|sms):[0-9+]*$)")
HARMLESS = "ordinary"
ROLES = (*(Role(name, "traffic") for name in ("reviewer", "approver", "publisher")), Role("approver", "archive"))
STAFF = Principal("li", name="李", roles=ROLES)


class Poison:
    """What a document's words become: one text after the other, from a place of the list on."""

    def __init__(self, texts: list[str], begin: int = 0) -> None:
        self.texts, self.at, self.told = texts, begin, list[str]()

    def next(self) -> str:
        self.told.append(self.texts[self.at % len(self.texts)])
        self.at += 1
        return self.told[-1]

    def over(self, document: Any, name: str = "") -> Any:
        is_named = name in ("department", "unit") and isinstance(document, dict)
        if (name in OURS and not is_named) or (name == "permitted_actions" and isinstance(document, str)):
            return document
        if isinstance(document, dict):
            return {key: self.over(one, key) for key, one in document.items()}
        if isinstance(document, list):
            return [self.over(one, name) for one in document]
        return self.next() if isinstance(document, str) and not MADE.fullmatch(document) else document


@contextmanager
def poisoned(poison: Poison) -> Iterator[None]:
    """All that pages are answered by the API, with other words."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((ApiReader, "get"), (Visit, "send")):
            before = getattr(owner, name)

            async def asked(*given: Any, before: Any = before, **more: Any) -> Any:
                return poison.over(await before(*given, **more))

            patch.setattr(owner, name, asked)
        yield


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each element of a page with the names of its attributes, in their order."""
    return [(str(one.tag), tuple(sorted(one.attrib))) for one in html.document_fromstring(text).iter()]


def parts(text: str) -> set[tuple[str, str]]:
    """Which elements and attributes a page has at all."""
    return {(tag, name) for tag, names in shape(text) for name in ("", *names)}


def led_to(text: str) -> set[str]:
    names = ("href", "src", "action", "formaction", "data", "poster")
    found = {one.get(name) for one in html.document_fromstring(text).iter() for name in names if one.get(name)}
    return {one for one in found if not LED.match(one)}


async def pages_of(world: World) -> list[str]:
    case = (await world.wang.get(f"/v1/cases/{world.case}")).ok()
    booking = (await world.wang.get("/v1/cases")).ok()["items"]
    acts = [(one, each["action"]) for one in [case, *booking] for each in one.get("permitted_actions", ())][:1]
    own = [f"/cases/{world.case}{end}" for end in ("", "/receipt", "/pass")]
    for _ in range(5):  # fewer make no figure
        (await world.wang.post("/v1/items/record-000/cases", {"answers": {}})).created()
    written = {"department": "traffic", "audience": {"departments": ["traffic"]}, "draft": True}
    written |= {"title": {"zh-CN": "通知", "en": "Notice"}, "body": {"zh-CN": "内容", "en": "Text"}}
    draft = (await world.staff.post("/v1/notices", written)).created()["id"]
    return [
        *("", "/search", "/search?q=驾照", "/search?q=老公动手打我", "/search?theme=moving", "/departments/traffic"),
        *("/help", "/help/urgent-danger", "/items/zone-pass", "/items/zone-pass/form", "/items/driving-test/form"),
        *("/items/crime-tip/form", "/items/vehicle-transfer/form", "/cases", *own, f"/cases/{world.ticketed}/pass"),
        *(f"/cases/{one['id']}/actions/{action}" for one, action in acts),
        *("/inbox", "/passes", "/published", f"/notices/{world.notice}", f"/alerts/{world.alert}"),
        *(f"/postings/{world.posting}", "/sign-in", "/tip", "/verify", "/none"),
        *("/staff/figures", *(f"/staff/publishing{at}" for at in ("", "?of=alerts", "?of=postings", "/notices/new"))),
        *(f"/staff/publishing/notices/{draft}", f"/staff/publishing/notices/{draft}/edit"),
        *("/staff/publishing/alerts/new", f"/staff/publishing/alerts/{world.alert}"),
        *("/staff/findings", f"/staff/findings/{world.finding}"),
        *("/sign-in?next=/site/staff", "/staff/worklist", f"/staff/worklist?q={case['number']}"),
        *(f"/staff/cases/{world.case}{end}" for end in ("", "/actions/revoke", "/actions/close", "/actions/none")),
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", [23, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
async def test_what_the_api_answers_is_text_on_every_page(tmp_path: Path, step: int) -> None:
    assert len({*TEXTS}) >= 200
    person = Principal("wang", name="王小明", resident_id=made_up_person(1))
    async with open_world(tmp_path) as world, open_browser(world.door, person) as browser:
        browser.sign_in(STAFF, beside=True)
        for page in await pages_of(world):
            await browser.go(ROOT + page)
            status = browser.status
            expected_status = {"/none": 404, f"/staff/cases/{world.case}/actions/none": 409}.get(page, 200)
            assert status == expected_status, (page, browser.text[-2_000:])
            assert page != "/staff/figures" or "<figure" in browser.text
            with poisoned(usual := Poison([f"{HARMLESS} {number}" for number in range(len(TEXTS))])):
                await browser.go(ROOT + page)
            expected = shape(browser.text)
            assert (browser.status, not usual.told or HARMLESS in browser.text) == (status, True), page
            for begin in range(0, len(TEXTS) if usual.told else 0, step):
                with poisoned(Poison(TEXTS, begin)):
                    await browser.go(ROOT + page)
                assert browser.status == status, (page, begin)
                assert shape(browser.text) == expected, (page, begin)
                assert led_to(browser.text) == set(), (page, begin)


#: What templates add to a field that is wrong or chosen.
ADDED = {"aria-invalid", "aria-describedby", "checked", "selected"}


def controls(browser: Browser) -> list[str]:
    kinds = "self::textarea or @type='text' or @type='tel' or @type='email' or @type='date' or not(@type)"
    fields = f"//main//*[self::input or self::textarea][{kinds}][@name and not(@disabled)]/@name"
    return [str(one) for one in browser.page.xpath(fields)]


@pytest.mark.parametrize("item", ["zone-pass", "crime-tip", "vehicle-transfer", "household-move-in"])
async def test_what_a_citizen_types_in_any_field_is_text_where_it_is_shown_again(wang: Browser, item: str) -> None:
    allowed, form = set[Any](), f"{ROOT}/items/{item}/form"
    for begin in (-1, *range(0, len(TEXTS), 29)):
        poison = Poison([HARMLESS] if begin < 0 else TEXTS, max(begin, 0))
        await wang.go(form)
        typed = {name: poison.next() for name in controls(wang)}
        for name, text in typed.items():
            wang.type(name, text)
        for button in ("stay", "next"):
            await send(wang, form, [*wang.sent(wang.form()), (button, "1")])
            assert wang.status == 200, (begin, button)
            kept = dict(wang.sent(wang.form()))
            lost = [name for name, text in typed.items() if text.isprintable() and kept[name] != text.strip()]
            assert lost == [], (begin, button)
            found = {(tag, name) for tag, name in parts(wang.text) if name not in ADDED}
            allowed |= found if begin < 0 else set()
            assert found <= allowed, (begin, button, found - allowed)
            assert led_to(wang.text) == set()


async def send(browser: Browser, address: str, pairs: list[tuple[str, Any]]) -> None:
    """Send a form as bytes that no library has put in order."""
    boundary = "--------------------------boundary"
    body = b""
    for name, text in pairs:
        told = "".join(quote(one) if one in '"\r\n' else one for one in name)
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{told}"\r\n\r\n'.encode()
        body += (text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")) + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"Origin": browser.door.url, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    await browser._ask("POST", address, data=body, headers=headers)


async def test_what_anybody_asks_for_is_text_in_its_answer(browser: Browser) -> None:
    asked = {"search": "q", "sign-in": "next", "display": "next", "published": "after", "verify": "x", "cases": "after"}
    allowed: dict[str, set[Any]] = {}
    for text in (HARMLESS, *TEXTS):
        for page, name in asked.items():
            await browser.go(f"{ROOT}/{page}?{name}={quote(text[:90], safe='')}")
            assert browser.status in {200, 400, 404}, (page, text)
            allowed.setdefault(page, set()).update(parts(browser.text) if text == HARMLESS else ())
            if page not in ("search", "published"):
                assert parts(browser.text) <= allowed[page] | allowed["sign-in"], (page, text)
            assert led_to(browser.text) == set(), (page, text)
            assert browser.page.xpath("//main//script | //*[@onerror or @onload or @style]") == [], (page, text)
        for page, name in (("tip", "code"), ("verify", "text")):
            headers = {"Origin": browser.door.url}
            await browser._ask("POST", f"{ROOT}/{page}", data={name: text}, headers=headers)
            assert browser.status in {200, 404, 422}, (page, text)
            allowed.setdefault(f"{page}!", set()).update(parts(browser.text) if text == HARMLESS else ())
            assert parts(browser.text) <= allowed[f"{page}!"], (page, text)
