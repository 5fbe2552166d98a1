"""The life of a service and of its versions, as data: who may do what when, and what it leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from uuid_utils.compat import uuid7

from banshi import Call, Conflict, Update, Write
from banshi.sdk.events import Event, event_rows

from ..models import RemoteService, ServiceVersion
from ..sentences import say

By = Literal["client", "staff"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One row: what leads a service from one state into another."""

    action: str
    by: frozenset[By]
    states: frozenset[str]
    to: str


CLIENT: frozenset[By] = frozenset({"client"})
EITHER: frozenset[By] = frozenset({"client", "staff"})

# fmt: off
TURNS: tuple[Turn, ...] = (
    Turn("suspend", EITHER, frozenset({"running"}), "suspended"),
    Turn("resume", EITHER, frozenset({"suspended"}), "running"),
    # Its items leave every list. Whoever has a case keeps it, and staff bring it to its end.
    Turn("retire", EITHER, frozenset({"new", "running", "suspended"}), "retired"),
)
# fmt: on


def permitted(service: RemoteService, by: By, version: ServiceVersion | None = None) -> list[str]:
    """The actions that one side may take now, those with the version among them where one is given."""
    actions: list[str] = []
    if version is not None and service.state != "retired":
        if by == "client":
            actions = ["rotate", "prove"] if version.state == "registered" else ["rotate"]
        elif version.state == "waiting":
            actions = ["approve", "refuse"]
    return [*actions, *(turn.action for turn in TURNS if _may(turn, service, by))]


def turned(service: RemoteService, action: str, by: By, at: datetime, reason: str = "") -> Update:
    """What an action of one side writes. Raises Conflict with what is permitted."""
    for turn in TURNS:
        if turn.action == action and _may(turn, service, by):
            suspended_by = by if turn.to == "suspended" else ""
            return changed(service, at, state=turn.to, suspended_by=suspended_by, reason=reason)
    told = say(
        "A service that is {state} does not take the action {action!r} from you.", state=service.state, action=action
    )
    if service.state == "suspended" and action == "resume":
        told = say("Whoever suspended the service resumes it: that was the department's staff or the integrator.")
    raise Conflict(told, state=service.state, permitted_actions=permitted(service, by))


def _may(turn: Turn, service: RemoteService, by: By) -> bool:
    if by not in turn.by or service.state not in turn.states:
        return False
    # The department's word is not undone by the integrator, nor theirs by the department.
    return turn.action != "resume" or service.suspended_by == by


def may_act(service: RemoteService) -> bool:
    """Whether the service may read its cases and decide on them: while it runs, or its own integrator has it pause.

    One that staff have stopped may have been stopped for what it does.
    """
    return service.state == "running" or (service.state == "suspended" and service.suspended_by == "client")


def changed(service: RemoteService, at: datetime, **values: Any) -> Update:
    """The guard of every change: two at once can't both win, and every process sees that there was one."""
    every: Mapping[str, Any] = {"revision": service.revision + 1, "updated_at": at, **values}
    return Update(RemoteService, {"id": service.id, "revision": service.revision}, every)


#: What integrators' webhooks hear of services.
EVENT_TYPES = tuple(
    f"banshi.service.{action}"
    for action in ("register", "prove", "rotate", "approve", "refuse", "suspend", "resume", "retire")
)


async def commit(
    call: Call, service: RemoteService, action: str, number: int, updates: Sequence[Update], rows: Sequence[Any] = ()
) -> None:
    """Write a change, with the promise to tell of it: the catalogue may be another one after it."""
    event = Event(
        id=str(uuid7()),
        type=f"banshi.service.{action}",
        at=call.now,
        source="/v1/services",
        subject=service.code,
        department=service.department,
        data={"service": service.code, "department": service.department, "action": action, "version": number},
    )
    write = Write(updates=updates, rows=[*rows, *event_rows(call.platform, event)])
    await call.platform.store.commit(write)


def version_becomes(version: ServiceVersion, state: str, **values: Any) -> Update:
    return Update(ServiceVersion, {"id": version.id, "state": version.state}, {"state": state, **values})


def superseded(service: RemoteService) -> Update:
    """What ran before stays for its cases."""
    return Update(ServiceVersion, {"service_id": service.id, "state": "current"}, {"state": "superseded"}, rows=None)


def replaced(service: RemoteService) -> Update:
    """A newer registration takes the place of what nobody has approved."""
    waiting = {"service_id": service.id, "state__in": ["registered", "waiting"]}
    return Update(ServiceVersion, waiting, {"state": "replaced"}, rows=None)
