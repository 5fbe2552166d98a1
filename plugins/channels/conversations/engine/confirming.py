"""All that is filled in, shown once more; a word from its person hands it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from banshi import InvalidFields, Problem
from banshi.sdk.cases import Actor, act, begin
from conversations.dialogue.answering import form_of
from conversations.dialogue.plan import MISSING, choices, escaped, in_order, value_at, without_value
from conversations.dialogue.read import YES
from conversations.dialogue.spelling import plain
from conversations.engine import asking, menu
from conversations.engine.talk import Talk
from conversations.engine.telling import told_begun, told_case


async def show(talk: Talk, schema: Mapping[str, Any]) -> None:
    """The lines of all answers, each with its number."""
    talk.lines.append(talk.dialogue.title)
    lines = list(answers_in(schema, "", talk.dialogue.answers))
    talk.lines += [f"{number}. {title}: {words}" for number, (_, title, words) in enumerate(lines, start=1)]
    talk.say("Is all of this right? 1 hands it in; “change 2” changes line 2; “cancel” leaves it.")
    talk.dialogue.options = []


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
    words = {str(one): told for one, told in choices(node)}
    return words.get(
        str(value), {True: "✓", False: "✗"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


async def heard(talk: Talk) -> None:
    told = plain(talk.text)
    if told in YES:
        return await submit(talk)
    schema = await asking.body(talk)
    talk.say("Nothing is handed in yet.")
    return await show(talk, schema)


async def change(talk: Talk, number: int) -> None:
    """Ask the answer of one line again."""
    schema, dialogue = await asking.body(talk), talk.dialogue
    lines = list(answers_in(schema, "", dialogue.answers))
    if not 1 <= number <= len(lines):
        talk.say("There is no line {number}.", number=number)
        return await (show(talk, schema) if talk.row.state == "confirming" else asking.ask(talk, schema))
    pointer = lines[number - 1][0]
    dialogue.answers = without_value(dialogue.answers, pointer)
    dialogue.wanted.append(pointer)
    if talk.row.state == "confirming":
        talk.happen("changed")
    return await asking.ask(talk, schema)


async def submit(talk: Talk) -> None:
    """Hand it in: the case, this turn and its reply are one transaction. What is refused is asked again."""
    said = len(talk.lines)

    def receipt(outcome: Any) -> Sequence[Any]:
        # It may be made more than once, before one is written.
        del talk.lines[said:]
        dialogue = talk.memory.dialogues.pop()
        try:
            before, state = list(talk.memory.menu), talk.row.state
            talk.happen("done")
            talk.lines += told_case(talk, outcome) if dialogue.case else told_begun(talk, outcome)
            if talk.memory.dialogues:
                talk.say("Write “continue” for “{title}”.", title=talk.dialogue.title)
            return talk.receipt()
        finally:
            talk.memory.dialogues.append(dialogue)
            talk.memory.menu, talk.row.state = before, state

    try:
        await _write(talk, receipt)
    except InvalidFields as refused:
        return await _refused(talk, refused)
    except Problem as problem:
        if problem.status >= 500:
            raise
        talk.lines.append(problem.document(talk.language)["detail"])
        return await _conflict(talk)
    talk.is_kept = True
    return None


async def _write(talk: Talk, receipt: Any) -> None:
    dialogue, platform = talk.dialogue, talk.platform
    schema = await asking.body(talk)
    whole = form_of(schema).spelled(dialogue.answers, talk.principal.resident_id if talk.principal else "")
    if dialogue.case:
        assert talk.principal is not None  # noqa: S101 - nobody else has a case
        actor = Actor(talk.principal)
        await act(platform, dialogue.case, dialogue.action, actor, whole, talk.language, receipt)
    else:
        item = platform.registry.items.get(dialogue.item)
        await begin(platform, item, talk.principal, whole, talk.language, receipt, sender=str(talk.row.id))


async def _refused(talk: Talk, refused: InvalidFields) -> None:
    """Ask again what was refused, by its pointers."""
    dialogue = talk.dialogue
    for problem in refused.problems:
        talk.lines.append(talk.spoken(problem.detail))
        if value_at(dialogue.answers, problem.pointer) is not MISSING:
            dialogue.answers = without_value(dialogue.answers, problem.pointer)
            dialogue.wanted.append(problem.pointer)
    talk.happen("refused")
    await asking.ask(talk)


async def _conflict(talk: Talk) -> None:
    """A slot is taken meanwhile, or the case has moved on: what the API lists is chosen anew."""
    schema = await asking.body(talk)
    listed = [name for name, one in schema["properties"].items() if "x-choices" in one]
    if not listed:
        return await menu.show(talk)
    for name in listed:
        talk.dialogue.answers.pop(name, None)
    talk.happen("refused")
    return await asking.ask(talk, schema)
