"""What is wrong with a kind: its state table is data, and data can be checked whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from banshi.builtin.checks.words.messages import default_faults
from banshi.foundation.findings import Finding, one_line
from banshi.kernel.cases.submission import FIRST_STATE
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import ClockEffect, Item, Step
from banshi.kernel.loading.registry import Registry

#: A state, or a state and whether the clock runs in it.
Place = TypeVar("Place", str, tuple[str, bool])

#: What a path of the API can hold as an action.
ACTION = re.compile(r"[a-z][a-z-]{0,31}")


def state_tables_hold(registry: Registry) -> Iterator[Finding]:
    """Every state can be reached and left for an end, no step is ambiguous, and every message can be written."""
    for kind in registry.kinds.values():
        owner = registry.owners["kind", kind.name]
        try:
            tables = _tables_of(kind, registry.items.unchecked())
        except Exception as error:  # a plugin's own kind
            yield Finding(owner, "kind-failed", f"mend what steps of the kind {kind.name} raises: {one_line(error)}")
            continue
        for advice in dict.fromkeys(fault for table in tables for fault in table_faults(table)):
            yield Finding(owner, "state-table", f"kind {kind.name}: {advice}")


def states_have_words(registry: Registry) -> Iterator[Finding]:
    """Warns of states and actions for which people would read a code."""
    for kind in registry.kinds.values():
        owner = registry.owners["kind", kind.name]
        steps: list[Step] = []
        with suppress(Exception):  # a plugin's own kind, told of above
            steps = [step for table in _tables_of(kind, registry.items.unchecked()) for step in table]
        states = {FIRST_STATE, *(state for step in steps for state in (step.state, step.to))} if steps else set()
        for what, codes, words in (
            ("states", states, kind.states),
            ("actions", {step.action for step in steps}, kind.actions),
        ):
            for code in sorted(code for code in codes if set(REQUIRED_LANGUAGES) - {*words.get(code, ())}):
                tags = " and ".join(REQUIRED_LANGUAGES)
                advice = f"kind {kind.name}: say in {what} what people read for {code!r}, in {tags}"
                yield Finding(owner, "wordless-state-table", advice, warning=True)


def _tables_of(kind: Kind, items: Iterable[Item]) -> list[Sequence[Step]]:
    """The different state tables of a kind: one per set of rules that its items have."""
    tables: list[Sequence[Step]] = []
    for item in items:
        if item.kind == kind.name and item.details is not None:
            table = kind.steps(item.details)
            if table and table not in tables:
                tables.append(table)
    return tables


def table_faults(table: Sequence[Step]) -> Iterator[str]:
    """What is wrong with one state table."""
    states = {step.state for step in table} | {step.to for step in table}
    ends = states - {step.state for step in table}
    reached = _reached([FIRST_STATE], lambda state: [step.to for step in table if step.state == state])
    returning = _reached(ends, lambda state: [step.state for step in table if step.to == state])
    for state in sorted(states - reached):
        yield f"add a step that leads to {state!r}, or remove those that leave it"
    for state in sorted(reached & states - returning):
        yield f"add a step that leads on from {state!r}: a case can never end from there"
    for state in sorted(_running(table) & ends):
        yield f"end the clock in the steps to {state!r}: a case can end there with its deadline still running"
    actions = {step.action for step in table}
    seen: dict[tuple[str, str], frozenset[Any]] = {}
    for step in table:
        name = f"{step.action!r} in {step.state!r}"
        if not ACTION.fullmatch(step.action):
            yield f"rename {name}: an action is a-z and hyphens, at most 32 long"
        if not step.who:
            yield f"say who may take {name}"
        if step.who & seen.get((step.state, step.action), frozenset()):
            yield f"remove one of the two steps {name}: only the first is ever taken"
        seen[step.state, step.action] = step.who | seen.get((step.state, step.action), frozenset())
        if step.other_than is not None and step.other_than not in actions:
            yield f"mend other_than of {name}: there is no action {step.other_than!r}"
        yield from (f"mend the message of {name}: {fault}" for fault in default_faults(step, table))


def _reached(start: Iterable[Place], onward: Callable[[Place], Iterable[Place]]) -> set[Place]:
    """All places that can be reached, where `onward` says which come after one."""
    reached = set(start)
    waiting = list(reached)
    while waiting:
        fresh = set(onward(waiting.pop())) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _running(table: Sequence[Step]) -> set[str]:
    """The states that a case can be in while its clock runs."""
    running = {ClockEffect.RUN: True, ClockEffect.STOP: False, ClockEffect.END: False}

    def onward(here: tuple[str, bool]) -> list[tuple[str, bool]]:
        return [(step.to, running.get(step.clock, here[1])) for step in table if step.state == here[0]]

    return {state for state, runs in _reached([(FIRST_STATE, False)], onward) if runs}
