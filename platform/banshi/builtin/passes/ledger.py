"""The passes that were issued: signing one for a case, looking one up after a scan, revoking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from structlog.typing import FilteringBoundLogger

from banshi.builtin.passes import holder
from banshi.builtin.passes.keys import KEYRING
from banshi.builtin.passes.models import Scan
from banshi.builtin.passes.refusals import PassRefused, Reason, colour_of
from banshi.builtin.passes.wire import cose, shown
from banshi.builtin.sentences import say
from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import Conflict, Problem, Unavailable
from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item, Texts, text_in
from banshi.kernel.http.months import midnight
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass

#: Counter from which each pass takes its number: its place in the status list.
NUMBERS = "pass"

#: The first number that the database can't hold; only a stolen key signs such a one.
NUMBERS_END = 1 << 63

#: Bytes that the number of a moved pass may have more than its first one.
_LONGER_NUMBER = 8

#: One pass seen at two places within this time is suspicious.
ELSEWHERE_WITHIN = timedelta(minutes=10)

#: By how much the time of a scan may be behind ours, or ahead: what was revoked just after it counts.
CLOCKS_DIFFER = timedelta(minutes=1)

#: How long before it was signed a test case's pass has ended: more than clocks differ.
LONG_OVER = timedelta(days=1)

#: Why no pass is signed for the days of an application.
OVER: Texts = say(
    "The time that was applied for is over, or ends before it begins: return the application for new dates, or refuse"
    " it."
)

#: Why a test case's pass is not valid.
MADE_UP: Texts = say("It is a test case's, and allows nothing.")


class IdOfAnotherScan(Conflict):
    """You have sent another scan under this id: give each scan an id of its own."""

    code = "id-of-another-scan"
    says = say


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a pass is valid. `until` is the first moment at which it no longer is."""

    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a scan found."""

    #: "valid", or why not: revoked, expired, not-yet-valid, unknown-pass, or a reason of `Reason`.
    code: str
    credential: cose.Credential | None = None
    record: Pass | None = None
    #: It was seen elsewhere a moment ago.
    seen_elsewhere: bool = False

    @property
    def valid(self) -> bool:
        return self.code == "valid"


async def issue(platform: Platform, case: Case, item: Item, claims: Mapping[str, Any], valid: Validity) -> Pass:
    """Sign a pass for the case, as a row that the decision's transaction writes.

    A test case's is revoked from the beginning, and what is signed was over the day before: no verifier ever takes it
    for a real one, not even one whose status list is older than the pass. In the books it ends with the case.
    Raises as `unsigned` does, and Unavailable where there is no key to sign with.
    """
    if (rules := item.credential) is None:
        raise ValueError(f"item {item.code} declares no credential")
    made, is_test = unsigned(platform, case, item, valid), case.mode == TEST
    now = made.issued_at
    signed = Validity(now - LONG_OVER - timedelta(seconds=1), now - LONG_OVER) if is_test else valid
    key, private = await platform[KEYRING].signer()
    made.kid, made.number = key.kid, await platform.store.take_number(NUMBERS)
    credential = cose.Credential(
        issuer=platform.settings.pass_issuer,
        item=item.code,
        index=made.number,
        issued_at=int(now.timestamp()),
        not_before=int(signed.start.timestamp()) if is_test or signed.start > now else None,
        expires_at=int(signed.until.timestamp()),
        claims=claims,
        holder=b"" if rules.dynamic else None,
    )
    names, kid = [claim.name for claim in rules.claims], bytes.fromhex(key.kid)
    made.text = cose.sign(credential, names, key=private, kid=kid, most=_most(item))
    return made


def unsigned(platform: Platform, case: Case, item: Item, valid: Validity) -> Pass:
    """The same pass without number and signature: what is known of it beforehand.

    Raises Conflict where its time is over already.
    """
    now, is_test = platform.now(), case.mode == TEST
    if is_test:
        valid = Validity(now, case.created_at + timedelta(days=platform.settings.test_case_days))
    elif (why := over(platform, valid)) is not None:
        raise why
    return Pass(
        case_id=case.id,
        item=item.code,
        department=item.department,
        issued_at=now,
        not_before=valid.start,
        expires_at=valid.until,
        revoked_at=now if is_test else None,
        revoked_reason=dict(MADE_UP) if is_test else None,
        phone="" if item.credential is not None and item.credential.dynamic else None,
    )


def over(platform: Platform, valid: Validity) -> Conflict | None:
    """Why no pass is signed for a time that has no moment left."""
    return Conflict(OVER) if valid.until <= max(platform.now(), valid.start) else None


def _most(item: Item) -> int:
    if item.certificate is not None:
        return cose.MAX_BYTES
    if item.credential is None or not item.credential.dynamic:
        return cose.MAX_PASS_BYTES
    # What is shown has the phone's key, what the phone adds, and, once it was moved, a number that may be longer.
    return cose.MAX_PASS_BYTES - holder.HOLDER_BYTES - shown.SHOWN_BYTES - _LONGER_NUMBER


async def of_case(case: Case) -> Pass | None:
    """The case's pass; of a dynamic one that was moved, the one that its phone holds now."""
    return await Pass.filter(case_id=case.id).order_by("-number").first()


def validity(platform: Platform, item: Item, first: date | None, last: date | None) -> Validity:
    """Whole days in the city's time zone, cut at the item's longest."""
    longest = item.credential.longest_days if item.credential else 1
    start = midnight(platform, first or platform.today())
    end = start + timedelta(days=longest)
    if last is not None:
        end = min(end, midnight(platform, last + timedelta(days=1)))
    return Validity(start, end)


def revocation(case: Case, at: datetime, reason: Texts | None) -> Update:
    """The update that revokes whatever pass the case has."""
    values = {"revoked_at": at, "revoked_reason": dict(reason) if reason else None}
    return Update(Pass, {"case_id": case.id, "revoked_at": None}, values, rows=None)


async def verify(
    platform: Platform, text: str, officer: Principal, place: str, *, at: datetime | None = None, key: str = ""
) -> Verdict:
    """Check what an officer scanned against the keys and what held at that moment, and record the scan: with a `key`, a
    UUID of that officer's, once however often it is sent.

    Raises IdOfAnotherScan where the key is another scan's.
    """
    now = platform.now()
    moment = at or now
    verdict = await examined(platform, text, at)
    number = verdict.record.number if verdict.record else None
    if number is not None:
        around = {"at__gte": moment - ELSEWHERE_WITHIN, "at__lte": moment + ELSEWHERE_WITHIN}
        near = await Scan.filter(number=number, **around).order_by("-at").limit(20)
        elsewhere = any(scan.place != place and scan.officer != officer.subject for scan in near)
        verdict = replace(verdict, seen_elsewhere=elsewhere)
    scan = Scan(
        number=number,
        at=moment,
        received_at=now if at else None,
        officer=officer.subject,
        department=next((role.department for role in officer.roles if role.name == "officer"), ""),
        place=place,
        verdict=verdict.code,
    )
    if not key:
        await platform.store.commit(Write(rows=[scan]))
        return verdict
    # Another officer's of the same key is another row.
    scan.id = uuid5(UUID(key), officer.subject)
    await platform.store.commit(Write(unless_there=[scan]))
    kept = await Scan.get(id=scan.id)
    # What was recorded as it came in may be sent again with its time: its answer was lost on the way.
    if kept.number != number or (at is not None and kept.at != at and kept.received_at is not None):
        raise IdOfAnotherScan
    # It was sent before, at another time: it is answered for that of the first.
    return verdict if kept.at == moment else await verify(platform, text, officer, place, at=kept.at, key=key)


async def read(platform: Platform, text: str) -> cose.Credential:
    """What a credential of ours says, whenever it was signed. Raises `PassRefused`, as for a key that was lost."""
    return cose.read(text, await platform[KEYRING].public(), partial(_labels, platform))


async def held(
    platform: Platform, record: Pass, what: str, withdrawn: Problem, log: FilteringBoundLogger
) -> cose.Credential:
    """What one of our books says. Raises `withdrawn` where its key was lost, Unavailable where it can't be read."""
    try:
        return await read(platform, record.text)
    except PassRefused as refused:
        if refused.reason is Reason.UNKNOWN_KEY:
            raise withdrawn from None
        # Ours is at fault, not the pass: it has a claim that this catalogue hasn't, or its text was damaged.
        log.error(f"a {what} can't be read", item=record.item, number=record.number, reason=refused.reason.value)
        told = say("This {what} can't be read at present; the fault is recorded. Try again later.", what=what)
        raise Unavailable(told, headers={"Retry-After": "60"}) from None


def _labels(platform: Platform, code: str) -> list[str] | None:
    item = platform.registry.items.of(code)
    return [claim.name for claim in item.credential.claims] if item and item.credential else None


async def examined(platform: Platform, text: str, at: datetime | None = None) -> Verdict:
    """Hold what was scanned against the keys and the books, as they stood at that moment; nothing is recorded."""
    try:
        scanned = shown.read(text, await platform[KEYRING].public(), partial(_labels, platform))
    except PassRefused as refused:
        return Verdict(code=refused.reason.value)
    credential, now = scanned.credential, int((at or platform.now()).timestamp())
    record = await Pass.get_or_none(number=credential.index) if credential.index < NUMBERS_END else None
    if record is None or record.text not in {"", scanned.text}:
        # Well signed and yet not the one that we gave out: a restored backup, or a key in strange hands.
        return Verdict(code="unknown-pass", credential=credential)
    if record.revoked_at is not None and (at is None or record.revoked_at <= at + CLOCKS_DIFFER):
        return Verdict(code="revoked", credential=credential, record=record)
    out_of_time = cose.check_times(credential, now)
    if out_of_time is None and scanned.shown_at is not None:
        out_of_time = shown.check_shown(scanned.shown_at, now)
    if not record.text:
        # Its case was anonymised after the pass had ended; of what it said nothing is left to compare it with.
        out_of_time = Reason.EXPIRED
    code = out_of_time.value if out_of_time else "valid"
    return Verdict(code=code, credential=credential, record=record)


async def end_of(platform: Platform, record: Pass | None) -> str:
    """How a pass that was revoked has ended: "revoked", "taken-back" or "cancelled", as its case's state says, "moved"
    or "test"; "" where it hasn't, or nobody knows any more."""
    if record is None or record.revoked_at is None:
        return ""
    case: Case = await record.case
    if end := end_in(platform, case):
        return end
    return "moved" if record.phone and await Pass.filter(case_id=case.id, number__gt=record.number).exists() else ""


def end_in(platform: Platform, case: Case) -> str:
    """How the pass that a case has now has ended, as the case says it: the same, without "moved"."""
    if case.mode == TEST:
        return "test"
    kind = platform.registry.kinds.get(case.kind)
    return case.state if kind and kind.outcomes.get(case.state) == "revoked" else ""


def end_title(platform: Platform, record: Pass | None, end: str, language: str) -> str | None:
    """What people read for the end that a case's state says; None for any other."""
    item = platform.registry.items.of(record.item) if record else None
    states, _ = words_of(platform.registry.kinds.get(item.kind) if item else None, item)
    return title_in(states, end, language) if end in states else None


async def as_told(
    platform: Platform,
    code: str,
    record: Pass | None,
    told: Mapping[str, Texts],
    ends: Mapping[str, Texts],
    language: str,
) -> dict[str, Any]:
    """What a check says first: the verdict, in the words that are told of it or of its end, and how it has ended."""
    end = await end_of(platform, record)
    title, words = end_title(platform, record, end, language), ends.get(end) or told.get(code)
    said = {"verdict": code, "colour": colour_of(code), "detail": text_in(words, language) if words else ""}
    return {**said, "ended": end if title else None, "ended_title": title}


def moments_of(platform: Platform, record: Pass | None) -> dict[str, str | None]:
    """When a pass was issued, begins and ends, as a verification says it; nothing of one that isn't known."""
    names = ("issued_at", "not_before", "expires_at")
    return {name: platform.moment(getattr(record, name)) if record else None for name in names}
