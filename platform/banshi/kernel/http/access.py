"""Which roles there are, and which cases each may read: what the state tables, the items and the plugins say.

Made when it is first asked for, and anew once items come or go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.contract.routes import Audience
from banshi.kernel.contract.values import Item, Step, Who
from banshi.kernel.loading.registry import Registry

if TYPE_CHECKING:
    from banshi.kernel.tables.cases import Case

#: Whoever scans passes in the street, in every department.
OFFICER = "officer"

#: The audiences whose roles a route asks for itself.
ASKING = (Audience.STAFF, Audience.PERSON)


#: Plugins whose routes ask for roles of their own offer which these are, beside those of kinds and items.
ROLES: Key[frozenset[str]] = Key("roles")

#: Is told of each reading before anything of it is answered; it raises Unavailable where it can't be recorded.
Recorder = Callable[[Principal, Sequence["Case"]], Awaitable[None]]


class Access:
    """What members of staff may read."""

    def __init__(self, registry: Registry) -> None:
        #: Its revision counts up when roles may have come or gone.
        self.registry = registry
        self._revision = -1
        #: Roles that are known without looking at items, those of all items, and departments of which any role may be.
        self._named: frozenset[str] = frozenset()
        self._of_items: frozenset[str] | None = None
        self._untold: frozenset[str | None] = frozenset()
        #: By item and version: the roles that may read.
        self._readers: dict[tuple[str, int], frozenset[str]] = {}
        #: Set once readings can be recorded; until then nobody is served.
        self.record: Recorder

    def knows(self, role: Role) -> bool:
        """Whether anything here asks for such a role, in whatever department."""
        self._renew()
        if role.name in self._named or not self._untold.isdisjoint({None, role.department}):
            return True
        return role.name in self.names()

    def names(self) -> frozenset[str]:
        """All roles that kinds, items and plugins ask for."""
        self._renew()
        if self._of_items is None:
            items = self.registry.items.with_cases()
            self._of_items = frozenset(name for item in items for name in readers_in(item))
        return self._named | self._of_items

    def role_of(self, principal: Principal, case: Case) -> Role | None:
        """By which of their roles somebody may read a case; None where they may not."""
        self._renew()
        readers = self._readers_of(case)
        for role in principal.roles:
            if role.name in readers and role.covers(role.name, case.department, case.unit):
                return role
        return None

    def works_on(self, principal: Principal, item: Item) -> bool:
        """Whether somebody may read the cases of an item, as long as these stay where the item has them."""
        readers = readers_in(item)
        return any(own.name in readers and own.covers(own.name, item.department, item.unit) for own in principal.roles)

    def _renew(self) -> None:
        registry = self.registry
        if self._revision == registry.revision:
            return
        self._revision = registry.revision
        offered = [names for _, names in registry.offered(ROLES)]
        self._named = frozenset({OFFICER}).union(*offered, *(kind.roles for kind in registry.kinds.values()))
        self._untold = frozenset(department for _, department in untold(registry))
        self._of_items = None
        self._readers.clear()

    def _readers_of(self, case: Case) -> frozenset[str]:
        found = self._readers.get((case.item, case.item_version))
        if found is None:
            item = self.registry.items.of(case.item, case.item_version)
            found = readers_in(item) if item is not None else self._of_kind(case.kind)
            self._readers[case.item, case.item_version] = found
        return found

    def _of_kind(self, kind: str) -> frozenset[str]:
        """Whoever works on any item of a kind: for cases whose own item is gone."""
        alike = (item for item in self.registry.items.with_cases() if item.kind == kind)
        found = frozenset(name for item in alike for name in readers_in(item))
        own = self.registry.kinds.get(kind)
        return found | own.roles if own else found


ACCESS: Key[Access] = Key("access")


def readers_in(item: Item) -> frozenset[str]:
    """The roles that may read an item's cases: those that its state table names, and the item's own readers."""
    return roles_in(item.steps) | frozenset(item.readers)


def roles_in(table: Sequence[Step]) -> frozenset[str]:
    """The roles that a state table names."""
    return frozenset(step.role for step in table if Who.STAFF in step.who)


def untold(registry: Registry) -> list[tuple[str, str | None]]:
    """Plugins with routes for staff that offer no ROLES, each with its department: what they ask for, nobody knows."""
    told = {plugin for plugin, _ in registry.offered(ROLES)}
    asking = {plugin for plugin, route in registry.routes if route.audience in ASKING}
    found = []
    for name in sorted(asking.intersection(registry.configuration.entries) - told):
        department = registry.plugins[name].department
        found.append((name, department.code if department else None))
    return found
