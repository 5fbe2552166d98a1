"""Filing for whoever calls: any item, through the one way in which everything begins, with their consent on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import (
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    InvalidFields,
    Item,
    NotFound,
    Principal,
    Update,
    Write,
    reply,
)
from banshi.sdk.cases import begin, commit
from banshi.sdk.documents import ID, MAYBE_TEXT, TEXT, Record, array, optional
from banshi.sdk.http import Routes
from banshi.sdk.kinds import Begun
from desk import DESK, Enquiry
from hotline.callers import met, spoken_for
from hotline.routes.calls import TEXTS, WORDS, held, own_desks
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.slips import SLIPS, NoSlip, number_in
from hotline.tables.models import PREFIX, HotlineCall, HotlineCaller, HotlineFiling
from hotline.texting import SLIP_TOLD, text

ROUTES = Routes("hotline")

#: For whom they speak; what a minor may file without whoever cares for them, by the item's kind: a word to the city.
RELATIONS, A_MINOR_MAY = ["self", "ward", "relative", "minor"], ("appeal", "query")

#: Years from which somebody is of age (Civil Code, article 17); and letters of a citizen's number, which has the day.
ADULT_YEARS, RESIDENT_CHARS = 18, 18

SLIP = {"type": "string", "pattern": "^[0-9 -]{8,12}$", "description": "The digits that they were given."}
NUMBER = {"type": "string", "minLength": 1, "maxLength": 64}
CODE = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
BODY = Record(
    call=optional({**ID, "description": "That you hold; without one you file on under a slip code."}),
    slip=optional({**SLIP, "description": "Of what waits, to go on with that."}),
    item=optional({**CODE, "description": "Its code; not with a slip code."}),
    submission={"type": "object", "description": "What begins the item: `answers`, and what it takes beside them."},
    number=optional({**NUMBER, "description": "Theirs, where that isn't the caller's; needed with a slip code."}),
    name=optional({**WORDS, "maxLength": 64, "description": "As they say it."}),
    relation={"enum": RELATIONS, "description": "They speak for themselves, a ward or a relative; or are a minor."},
    consent={**TEXT, "maxLength": 32, "description": "The version of the wording that was read out, and agreed to."},
    read_back={"const": True, "description": "Their number was read back to them."},
    texts=optional(TEXTS),
    wait=optional({"type": "boolean", "description": "What is refused by its form waits as a draft."}),
).form()
FILING = Record(
    id=ID,
    state={"enum": ["waiting", "filed", "answered"]},
    slip={**MAYBE_TEXT, "description": "Read it out: with their number it leads to this. Null where nothing is kept."},
    begun={"type": ["object", "null"], "description": "What a beginning answers: `case`, `records`."},
    lacks=array({"type": "object"}, description="Why it waits: problems, their pointers into this body."),
)


class AnothersFiling(Conflict, code="anothers-filing", says=say):
    """This is a citizen's account's: they go on with it there, or prove themselves in the call."""


@dataclass(slots=True)
class Filing:
    """One filing under way."""

    call: Call
    item: Item
    row: HotlineFiling
    enquiry: Enquiry | None
    principal: Principal
    #: As it is told once; "" for what goes on under the code that they have.
    slip: str
    is_new: bool

    @property
    def texted(self) -> UUID | None:
        """Who gets the code as a text, too: once, where they agreed."""
        return self.row.caller_id if self.slip and self.row.texts else None

    def written(self, state: str, case: Any = None) -> Sequence[Model | Update]:
        """What is written of it, with its beginning: it waits, is filed, or was answered."""
        given, by = self.call.body["submission"].get("answers"), self.row
        waits = given if isinstance(given, dict) else {}
        answers = waits if state == "waiting" else None
        values = {"state": state, "case_id": case.id if case else None, "answers": answers}
        if not self.is_new:
            names = ("person", "call_id", "officer", "officer_name", "hands", "identified", "relation", "consent")
            values |= {name: getattr(by, name) for name in (*names, "consented_at", "read_back_at", "texts", "at")}
            kept: Model | Update = Update(HotlineFiling, {"id": by.id, "state": "waiting"}, values)
        else:
            kept = by.update_from_dict(values)
        cases, desks = [str(case.id)] if case else [], self.call.platform[DESK]
        told = [desks.noted(self.enquiry, "filed", self.call.principal, cases)] if self.enquiry else []
        return [kept, *told]


@ROUTES.post(
    "/v1/hotline/filings",
    Audience.STAFF,
    {
        201: Answer("It is filed, or waits.", FILING),
        404: Answer("There is no such item, or nothing of yours under the slip code."),
        409: Answer("You don't hold the call, or what waits is bound to an account."),
        422: Answer("Something is wrong with it; with `wait` it waits where that is its form's alone."),
        429: Answer("Too often for this slip code's number in this hour.", headers={"Retry-After": "Seconds."}),
        502: Answer("The department's service failed; nothing was filed."),
        504: Answer("The department's service took too long; nothing was filed."),
    },
    body=BODY,
    creates=True,
)
async def file_for_caller(call: Call) -> web.StreamResponse:
    """File an item for whoever calls; it is theirs, and on record is who filed it, and what they agreed to.

    What its form refuses (most often a file, which nobody can say) waits with `wait` as a draft, under the slip code.
    You take no step of staff in what you have filed.
    """
    filing = await _begun(call)
    item, submission = filing.item, call.body["submission"]
    begun, lacks = None, list[FieldProblem]()

    def document(state: str, begun: Any) -> dict[str, Any]:
        shown = begun.answer(call.language) if begun else None
        slip = None if state == "answered" else filing.slip or None
        told = [one.document(call.language) for one in lacks]
        return {"id": str(filing.row.id), "state": state, "slip": slip, "begun": shown, "lacks": told}

    def receipt(begun: Begun) -> Sequence[Model | Update]:
        if begun.case is None:
            return filing.written("answered")
        return [*filing.written("filed", begun.case), *texts, *call.once.receipt(document("filed", begun))]

    words = say(SLIP_TOLD, slip=filing.slip)
    texts = await text(call.platform, filing.texted, words, filing.row.id)
    try:
        if _is_minor(filing) and item.kind not in A_MINOR_MAY:
            raise InvalidFields([FieldProblem("", say("Whoever cares for a minor has to agree."), "guardian")])
        begun = await begin(call.platform, item, filing.principal, submission, call.language, receipt)
    except InvalidFields as refused:
        lacks = [replace(one, pointer=f"/submission{one.pointer}") for one in refused.problems]
        if not call.body.get("wait"):
            raise InvalidFields(lacks) from None
        waits = [*filing.written("waiting"), *texts, *call.once.receipt(document("waiting", None))]
        await commit(call.platform, Write(), waits)
    state = "waiting" if begun is None else "filed" if begun.case else "answered"
    return reply(call, document(state, begun), status=201, headers={"Cache-Control": "no-store"})


def _is_minor(filing: Filing) -> bool:
    """Whether they say so, or the document that they have proved themselves by."""
    today, known = filing.call.platform.today(), filing.principal.resident_id
    born = known[6:14] if len(known) == RESIDENT_CHARS else ""
    is_young = born > f"{today.year - ADULT_YEARS}{today:%m%d}"
    return filing.row.relation == "minor" or (is_young and filing.row.relation == "self")


async def _begun(call: Call) -> Filing:
    """Who files what for whom. Raises InvalidFields, NotFound, NoSlip, and whatever the call or the code refuses."""
    body, platform, settings = call.body, call.platform, call.platform[SETTINGS]
    on_call, enquiry = await held(call, body["call"]) if "call" in body else (None, None)
    if ("item" in body) == ("slip" in body) or (on_call is None and "slip" not in body):
        raise InvalidFields([FieldProblem("/item", say("Name an item in a call, or a slip code and its number."))])
    if body["consent"] not in ([settings.consent] if on_call else settings.consents):
        raise InvalidFields([FieldProblem("/consent", say("There is no such wording; read out the one of the call."))])
    before = await _waiting(call) if "slip" in body else None
    caller = await _caller(call, on_call, before)
    who = spoken_for(on_call, caller, call.principal.subject, body.get("name", ""))
    # Nobody who wrote in it decides it, whoever files it in the end.
    who = replace(who, hands=tuple(dict.fromkeys([*(before.hands or ()), before.officer])) if before else ())
    if before is not None and before.person not in (who.subject, caller.subject):
        raise AnothersFiling
    item = platform.registry.items.get(before.item if before else body["item"])
    if item is None:
        raise NotFound(say("There is no such item."), see="/v1/items")
    slip, kept = platform[SLIPS].made(caller.number) if before is None else ("", before.slip)
    row = HotlineFiling(
        id=before.id if before else uuid7(),
        slip=kept,
        caller_id=caller.id,
        person=who.subject,
        call_id=on_call.id if on_call else None,
        desk=enquiry.desk if enquiry else before.desk if before else "",
        item=item.code,
        officer=call.principal.subject,
        hands=list(who.hands),
        officer_name=(call.principal.name or call.principal.subject)[:255],
        identified="code" if on_call and on_call.person else "told",
        relation=body["relation"],
        consent=body["consent"],
        consented_at=call.now,
        read_back_at=call.now,
        texts=body.get("texts", False),
        at=call.now,
    )
    return Filing(call, item, row, enquiry, who, slip, before is None)


async def _caller(call: Call, on_call: HotlineCall | None, before: HotlineFiling | None) -> HotlineCaller:
    """Under whose number it is. Raises InvalidFields where none is known."""
    if before is not None:
        return await HotlineCaller.get(id=before.caller_id)
    if number := number_in(call.platform, call.body.get("number", "")):
        return await met(call.platform, number)
    if "number" in call.body or on_call is None or on_call.caller_id is None:
        raise InvalidFields([FieldProblem("/number", say("Ask for a number at which they can be called."))])
    return await HotlineCaller.get(id=on_call.caller_id)


async def _waiting(call: Call) -> HotlineFiling:
    """What waits under the code and the number. Raises NoSlip where nothing does, and for another desk's."""
    row = await call.platform[SLIPS].found(call.principal, call.body.get("number", ""), call.body["slip"])
    if row.state != "waiting" or row.desk not in {desk.code for desk in own_desks(call)}:
        raise NoSlip
    return row


def caller_of(filing: HotlineFiling, officer: str = "") -> Principal:
    """Whoever it was filed for, as the hotline speaks for them. Raises AnothersFiling for an account's."""
    if not filing.person.startswith(PREFIX):
        raise AnothersFiling
    return Principal(subject=filing.person, channel="hotline", agent=officer)
