"""Which phone holds a dynamic pass: one takes it, another takes it over, and what the one before shows is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from banshi.builtin.passes import ledger
from banshi.builtin.passes.keys import KEYRING
from banshi.builtin.passes.wire import cose
from banshi.builtin.sentences import say, word
from banshi.foundation.database.writes import Update, Write
from banshi.foundation.errors import Conflict
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.values import Item, Message, Texts
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass

log = structlog.get_logger("banshi.passes")

#: Phones that a pass is given to in its life. Each takes a place of the status list for good.
MAX_PHONES = 10

MOVED: Texts = say("Another phone holds it now.")

TITLE: Texts = word("Your pass was moved to another phone")
BODY: Texts = say(
    "Another phone shows the pass of “{item}” now, and the one before shows it no more. If that was not you, change "
    "your password and call the department."
)


WITHDRAWN = say("The key that signed the pass was withdrawn: ask the department for another one.")


async def bind(platform: Platform, case: Case, record: Pass, point: bytes) -> Pass:
    """Let the phone whose key is `point` hold the dynamic pass, and no other. Nothing changes for the one that does.

    The credential stays as it was decided. A phone that takes it over gets a number of its own, so that the one before
    is revoked for verifiers without a network too. Raises Conflict where the pass is over or has been moved too often,
    Unavailable where there is no key to sign with, or the pass can't be read.
    """
    if record.phone == point.hex():
        return record
    item, labels = _offered(platform, record)
    await _refuse_ended(platform, case, record)
    credential, is_first = await ledger.held(platform, record, "pass", Conflict(WITHDRAWN), log), record.phone == ""
    number = record.number if is_first else await platform.store.take_number(ledger.NUMBERS)
    key, private = await platform[KEYRING].signer()
    text = cose.sign(replace(credential, index=number, holder=point), labels, key=private, kid=bytes.fromhex(key.kid))
    given = {"phone": point.hex(), "text": text, "kid": key.kid}
    # Together with the case: a step that revokes what passes it has comes before this, or after. And where
    # what is personal in it has begun to leave since it was read, none of it comes back.
    guard = Update(Case, {"id": case.id, "version": case.version, "content": case.content}, {"version": case.version})
    if is_first:
        taken = Update(Pass, {"number": number, "phone": ""}, given)
        await platform.store.commit(Write(updates=[guard, taken]))
        return await Pass.get(number=number)
    kept = ("case_id", "item", "department", "issued_at", "not_before", "expires_at", "revoked_at", "revoked_reason")
    moved = Pass(number=number, **{name: getattr(record, name) for name in kept}, **given)
    rows = [moved, *outbox.message_rows(platform, _told(platform, case, item.title), dedup=_dedup(number))]
    revoked = {"revoked_at": platform.now(), "revoked_reason": dict(MOVED)}
    ended = Update(Pass, {"number": record.number, "revoked_at": None}, revoked)
    # A test case's was revoked when it was made, and says so.
    await platform.store.commit(Write(updates=[guard] if case.mode == TEST else [guard, ended], rows=rows))
    return moved


def _offered(platform: Platform, record: Pass) -> tuple[Item, list[str]]:
    """The pass's item, and what its claims are called."""
    item = platform.registry.items.of(record.item)
    if item is None or item.credential is None or not record.text:
        raise Conflict(say("The department offers this no more: its pass can't be taken over by another phone."))
    return item, [claim.name for claim in item.credential.claims]


async def _refuse_ended(platform: Platform, case: Case, record: Pass) -> None:
    is_revoked = record.revoked_at is not None and case.mode != TEST
    if record.expires_at <= platform.now() or is_revoked:
        raise Conflict(say("The pass is over: apply anew, or renew it."))
    if await Pass.filter(case_id=case.id).count() > MAX_PHONES:
        raise Conflict(
            say("The pass was moved {times} times, which is as often as may be: ask the department.", times=MAX_PHONES)
        )


def promises(platform: Platform, numbers: Sequence[int]) -> list[str]:
    """The `dedup` of whatever was told when a case's pass, whose numbers these are, was moved: it is of no step."""
    moved = sorted(numbers)[1:]
    return [f"{channel}:{_dedup(number)}" for channel in platform.registry.channels for number in moved]


def _dedup(number: int) -> str:
    return f"pass:{number}"


def _told(platform: Platform, case: Case, title: Texts) -> Message:
    body = {language: text.replace("{item}", title[language]) for language, text in BODY.items()}
    return outbox.message_about(case, TITLE, body, platform.now())
