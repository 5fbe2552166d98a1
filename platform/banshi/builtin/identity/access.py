"""Which roles there are, and which cases each may read: what the state tables, the items and the plugins say.

Made when it is first asked for, and anew once items come or go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from banshi.builtin.sentences import word
from banshi.foundation.errors import UnknownRoles
from banshi.foundation.keys import Key
from banshi.kernel.cases.actions import title_in
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.contract.routes import Audience, Call
from banshi.kernel.contract.values import Item, Step, Texts, Who
from banshi.kernel.http.callers import parse_role
from banshi.kernel.http.document_schemas import named
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

log = structlog.get_logger("banshi.auth")

#: Unknown roles that an answer and the log name at most.
MAX_ROLES_NAMED = 5

#: Whoever scans passes in the street, in every department.
OFFICER = "officer"

#: What people read for the roles of the house; a department's own are read by their names.
ROLE_TITLES: Mapping[str, Texts] = {
    "reviewer": word("Reviewer"),
    "approver": word("Approver"),
    "lead": word("Lead, who oversees units"),
    "clerk": word("Clerk at the counter"),
    "registrar": word("Registrar at the counter"),
    OFFICER: word("Officer who scans passes"),
}

#: The audiences whose roles a route asks for itself.
ASKING = (Audience.STAFF, Audience.PERSON)

#: Plugins whose routes ask for roles of their own offer which these are, beside those of kinds and items.
ROLES: Key[frozenset[str]] = Key("roles")

#: Is told of each reading before anything of it is answered; it raises Unavailable where it can't be recorded.
Recorder = Callable[[Principal, Sequence["Case"]], Awaitable[None]]


def role_document(call: Call, role: str, department: str, unit: str | None) -> dict[str, Any]:
    """A role by what it, its department and its unit are called now."""
    place = call.platform.registry.departments.get(department)
    units = {one.code: one.title for one in place.units} if place else {}
    return {
        "role": role,
        "role_title": title_in(ROLE_TITLES, role, call.language),
        "department": named(department, place.title if place else None, call.language),
        "unit": named(unit, units.get(unit), call.language) if unit else None,
    }


class Access:
    """What members of staff may read."""

    def __init__(self, registry: Registry) -> None:
        #: Its revision counts up when roles may have come or gone.
        self.registry = registry
        #: Roles that are known without looking at items, those of all items, and departments of which any role may be.
        self._named = PerRevision(registry, self._roles_named)
        self._of_items = PerRevision(registry, self._roles_of_items)
        self._untold = PerRevision(registry, lambda: {department for _, department in untold(registry)})
        #: By item and version: the roles that may read.
        self._readers: PerRevision[dict[tuple[str, int], frozenset[str]]] = PerRevision(registry, dict)
        #: Set once readings can be recorded; until then nobody is served.
        self.record: Recorder

    def knows(self, role: Role) -> bool:
        """Whether anything here asks for such a role, in whatever department."""
        if role.name in self._named.get() or not self._untold.get().isdisjoint({None, role.department}):
            return True
        return role.name in self._of_items.get()

    def admitted(self, principal: Principal) -> Principal:
        """Somebody with those of their roles that something here asks for. Raises UnknownRoles where that is none."""
        if not principal.roles:
            return principal
        known = tuple(role for role in principal.roles if self.knows(role))
        if len(known) < len(principal.roles):
            unknown = [str(role) for role in principal.roles if role not in known]
            told = {"roles": unknown[:MAX_ROLES_NAMED], "unknown": len(unknown)}
            log.warning("a token names roles that nothing here asks for", **told)
            if not known:
                raise UnknownRoles(principal.subject, unknown[:MAX_ROLES_NAMED])
        return replace(principal, roles=known, access=self)

    def works(self, principal: Principal) -> bool:
        """Whether any of somebody's roles reads cases, wherever."""
        return bool(self.reading_roles(principal))

    def reading_roles(self, principal: Principal) -> list[Role]:
        """Those of somebody's roles that read cases."""
        return [role for role in principal.roles if role.name in self._of_items.get()]

    def names(self) -> frozenset[str]:
        """All roles that kinds, items and plugins ask for."""
        return self._named.get() | self._of_items.get()

    def role_of(self, principal: Principal, case: Case) -> Role | None:
        """By which of their roles somebody may read a case; None where they may not."""
        readers = self._readers_of(case)
        for role in principal.roles:
            if role.name in readers and role.covers(role.name, case.department, case.unit):
                return role
        return None

    def works_on(self, principal: Principal, item: Item) -> bool:
        """Whether somebody may read the cases of an item, as long as these stay where the item has them."""
        readers = readers_in(item)
        return any(own.name in readers and own.covers(own.name, item.department, item.unit) for own in principal.roles)

    def _roles_named(self) -> frozenset[str]:
        offered = [names for _, names in self.registry.offered(ROLES)]
        return frozenset({OFFICER}).union(*offered, *(kind.roles for kind in self.registry.kinds.values()))

    def _roles_of_items(self) -> frozenset[str]:
        return frozenset[str]().union(*map(readers_in, self.registry.items.with_cases()))

    def _readers_of(self, case: Case) -> frozenset[str]:
        known = self._readers.get()
        found = known.get((case.item, case.item_version))
        if found is None:
            item = self.registry.items.of(case.item, case.item_version)
            found = readers_in(item) if item is not None else self._of_kind(case.kind)
            known[case.item, case.item_version] = found
        return found

    def _of_kind(self, kind: str) -> frozenset[str]:
        """Whoever works on any item of a kind: for cases whose own item is gone."""
        alike = (item for item in self.registry.items.with_cases() if item.kind == kind)
        found = frozenset(name for item in alike for name in readers_in(item))
        own = self.registry.kinds.get(kind)
        return found | own.roles if own else found


ACCESS: Key[Access] = Key("access")


def admitted(platform: Platform, person: Principal, roles: Sequence[str]) -> Principal | None:
    """Whoever has signed in on pages of ours, with the roles that were kept since then as texts: what they read is on
    record as by a token. None for staff of whose roles there is none any more.
    """
    known = tuple(filter(None, map(parse_role, roles)))
    try:
        return platform[ACCESS].admitted(replace(person, roles=known)) if known or not roles else None
    except UnknownRoles:
        return None


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
