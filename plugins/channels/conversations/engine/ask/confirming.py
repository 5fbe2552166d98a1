"""All that is filled in, shown once more; a word from its person hands it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from banshi import InvalidFields, Problem
from banshi.sdk.cases import Actor, act, begin
from conversations.dialogue.plan import MISSING, choices, escaped, in_order, value_at, without_value
from conversations.dialogue.read import YES
from conversations.dialogue.spelling import plain
from conversations.engine.ask.filling import Filling
from conversations.engine.ask.telling import told_begun, told_case


def show(now: Filling) -> None:
    """The lines of all answers, each with its number."""
    talk, lines = now.talk, answers_in(now.schema, "", now.dialogue.answers)
    talk.lines.append(now.dialogue.title)
    words = now.dialogue.words
    talk.lines += [f"{number}. {title}: {words.get(at, own)}" for number, (at, title, own) in enumerate(lines, start=1)]
    talk.say("Is all of this right? 1 hands it in; “change 2” changes line 2; “cancel” leaves it.")
    now.dialogue.options = []


def answers_in(node: Mapping[str, Any], at: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """Pointer, title and words of each answer, in the form's order."""
    if "properties" in node and isinstance(value, Mapping):
        for name in in_order(node):
            if (own := value.get(name, MISSING)) is not MISSING:
                yield from answers_in(node["properties"][name], f"{at}/{escaped(name)}", own)
    elif isinstance(value, list) and "properties" in node.get("items", {}):
        for number, one in enumerate(value):
            yield from answers_in({"title": node.get("title", ""), **node["items"]}, f"{at}/{number}", one)
    else:
        yield at, str(node.get("title", "")), _words(node, value)


def _words(node: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_words(node.get("items", {}), one) for one in value)
    if node.get("x-attachment"):
        return "📷"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return next((words for one, words in choices(node) if one == value), str(value))


async def heard(now: Filling) -> None:
    if plain(now.talk.text) in YES:
        return await submit(now)
    now.talk.say("Nothing is handed in yet.")
    return show(now)


def change(now: Filling, number: int) -> None:
    """Ask the answer of one line again."""
    talk, dialogue = now.talk, now.dialogue
    lines = [pointer for pointer, _, _ in answers_in(now.schema, "", dialogue.answers)]
    if not 1 <= number <= len(lines):
        talk.say("There is no line {number}.", number=number)
        return talk.go("", "confirm" if talk.row.state == "confirming" else "ask")
    _ask_again(now, lines[number - 1])
    return talk.go("changed", "ask")


def _ask_again(now: Filling, pointer: str) -> None:
    dialogue = now.dialogue
    dialogue.answers = without_value(dialogue.answers, pointer)
    dialogue.wanted.append(pointer)


async def submit(now: Filling) -> None:
    """Hand it in: the case, this turn and its reply are one transaction. What is refused is asked again."""
    talk = now.talk
    said, menu, state = len(talk.lines), talk.memory.menu, talk.row.state

    def receipt(outcome: Any) -> Sequence[Any]:
        # It may be asked for more than once, before one of them is written.
        del talk.lines[said:]
        dialogue = talk.memory.dialogues.pop()
        talk.happen("done")
        talk.lines += told_case(talk.word, outcome) if dialogue.case else told_begun(talk.word, outcome)
        if talk.memory.dialogues:
            talk.say("Write “continue” for “{title}”.", title=talk.dialogue.title)
        talk.done = None if dialogue.case else ("filed", dialogue.item)
        rows = talk.receipt()
        talk.done = None
        talk.memory.dialogues.append(dialogue)
        talk.memory.menu, talk.row.state = menu, state
        return rows

    try:
        await _write(now, receipt)
    except InvalidFields as refused:
        return _refused(now, refused)
    except Problem as problem:
        if problem.status >= 500:
            raise
        talk.lines.append(talk.told(problem))
        return _conflict(now)
    talk.is_kept = True
    return None


async def _write(now: Filling, receipt: Any) -> None:
    talk, dialogue = now.talk, now.dialogue
    whole = now.form.spelled(dialogue.answers, talk.principal.resident_id if talk.principal else "")
    if dialogue.case:
        assert talk.principal is not None  # noqa: S101 - nobody else has a case
        actor = Actor(talk.principal)
        await act(talk.platform, dialogue.case, dialogue.action, actor, whole, talk.language, receipt)
    else:
        item = talk.platform.registry.items.get(dialogue.item)
        await begin(talk.platform, item, talk.principal, whole, talk.language, receipt, sender=str(talk.row.id))


def _refused(now: Filling, refused: InvalidFields) -> None:
    """Ask again what was refused, by its pointers."""
    for problem in refused.problems:
        now.talk.lines.append(now.talk.spoken(problem.detail))
        if value_at(now.dialogue.answers, problem.pointer) is not MISSING:
            _ask_again(now, problem.pointer)
    now.talk.go("changed", "ask")


def _conflict(now: Filling) -> None:
    """A slot is taken meanwhile, or the case has moved on: what the API lists is chosen anew."""
    listed = [name for name, one in now.schema["properties"].items() if "x-choices" in one]
    for name in listed:
        now.dialogue.answers.pop(name, None)
    now.talk.go("changed" if listed else "over", "ask" if listed else "menu")
