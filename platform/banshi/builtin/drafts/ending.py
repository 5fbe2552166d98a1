"""A draft's end: what was handed in needs none any more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from banshi.builtin.drafts.models import Draft
from banshi.builtin.prefill.known import places_in
from banshi.forms.pointers import found_at
from banshi.foundation.database.writes import Update
from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.look_ups import LookUps

#: What says whom or what answers are about; a phone number and an address change without that.
ABOUT = frozenset({"name", "resident-id", "organisation", "uscc", "plate", "vin"})
#: When a draft was saved that is over: it is shown to nobody, and leaves with the next round.
OVER = datetime(1970, 1, 1, tzinfo=UTC)

#: Whether there is one: most have none, and it is asked at every submission.
SAVED: Key[LookUps] = Key("saved drafts")
SQL = "SELECT id FROM banshi_draft WHERE id IN ({listed})"


def key_of(person: str, item: str) -> str:
    return hashlib.blake2b(f"{person}\n{item}".encode(), digest_size=16).hexdigest()


def oldest(platform: Platform) -> datetime:
    """The moment before which a draft was saved that is gone now."""
    return platform.now() - timedelta(days=platform.settings.draft_days)


async def end_draft(platform: Platform, item: Item, principal: Principal, answers: Any) -> Sequence[Update]:
    """Empty the person's draft for what they hand in, in the same transaction.

    It stays where it is about somebody or something else, where another phone has saved it anew meanwhile, and where a
    program hands in for the person: what is lost can't come back, and what stays is deleted by hand.
    """
    if item.form is None or principal.client is not None:
        return ()
    key = key_of(principal.subject, item.code)
    if await platform[SAVED].find(key) is None:
        return ()
    draft = await Draft.get_or_none(id=key)
    if draft is None or draft.saved_at < oldest(platform) or _is_about_another(item, draft.answers, answers):
        return ()
    same = {"id": draft.id, "saved_at": draft.saved_at}
    return [Update(Draft, same, {"answers": {}, "saved_at": OVER}, rows=None)]


def _is_about_another(item: Item, draft: Mapping[str, Any], answers: Any) -> bool:
    """Whether they name different people or things; what is half typed is the beginning of the same."""
    form = item.form
    if form is None:
        return False
    before, now = form.spelled(draft), form.spelled(answers)
    for place, word in places_in(form).items():
        one, other = found_at(before, place), found_at(now, place)
        texts = word in ABOUT and isinstance(one, str) and isinstance(other, str)
        if texts and one and other and not other.startswith(one):
            return True
    return False
