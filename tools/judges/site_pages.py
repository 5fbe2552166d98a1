"""The pages that the site's judges look at, with what is pressed on them first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.channels.site.staff.at_hotline import pages_of
from tests.conftest import good_answers
from tests.town.api_world import World

SIGN, NEXT, HAND_IN, POP = "[data-pass] button", "main .btns [name=next]", "main .btns .btn", "form[action$=pop] button"


@dataclass(frozen=True)
class Shown:
    """A page: where it is, and what is pressed before it is the page that is meant, each with what is there then."""

    name: str
    path: str
    presses: tuple[tuple[str, str], ...] = ()
    #: What is filled in before that, by the names of fields.
    typed: Mapping[str, str] = field(default_factory=dict)


async def pages(world: World) -> list[Shown]:
    """Every page that the site has, with something on it."""
    door, wang = world.door, world.wang
    (await wang.put("/v1/items/zone-pass/draft", {"answers": await good_answers(wang)})).ok()
    (await door.staff("li", "traffic:reviewer").get(f"/v1/cases/{world.case}")).ok()
    help_page = (await wang.get("/v1/help")).ok()["items"][0]["code"]
    for _ in range(5):  # fewer make no figure
        (await wang.post("/v1/items/record-000/cases", {"answers": {}})).created()
    titles = {"zh-CN": "周六停水", "en": "No water"}
    written = {"department": "traffic", "title": titles, "audience": {"everyone": True}}
    draft = (await world.staff.post("/v1/notices", {**written, "draft": True})).created()["id"]
    number = (await wang.get(f"/v1/cases/{world.case}")).ok()["number"]
    plain = {
        "home": "", "found": "/search?q=驾照丢了", "danger": "/search?q=老公动手打我", "all": "/search",
        "nothing-found": "/search?q=xyzzy", "department": "/departments/traffic", "guide": "/items/zone-pass",
        "guide-look-up": "/items/name-count", "guide-slots": "/items/driving-test", "helps": "/help",
        "help": f"/help/{help_page}", "tip": "/tip", "published": "/published", "notice": f"/notices/{world.notice}",
        "alert": f"/alerts/{world.alert}", "posting": f"/postings/{world.posting}", "sign-in": "/sign-in",
        "problem": "/nothing", "form": "/items/zone-pass/form", "form-kinds": "/items/precursor-transport-permit/form",
        "form-lists": "/items/birth-registration/form", "form-place": "/items/fire-consultation/form",
        "slots": "/items/driving-test/form", "cases": "/cases", "case": f"/cases/{world.case}",
        "receipt": f"/cases/{world.case}/receipt", "case-of-ticket": f"/cases/{world.ticketed}", "inbox": "/inbox",
        "passes": "/passes", "pass": f"/cases/{world.case}/pass", "staff-sign-in": "/sign-in?next=/site/staff",
        "staff-scan": "/staff/scan", "staff-worklist": "/staff/worklist", "staff-found": f"/staff/worklist?q={number}",
        "staff-case": f"/staff/cases/{world.case}", "staff-action": f"/staff/cases/{world.case}/actions/close",
        "staff-moved": f"/staff/cases/{world.case}/actions/approve", "staff-figures": "/staff/figures",
        "staff-publishing": "/staff/publishing", "staff-postings": "/staff/publishing?of=postings",
        "staff-new-notice": "/staff/publishing/notices/new", "staff-new-alert": "/staff/publishing/alerts/new",
        "staff-notice": f"/staff/publishing/notices/{draft}", "staff-change": f"/staff/publishing/notices/{draft}/edit",
        "staff-alert": f"/staff/publishing/alerts/{world.alert}", "staff-findings": "/staff/findings",
        "staff-finding": f"/staff/findings/{world.finding}",
    }  # fmt: skip
    plain |= await pages_of(door, door.staff("li", "traffic:desk"), "zone-pass")
    name, why = {"/answers/name": "王伟"}, {"/reason": "核查后发现材料不实。"}
    told = "有人在楼下卖假药，每晚八点左右出现。"
    tip = {"/answers/sort": "", "/answers/description": told, "/answers/still_going_on": "yes"}
    return [
        *(Shown(name, path) for name, path in plain.items()),
        Shown("form-mistakes", "/items/precursor-transport-permit/form", ((NEXT, ":root:not([data-old]) .errors"),)),
        Shown("check", "/items/zone-pass/form", ((NEXT, ":root:not([data-old]) [name=whole]"),)),
        Shown("pass-signed", f"/cases/{world.ticketed}/pass", ((SIGN, "[data-old] canvas:not([hidden])"),)),
        Shown(
            "staff-message", f"/staff/cases/{world.case}/actions/revoke", ((NEXT, ":root:not([data-old]) .said"),), why
        ),
        Shown("staff-scanned", "/staff/scan", ((".search .btn", "[data-found] .verdict"),), {"text": world.scanned}),
        Shown("staff-popped", plain["staff-call"], ((POP, ":root:not([data-old]) main"),)),
        Shown("action", f"/cases/{world.appointment}", (("a[href*='/actions/']", ":root:not([data-old]) main form"),)),
        Shown("tip-check", "/items/crime-tip/form", ((NEXT, ":root:not([data-old]) [name=whole]"),), tip),
        Shown(
            "tip-code",
            "/items/crime-tip/form",
            ((NEXT, ":root:not([data-old]) [name=whole]"), (HAND_IN, ":root:not([data-old]) .code24")),
            tip,
        ),
        Shown(
            "records",
            "/items/name-count/form",
            ((NEXT, ":root:not([data-old]) [name=whole]"), (HAND_IN, ":root:not([data-old]) [href$=form]")),
            name,
        ),
    ]
