"""Whose business an item is: what has to be known of whoever hands it in, and whether they ask about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.forms.pointers import name_at, names_in
from banshi.forms.pointing import title_at
from banshi.forms.spelling import spelled_id
from banshi.foundation.errors import FieldProblem, InvalidFields, NotNamed, NotVerified
from banshi.foundation.texts import clean, cut
from banshi.kernel.cases.attachments import ids_at
from banshi.kernel.contract.items import LONGEST_HOLDER
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.sentences import say

NOT_OWN = "Give your own ID number: you can only ask about yourself."
NOT_OWN_UNLESS = "Give your own ID number. To ask about somebody else, hand in the file “{file}”."


def require_verified(item: Item, principal: Principal | None) -> None:
    """Raises NotVerified where the item is about whoever hands it in, and nobody has verified who that is; NotNamed
    where their name is signed into what they get, and nobody says it.

    A file that lets them ask about another changes nothing of this: it says something of them as well.
    """
    if item.owner is not None and (principal is None or not principal.resident_id):
        raise NotVerified
    if item.names_holder and (principal is None or not holder_of(principal.name)):
        raise NotNamed


def is_own(number: Any, principal: Principal) -> bool:
    """Whether a number, however it is written, is the one that was verified."""
    return bool(principal.resident_id) and isinstance(number, str) and spelled_id(number) == principal.resident_id


def require_own_record(item: Item, answers: Mapping[str, Any], principal: Principal | None) -> None:
    """Raises InvalidFields where the answers, which the form has taken, are about another than who hands them in."""
    if item.owner is None or (item.owner.unless and ids_at(item, answers, item.owner.unless)):
        return
    if principal is None or not is_own(name_at(answers, item.owner.field), principal):
        path = tuple(names_in(item.owner.unless)) if item.owner.unless else ()
        file = title_at(item.form.schema, path) if item.form and path else ""
        told = say(NOT_OWN_UNLESS if file else NOT_OWN, file=file)
        raise InvalidFields([FieldProblem(f"/answers{item.owner.field}", told, "not-own")])


def holder_of(name: str) -> str:
    """A citizen's name as it is signed: in one line, and cut where it is longer than any."""
    one_line = " ".join(clean(name).split())
    most = LONGEST_HOLDER
    while len(cut(one_line, most).encode()) > LONGEST_HOLDER:
        most -= 1
    return cut(one_line, most)
