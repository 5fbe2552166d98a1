"""Which events are for which receiver: what it asked for, within what its client may know."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from banshi.sdk.http import Client

from ..models import Subscription
from .journal import Logged

#: The verb of a scope: `webhooks`, or `webhooks:traffic` for one department.
SCOPE = "webhooks"

#: What a type ends with that stands for all that begin so.
ANY = ".*"


def wants(row: Subscription, client: Client) -> Callable[[Sequence[Logged]], Sequence[Logged]]:
    """Picks the events that are for this receiver. What the token allowed and what the client may now count both."""
    granted = type(client)(client.id, client.name, client.mode, frozenset(row.scopes))
    exact = frozenset(name for name in row.types if not name.endswith(ANY))
    begins = tuple(name.removesuffix("*") for name in row.types if name.endswith(ANY))
    departments, items = frozenset(row.departments), frozenset(row.items)
    known: dict[str, bool] = {}
    types = bool(row.types)

    def allowed(department: str) -> bool:
        if departments and department not in departments:
            return False
        if not department:
            return SCOPE in granted.scopes and SCOPE in client.scopes
        return granted.may(SCOPE, department) and client.may(SCOPE, department)

    def wanted(event: Logged) -> bool:
        if event.made_up and client.mode != "test":
            return False
        if event.client:
            if event.client != row.client:
                return False
        else:
            fits = known.get(event.department)
            if fits is None:
                fits = known[event.department] = allowed(event.department)
            if not fits:
                return False
        return not types or event.type in exact or (bool(begins) and event.type.startswith(begins))

    def wanted_of(events: Sequence[Logged]) -> Sequence[Logged]:
        if items:
            # Every receiver looks at every event: what costs least goes first.
            events = [event for event in events if event.item in items or event.client]
        return [event for event in events if wanted(event)]

    return wanted_of
