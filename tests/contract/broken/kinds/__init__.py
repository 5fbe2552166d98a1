"""Kinds with state tables that don't hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from banshi import hookimpl
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import ClockEffect, MessageTemplates, Step, Who

STAFF = frozenset({Who.STAFF})
TITLE = {"zh-CN": "类", "en": "Kind"}
UNWRITTEN = MessageTemplates(title={"en": "{name}"}, body=TITLE)
HALF_WRITTEN = MessageTemplates(title={"zh-CN": "{", "en": "Done"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The table `[items.leaky]`."""


class Unreadable:
    """No type for a table."""


def leaky(_: Any) -> Sequence[Step]:
    return (
        Step(state="submitted", action="start", who=STAFF, to="working", clock=ClockEffect.RUN, tells=UNWRITTEN),
        Step(state="submitted", action="start", who=STAFF, to="done", tells=HALF_WRITTEN),
        Step(state="submitted", action="Drop it", who=frozenset(), to="done"),
        Step(state="working", action="finish", who=STAFF, to="done", other_than="begin"),
        Step(state="working", action="wait", who=STAFF, to="waiting"),
        Step(state="waiting", action="wait", who=STAFF, to="waiting"),
        Step(state="dreaming", action="wake", who=STAFF, to="done"),
    )


def raising(_: Any) -> Sequence[Step]:
    raise LookupError("no steps")


@hookimpl
def banshi_kinds() -> Sequence[Kind]:
    return [
        Kind(name="leaky", title=TITLE, details=Rules, steps=leaky),
        Kind(name="raising", title=TITLE, details=Rules, steps=raising),
        Kind(name="unreadable", title=TITLE, details=Unreadable),
        Kind(name="form", title=TITLE, details=Rules),
        Kind(name="application", title=TITLE, details=Rules),
    ]
