"""The life of a broadcast: its states, who may take it from one to the next, and the record of who did.

Every step is conditional on the state and the version that it was decided on, so that of two at once one is taken.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from banshi import (
    Conflict,
    FieldProblem,
    Forbidden,
    InvalidFields,
    Platform,
    Principal,
    Stale,
    Update,
    Write,
)
from banshi.sdk.events import OBJECTIONS
from mobile_push.broadcasts import publication, sending
from mobile_push.broadcasts.publication import Along
from mobile_push.broadcasts.steps import CHANGEABLE, TABLE, TWO_PERSON_TABLE, WRITING, Step
from mobile_push.delivery.service import PUSH
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast, BroadcastEvent

#: The role that publishes, within a department.
PUBLISHER = "publisher"

#: How often a step is decided anew when somebody else came first.
MAX_TRIES = 5


class ActionNotPermitted(Conflict, code="action-not-permitted", says=say):
    """This is not possible in its present state. Look at it again."""


def may_publish(principal: Principal, department: str) -> bool:
    return principal.may(PUBLISHER, department, "")


def _takes_two(platform: Platform, broadcast: Broadcast, **values: Any) -> bool:
    """Whether somebody else has to approve it, as it is or with other values: what was written so, all of its
    department's, or what reaches all."""
    said = {name: getattr(broadcast, name) for name in ("cap", "audience", "second_person")} | values
    to_all = said["cap"] is not None or bool(said["audience"].get("everyone"))
    settings, own = platform[PUSH].settings, broadcast.department
    return said["second_person"] or own in settings.second_person or (to_all and own not in settings.one_person)


def steps_of(platform: Platform, broadcast: Broadcast) -> Sequence[Step]:
    return TWO_PERSON_TABLE if _takes_two(platform, broadcast) else TABLE


def permitted(platform: Platform, broadcast: Broadcast, writers: frozenset[str], subject: str) -> list[str]:
    """The actions that a publisher of its department may take now; what can't be sent is changed first."""
    sends = {"published", "proposed"} if _unsendable(platform, broadcast) else set()
    return [
        step.action
        for step in steps_of(platform, broadcast)
        if step.state == broadcast.state and not (step.by_another and subject in writers) and step.to not in sends
    ]


async def writers_of(broadcast: Broadcast) -> frozenset[str]:
    """Everybody who has written what it says."""
    rows: Any = await BroadcastEvent.filter(broadcast_id=broadcast.id, action__in=WRITING).values_list(
        "actor", flat=True
    )
    return frozenset(rows) | {broadcast.author}


async def create(platform: Platform, broadcast: Broadcast, *, draft: bool, receipt: Along) -> Broadcast:
    """Store a new one: as a draft, or at once taken the step that publishes it."""
    broadcast.state, broadcast.version, broadcast.created_at = "draft", 1, platform.now()
    state = "draft"
    if not draft:
        check_sendable(platform, broadcast)
        await check_objections(platform, broadcast)
        state = "proposed" if _takes_two(platform, broadcast) else _next(broadcast, broadcast.created_at)
    along = _recorded(platform, "create", broadcast.author, "", receipt)
    if state == "published":
        return await _publish(platform, broadcast, along, new=True)
    broadcast.state = state
    await platform.store.commit(Write(rows=[broadcast, *along(broadcast)]))
    platform[PUSH].expect()
    return broadcast


async def change(
    platform: Platform, broadcast: Broadcast, principal: Principal, values: dict[str, Any], receipt: Along
) -> Broadcast:
    """Say something else, in a broadcast that isn't public. What was proposed has to be proposed again.

    What waits for its time and can't be sent any more is a draft.

    Raises Stale if it has changed since it was read.
    """
    state, second = broadcast.state, _takes_two(platform, broadcast, **values)
    send_at = values.get("send_at", broadcast.send_at)
    waits = send_at is not None and send_at > platform.now() and not _is_draft(values.get("cap"))
    if state == "proposed" or (state == "scheduled" and (second or not waits)):
        state = "draft"
    along = _recorded(platform, "change", principal.subject, "", receipt)
    return await _write(platform, broadcast, {**values, "state": state}, along)


async def move(
    platform: Platform,
    read: Callable[[], Any],
    action: str,
    principal: Principal,
    *,
    reason: str = "",
    version: int | None = None,
    receipt: Along,
) -> Broadcast:
    """Take a step with the broadcast that `read` gives, decided anew where somebody else came first.

    Raises ActionNotPermitted, Forbidden for the second person's step by the first, Conflict, InvalidFields.
    """
    for _ in range(MAX_TRIES):
        broadcast: Broadcast = await read()
        if version is not None and broadcast.version != version:
            raise changed_meanwhile(broadcast)
        step = await _step(platform, broadcast, action, principal)
        if step.needs_reason and not reason:
            raise InvalidFields([FieldProblem("/reason", say("Say why: whoever wrote it reads it."), "required")])
        try:
            return await _take(platform, broadcast, step, principal.subject, reason, receipt)
        except Stale:
            continue
    raise Conflict(say("Others are changing it at the same time; look at it again and decide anew."))


def changed_meanwhile(broadcast: Broadcast) -> Conflict:
    return Conflict(
        say(
            "It has changed meanwhile: it is version {version} now. Look at it again and decide anew.",
            version=broadcast.version,
        ),
        version=broadcast.version,
    )


async def create_signed(platform: Platform, broadcast: Broadcast, along: Along) -> Broadcast:
    """Publish an alert from outside: its sender's signature is the authority, and nobody here is asked."""
    broadcast.state, broadcast.version, broadcast.created_at = "draft", 1, platform.now()
    return await _public(platform, broadcast, _recorded(platform, "receive", broadcast.author, "", along), new=True)


async def publish_due(platform: Platform, broadcast: Broadcast) -> None:
    """Publish one whose time has come, or give it up if its end has come as well, or its plugin objects. Raises Stale
    if another did."""
    over = broadcast.ttl is None and broadcast.expires_at <= platform.now()
    if not over:
        try:
            await check_objections(platform, broadcast)
            await _publish(platform, broadcast, _recorded(platform, "send"))
        except (InvalidFields, Conflict):  # of an alert, the text in one language is over
            over = True
    if over:
        await _write(platform, broadcast, {"state": "cancelled"}, _recorded(platform, "expire"))


async def _step(platform: Platform, broadcast: Broadcast, action: str, principal: Principal) -> Step:
    writers = await writers_of(broadcast)
    for step in steps_of(platform, broadcast):
        if (step.state, step.action) == (broadcast.state, action):
            if step.by_another and principal.subject in writers:
                raise Forbidden(say("You have written it, so somebody else of your department has to approve it."))
            return step
    raise ActionNotPermitted(
        say("This is not possible in its present state. Look at it again."),
        state=broadcast.state,
        permitted_actions=permitted(platform, broadcast, writers, principal.subject),
    )


async def _take(
    platform: Platform, broadcast: Broadcast, step: Step, subject: str, reason: str, receipt: Along
) -> Broadcast:
    along = _recorded(platform, step.action, subject, reason, receipt)
    if step.to == "recalled":
        after = await publication.recall(platform, broadcast, platform.now(), along=along)
        await platform[PUSH].announce()
        return after
    to: str = step.to
    values: dict[str, Any] = {}
    if to in {"published", "proposed"}:
        check_sendable(platform, broadcast)
        await check_objections(platform, broadcast)
    if to == "published":
        to = _next(broadcast, platform.now())
    if step.action == "approve":
        values["approver"] = subject
    if to == "cancelled":
        values["ended_at"] = platform.now()
    if to == "published":
        return await _publish(platform, broadcast, along, **values)
    return await _write(platform, broadcast, {**values, "state": to}, along)


async def check_objections(platform: Platform, broadcast: Broadcast) -> None:
    """Raise Conflict for what the plugin that has drafted it says may not go out."""
    for plugin, objection in platform.offered(OBJECTIONS) if broadcast.origin else ():
        if plugin == broadcast.origin and (why := await objection(platform, broadcast.id)):
            raise Conflict(why)


def check_sendable(platform: Platform, broadcast: Broadcast) -> None:
    """Raise InvalidFields for what can't be published as it stands."""
    if wrong := _unsendable(platform, broadcast):
        raise InvalidFields([wrong])


def _unsendable(platform: Platform, broadcast: Broadcast) -> FieldProblem | None:
    if _is_draft(broadcast.cap):
        return FieldProblem("/status", say("A Draft is never sent; change its status first."), "invalid")
    if broadcast.ttl is None and broadcast.expires_at <= platform.now():
        return FieldProblem("/expires_at", say("It is over already; give a later time."), "past")
    return None


def _is_draft(cap: Mapping[str, Any] | None) -> bool:
    """Whether an alert has CAP's own status for what is being written."""
    return cap is not None and cap["status"] == "Draft"


def _next(broadcast: Broadcast, now: datetime) -> str:
    """What it is from now on where it may go out."""
    return "scheduled" if broadcast.send_at is not None and broadcast.send_at > now else "published"


async def _publish(
    platform: Platform, broadcast: Broadcast, along: Along, *, new: bool = False, **values: Any
) -> Broadcast:
    now = platform.now()
    if broadcast.ttl is not None:
        values["expires_at"] = now + timedelta(seconds=broadcast.ttl)
    if broadcast.cap is None:
        return await _public(platform, broadcast, along, new=new, **values)
    values["cap"], message = await sending.prepared(platform, broadcast, now)
    return await _public(platform, broadcast, lambda after: (message, *along(after)), new=new, **values)


async def _public(
    platform: Platform, broadcast: Broadcast, along: Along, *, new: bool = False, **values: Any
) -> Broadcast:
    push = platform[PUSH]
    after = await publication.publish(platform, broadcast, push.couriered, new=new, along=along, **values)
    await push.announce()
    return after


async def _write(platform: Platform, broadcast: Broadcast, values: dict[str, Any], along: Along) -> Broadcast:
    """A step that neither publishes nor recalls."""
    guard = {"id": broadcast.id, "version": broadcast.version, "state": broadcast.state}
    values = {**values, "version": broadcast.version + 1}
    after = copy.copy(broadcast).update_from_dict(values)
    await platform.store.commit(Write(updates=[Update(Broadcast, guard, values)], rows=along(after)))
    if after.state in CHANGEABLE:
        platform[PUSH].expect()
    return after


def _recorded(
    platform: Platform, action: str, subject: str = "", reason: str = "", more: Along = publication.nothing
) -> Along:
    """Makes the record of a step, and the rows that `more` makes."""
    return lambda after: (
        BroadcastEvent(
            broadcast_id=after.id,
            version=after.version,
            at=platform.now(),
            action=action,
            state=after.state,
            actor=subject,
            reason=reason,
        ),
        *more(after),
    )
