"""Which roles there are, and which cases each may read: what the state tables, the items and the plugins say.

Made department by department when it is first asked for, and anew once items come or go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from banshi.contract import Item, Key, Who
from banshi.registry import Registry
from banshi.routes import Audience, Principal, Role

if TYPE_CHECKING:
    from banshi.models import Case

#: Whoever scans passes in the street, in every department.
OFFICER = "officer"

#: The audiences whose roles a route asks for itself.
ASKING = (Audience.STAFF, Audience.PERSON)


@dataclass(frozen=True, slots=True)
class RolesAsked:
    """The roles that a plugin's own routes ask for, beside those of its items' state tables."""

    names: frozenset[str]
    #: In which department they are; None: in every one.
    department: str | None = None


#: Plugins whose routes ask for roles of their own offer which these are.
ROLES: Key[RolesAsked] = Key("roles")

#: Is told of each reading before anything of it is answered; it raises Unavailable where it can't be recorded.
Recorder = Callable[[Principal, Sequence["Case"]], Awaitable[None]]


class Access:
    """What members of staff may read."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._revision = -1
        #: By department: its roles, or None where a plugin asks for some that it doesn't tell.
        self._known: dict[str, frozenset[str] | None] = {}
        #: Those of all departments.
        self._all: frozenset[str] | None = None
        #: By item and version: the roles that may read.
        self._readers: dict[tuple[str, int], frozenset[str]] = {}
        #: Set once readings can be recorded; until then nobody is served.
        self.record: Recorder

    @property
    def revision(self) -> int:
        """Counts up when roles may have come or gone."""
        return self._registry.revision

    def knows(self, role: Role) -> bool:
        """Whether anything here asks for that role, or would if its department were connected."""
        known = self.roles_in(role.department)
        if known is not None and role.department not in self._registry.departments:
            known |= self._anywhere()
        return known is None or role.name in known

    def roles_in(self, department: str) -> frozenset[str] | None:
        """The roles of a department, none where there is no such; None where a plugin asks for some untold ones."""
        self._renew()
        # What tokens call departments may be anything: only real ones are kept.
        if department not in self._registry.departments:
            return frozenset(name for one in self._asked(department) if one.department for name in one.names)
        if department not in self._known:
            self._known[department] = self._roles_in(department)
        return self._known[department]

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
        readers = readers_in(self._registry, item)
        return any(own.name in readers and own.covers(own.name, item.department, item.unit) for own in principal.roles)

    def _renew(self) -> None:
        if self._revision != self._registry.revision:
            self._revision = self._registry.revision
            self._all = None
            self._known.clear()
            self._readers.clear()

    def _readers_of(self, case: Case) -> frozenset[str]:
        found = self._readers.get((case.item, case.item_version))
        if found is None:
            item = self._registry.items.of(case.item, case.item_version)
            found = readers_in(self._registry, item) if item is not None else self._of_kind(case.kind)
            self._readers[case.item, case.item_version] = found
        return found

    def _of_kind(self, kind: str) -> frozenset[str]:
        """Whoever works on any item of a kind: for cases whose own item is gone."""
        alike = (item for item in self._items() if item.kind == kind)
        return frozenset(name for item in alike for name in readers_in(self._registry, item))

    def _items(self) -> Iterator[Item]:
        return self._registry.items.with_cases()

    def _roles_in(self, department: str) -> frozenset[str] | None:
        registry = self._registry
        if any(owner in {None, department} for _, owner in untold(registry)):
            return None
        found = {OFFICER, *(name for one in self._asked(department) for name in one.names)}
        for item in self._items():
            kind = registry.kinds[item.kind]
            if kind.travels or item.department == department:
                found |= readers_in(registry, item)
            if item.department == department:
                found |= kind.roles
        return frozenset(found)

    def _asked(self, department: str) -> list[RolesAsked]:
        return [one for _, one in self._registry.offered(ROLES) if one.department in {None, department}]

    def _anywhere(self) -> frozenset[str]:
        """All roles of all departments: those of one whose plugin is not loaded now are among them."""
        if self._all is None:
            known = [self.roles_in(department) for department in self._registry.departments]
            self._all = frozenset(name for names in known for name in names or ())
        return self._all


ACCESS: Key[Access] = Key("access")


def readers_in(registry: Registry, item: Item) -> frozenset[str]:
    """The roles that may read an item's cases: those that its state table names, and the item's own readers."""
    steps = registry.kinds[item.kind].steps(item.details)
    return frozenset(step.role for step in steps if Who.STAFF in step.who) | frozenset(item.readers)


def untold(registry: Registry) -> list[tuple[str, str | None]]:
    """Plugins with routes for staff that offer no ROLES, each with its department: what they ask for, nobody knows."""
    told = {plugin for plugin, _ in registry.offered(ROLES)}
    asking = {plugin for plugin, route in registry.routes if route.audience in ASKING}
    found = []
    for name in sorted(asking.intersection(registry.configuration.entries) - told):
        department = registry.plugins[name].department
        found.append((name, department.code if department else None))
    return found
