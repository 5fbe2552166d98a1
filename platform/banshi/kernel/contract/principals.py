"""Who is calling: a person, a member of staff with roles, or an integrator's program."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from banshi.kernel.contract.items import Mode


@dataclass(frozen=True, slots=True)
class Role:
    """A right of a member of staff, within one department or one unit of it."""

    name: str
    department: str
    unit: str | None = None

    def __str__(self) -> str:
        return f"{self.department}/{self.unit}:{self.name}" if self.unit else f"{self.department}:{self.name}"

    def covers(self, name: str, department: str, unit: str) -> bool:
        """Whether this role is `name` for work of that department and unit."""
        return self.name == name and self.department == department and self.unit in (None, unit)


class Readers(Protocol):
    """Who may read which case."""

    def role_of(self, principal: Principal, case: Any) -> Role | None:
        """By which of their roles somebody may read a case; None where they may not."""

    def works(self, principal: Principal) -> bool:
        """Whether any of somebody's roles reads cases, wherever."""

    def reading_roles(self, principal: Principal) -> Sequence[Role]:
        """Those of somebody's roles that read cases."""

    @property
    def record(self) -> Callable[[Principal, Sequence[Any]], Awaitable[None]]:
        """Returns once it is on disk that somebody reads these cases. Raises NotRecorded."""


@dataclass(frozen=True, slots=True)
class Client:
    """An integrator's program, as the plugin that knows such programs says."""

    id: str
    name: str
    mode: Mode
    #: What its token allows, each a verb or a verb within one department.
    scopes: frozenset[str]
    #: Subjects of the people for whom a `team` client may make cases.
    team: frozenset[str] = frozenset()

    def may(self, verb: str, department: str) -> bool:
        """Whether the token allows that verb for the department."""
        return verb in self.scopes or f"{verb}:{department}" in self.scopes

    def may_somewhere(self, verb: str) -> bool:
        """Whether the token allows that verb for any department at all."""
        return verb in self.scopes or any(scope.startswith(f"{verb}:") for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as the bearer token says."""

    #: Issuer's subject: stable, and the only thing that tables keep of a person. A client's begins with `client:`.
    subject: str
    name: str = ""
    roles: tuple[Role, ...] = ()
    #: Unix seconds at which the token ends.
    expires_at: int = 0
    #: The number of the document that the identity provider has verified, in its one spelling, or "": a citizen's
    #: (GB 11643), a permit's, a passport's.
    resident_id: str = ""
    #: A telephone number that the identity provider has verified, in its one spelling, or "".
    phone: str = ""
    #: The program that calls for itself and for no person; None for people.
    client: Client | None = None
    #: The channel that speaks for them, such as `wechat` or `site`; "" for whoever calls by a token.
    channel: str = ""
    #: The member of staff who speaks for them, such as an operator of the hotline: what they do is on record as done by
    #: that one, who then takes no step of staff in the case; "" for people who speak for themselves.
    agent: str = ""
    #: Who else of the staff had a hand in what they file, such as in a draft: none of them takes such a step either.
    hands: tuple[str, ...] = ()
    #: What their roles let them read; None for whoever a plugin speaks for, who reads what their roles cover.
    access: Readers | None = field(default=None, repr=False, compare=False)
    #: Whether they are a member of staff; no citizen has a role.
    is_staff: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_staff", bool(self.roles))

    @property
    def is_officer(self) -> bool:
        return any(role.name == "officer" for role in self.roles)

    def works_for(self, department: str, unit: str) -> bool:
        """Whether any role but that of a scanning officer covers the department's unit."""
        return any(role.covers(role.name, department, unit) for role in self.roles if role.name != "officer")

    def reads(self, case: Any) -> bool:
        """Whether a role of theirs works on such cases, and covers this one."""
        if self.access is None:
            return self.works_for(case.department, case.unit)
        return self.access.role_of(self, case) is not None

    def may(self, role: str, department: str, unit: str, outside: bool = False) -> bool:
        """Whether they have that role there; `outside`: and none of the unit's own."""
        is_inside = any((own.department, own.unit) == (department, unit) for own in self.roles)
        return any(own.covers(role, department, unit) for own in self.roles) and not (outside and is_inside)


#: Somebody who does not say who they are.
NOBODY = Principal(subject="")
