"""The addresses that an app gives for its phone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from banshi import FieldProblem, InvalidFields
from mobile_push.delivery.service import Push
from mobile_push.providers.webpush import subscription
from mobile_push.sentences import say
from mobile_push.ways import WAYS


class Given(NamedTuple):
    """An address that an app gives for its phone."""

    provider: str
    token: str

    @property
    def digest(self) -> str:
        """What it is found by."""
        return digest_of(self.provider, self.token)


def given_in(push: Push, offered: Sequence[str], body: Mapping[str, Any]) -> list[Given]:
    """The addresses of a registration, the one that a notice takes first. Raises InvalidFields."""
    given = [_given(push, offered, body), *others_in(push, offered, body)]
    refuse_twice(given)
    order = push.platform[WAYS].order("notice")
    return sorted(given, key=lambda one: order.index(one.provider) if one.provider in order else len(order))


def others_in(push: Push, offered: Sequence[str], body: Mapping[str, Any]) -> list[Given]:
    """The further addresses of a registration or a change. Raises InvalidFields."""
    return [_given(push, offered, one, f"/addresses/{at}") for at, one in enumerate(body.get("addresses", ()))]


def _given(push: Push, offered: Sequence[str], body: Mapping[str, Any], at: str = "") -> Given:
    if (provider := body["provider"]) not in offered:
        told = say("This way to reach a phone is not set up here; there are: {there}.", there=", ".join(offered) or "–")
        raise InvalidFields([FieldProblem(f"{at}/provider", told, "unavailable")])
    return Given(provider, address_of(push, provider, body, at))


def refuse_twice(given: Sequence[Given]) -> None:
    """Raises InvalidFields where two are at one provider."""
    names = [one.provider for one in given]
    if len({*names}) < len(names):
        told = say("Name each provider once: a phone has one address at each.")
        raise InvalidFields([FieldProblem("/addresses", told, "twice")])


def address_of(push: Push, provider: str, body: Mapping[str, Any], at: str = "") -> str:
    """What the provider calls this phone: its token, or the subscription as one text. Raises InvalidFields."""
    settings = push.settings.webpush if provider == "webpush" else None
    field, other = ("subscription", "token") if settings else ("token", "subscription")
    problems = []
    if field not in body:
        told = (
            say("Send the browser's subscription, whole.") if settings else say("Send the phone's registration token.")
        )
        problems.append(FieldProblem(f"{at}/{field}", told, "required"))
    if other in body:
        told = say("Leave it out: this way to reach a phone takes none.")
        problems.append(FieldProblem(f"{at}/{other}", told, "not-taken"))
    if problems:
        raise InvalidFields(problems)
    if settings is None:
        return str(body["token"])
    try:
        return subscription(body["subscription"], settings)
    except ValueError as error:
        told = error.args[0]
        told = told if isinstance(told, Mapping) else say("{told}.", told=told)
        raise InvalidFields([FieldProblem(f"{at}/subscription", told, "unusable")]) from None


def digest_of(provider: str, address: str) -> str:
    """What a phone is found by: the hash of its provider's address."""
    return hashlib.sha256(f"{provider}\0{address}".encode()).hexdigest()
