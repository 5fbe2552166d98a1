"""What is not live yet: test items and clients, whose cases are made up, and those that a team tries out alone.

A case's mode is settled when it comes to be, by its item and by who makes it, and stays: what was made up is never
real, whatever becomes of its client. Whoever counts cases for the public counts the live ones.
"""

from __future__ import annotations

from banshi.foundation.errors import NotFound
from banshi.kernel.contract.items import LIVE, TEST, Mode
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say


def mode_of(item: Item, principal: Principal) -> Mode:
    """The mode of a case that the principal hands in for the item: the less real of both."""
    modes = {item.mode, principal.client.mode if principal.client else LIVE}
    return TEST if TEST in modes else "team" if "team" in modes else LIVE


def is_open_to(item: Item, principal: Principal) -> bool:
    """Whether the principal may hand something in for the item: for a `team` item, its team alone."""
    return item.mode != "team" or principal.subject in item.team


def offered(platform: Platform, code: str, principal: Principal) -> Item | None:
    """The item of that code, if there is one to which the principal may hand something in."""
    item = platform.registry.items.get(code)
    return item if item is not None and is_open_to(item, principal) else None


def refuse_strangers(item: Item, principal: Principal) -> None:
    """Keep what a team tries out within it, as if it did not exist for others. Raises NotFound.

    A team's client makes cases of its own, for people on its team, and for nobody.
    """
    client = principal.client
    others = client is not None and client.mode == "team" and principal.subject not in {"", f"client:{client.id}"}
    if not is_open_to(item, principal) or (others and client and principal.subject not in client.team):
        raise NotFound(say("There is no such item for that person; whoever is not on its team has none."))
