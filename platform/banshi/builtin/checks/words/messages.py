"""What is wrong with the messages of steps: the kinds' own, and those that items put in their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from banshi.foundation.findings import Finding, did_you_mean
from banshi.foundation.texts import clean
from banshi.kernel.contract.message_templates import (
    ALWAYS,
    LONGEST_BODY,
    LONGEST_TITLE,
    LONGEST_VALUE,
    Line,
    Template,
    parse,
)
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import LANGUAGES, ClockEffect, Item, Step, Texts
from banshi.kernel.loading.registry import Registry

#: Longest case number and longest day in words: 20261124-7K3M-9QXC, 24 September 2026.
LONGEST_NUMBER, LONGEST_DAY = 18, 17

#: What some can: the reason that was given, the department's phone, the day until which a running clock allows.
SOMETIMES = frozenset({"reason", "phone"})
DEADLINE = "deadline"

#: Those that stand for a day.
DAYS = ("date", DEADLINE, "answered_by", "valid_from", "valid_until", "certified_until")


@dataclass(frozen=True, slots=True)
class Known:
    """The placeholders that the message of one action may have."""

    #: Those that always have a value, and those whose line is left out where they have none.
    certain: frozenset[str]
    possible: frozenset[str]


def known(steps: Sequence[Step]) -> Known:
    """What a message may mention that all these steps of one action share."""
    possible = SOMETIMES.union(*(step.mentions for step in steps))
    if any(step.clock is ClockEffect.RUN for step in steps):
        possible |= {DEADLINE}
    certain = ALWAYS | {"reason"} if all(step.needs_reason for step in steps) else ALWAYS
    return Known(certain, possible - certain)


def messages_can_be_written(registry: Registry) -> Iterator[Finding]:
    """An item's own messages are for steps that tell something, and each can be filled whenever it is sent."""
    for item in registry.items.unchecked():
        if not item.messages or item.steps is None:
            continue
        file = registry.file_of(item)
        for finding in _item_faults(item, telling_steps(item.steps), longest_values(registry, item)):
            yield replace(finding, advice=f"{file}: {finding.advice}")


def _item_faults(item: Item, telling: Mapping[str, Sequence[Step]], lengths: Mapping[str, int]) -> Iterator[Finding]:
    for action, own in item.messages.items():
        where = f"items.{item.code}.messages.{action}"
        if action not in telling:
            told = did_you_mean(action, sorted(telling)) if telling else f"the kind {item.kind} tells nothing yet"
            advice = f"rename or remove {where}: no action of that name tells the citizen something; {told}"
            yield Finding(item.plugin, "unknown-action", advice)
            continue
        if own.title is None and own.body is None:
            yield Finding(item.plugin, "empty-message", f"give {where} a title or a body, or remove it")
        names = known(telling[action])
        for key, texts in (("title", own.title), ("body", own.body)):
            yield from template_faults(item.plugin, f"{where}.{key}", texts or {}, names, lengths, title=key == "title")


def telling_steps(table: Sequence[Step]) -> dict[str, list[Step]]:
    """The steps that tell the citizen something, by action."""
    telling: dict[str, list[Step]] = {}
    for step in table:
        if step.tells is not None:
            telling.setdefault(step.action, []).append(step)
    return telling


def default_faults(step: Step, table: Sequence[Step]) -> Iterator[str]:
    """What is wrong with the message that a state table gives a step."""
    if step.tells is None:
        return
    names = known(telling_steps(table)[step.action])
    for key, texts in (("title", step.tells.title), ("body", step.tells.body)):
        for language in REQUIRED_LANGUAGES:
            if not clean((texts or {}).get(language, "")):
                yield f"its {key} has no text in {language}"
        for finding in template_faults("", key, texts or {}, names, {}, title=key == "title"):
            yield finding.advice


def longest_values(registry: Registry, item: Item) -> Mapping[str, int]:
    """The longest that each placeholder gets in the item's messages, where that is known at start."""
    department = registry.departments.get(item.department)
    return {
        "item": _longest(item.title),
        "department": _longest(department.title) if department else 0,
        "phone": len(department.phone) if department else 0,
        "result": _longest(item.result.title),
        "number": LONGEST_NUMBER,
        **dict.fromkeys(DAYS, LONGEST_DAY),
    }


def _longest(texts: Texts) -> int:
    return max(map(len, texts.values()), default=0)


def template_faults(
    plugin: str, where: str, texts: Texts, names: Known, lengths: Mapping[str, int], *, title: bool
) -> Iterator[Finding]:
    """What is wrong with one text in all its languages; without `lengths` nobody knows how long it gets."""
    allowed = ALWAYS if title else names.certain | names.possible
    for language, text in texts.items():
        key = f"{where}.{language}"
        if language not in LANGUAGES:
            yield Finding(plugin, "unknown-language", f"remove {key}: the languages are {', '.join(LANGUAGES)}")
            continue
        if not clean(text):
            continue  # told as a missing translation
        try:
            template = parse(text)
        except ValueError as error:
            yield Finding(plugin, "bad-template", f"mend {key}: {error}")
            continue
        limit, longest = LONGEST_TITLE if title else LONGEST_BODY, _longest_filled(template, lengths)
        if unknown := sorted(template.names - allowed):
            advice = f"mend {key}: it can't mention {_braced(unknown)} here, only {_braced(sorted(allowed))}"
            yield Finding(plugin, "unknown-placeholder", advice)
        elif title and len(template.lines) > 1:
            yield Finding(plugin, "bad-template", f"write {key} in one line: it is a title")
        elif not _has_words(template, names.certain):
            advice = f"add a line to {key} that needs none of {_braced(sorted(names.possible))}: it could be empty"
            yield Finding(plugin, "empty-message", advice)
        elif not title and "reason" in names.certain - template.names:
            advice = f"mention {{reason}} in {key}: the citizen has to learn why"
            yield Finding(plugin, "untold-reason", advice)
        elif lengths and longest > limit:
            advice = f"shorten {key}: it gets up to {longest} characters, and {limit} are shown"
            yield Finding(plugin, "message-too-long", advice)


def _braced(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def _has_words(template: Template, certain: frozenset[str]) -> bool:
    """Whether at least one line says something whenever it is filled, given what always has a value."""
    return any({name for _, name in line if name} <= certain and _says_something(line) for line in template.lines)


def _says_something(line: Line) -> bool:
    return any(name or any(unicodedata.category(sign)[0] in "LNPS" for sign in text) for text, name in line)


def _longest_filled(template: Template, lengths: Mapping[str, int]) -> int:
    """How long it gets at most, given the longest value of each placeholder."""
    filled = sum(
        len(text) + (lengths.get(name, LONGEST_VALUE) if name else 0) for line in template.lines for text, name in line
    )
    return filled + len(template.lines) - 1
