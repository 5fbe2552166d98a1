"""Filling in: the next question, derived anew, and what somebody sends to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi import Form, NotFound
from banshi.sdk.cases import save_draft
from conversations.contents import File, Text, Voice
from conversations.dialogue.answering import body_of, form_of, wrong_at
from conversations.dialogue.plan import Question, choices, parts_of, plan, value_at, with_value, without_value
from conversations.dialogue.read import Answered, Ended, Narrowed, Unread, read
from conversations.dialogue.spelling import plain
from conversations.dialogue.wording import asked
from conversations.engine import confirming, listing, menu, uploading
from conversations.engine.memory import Dialogue
from conversations.engine.pages import page_of
from conversations.engine.talk import Talk

#: Tries at one question after which a person is offered.
MAX_TRIES = 2


async def body(talk: Talk, dialogue: Dialogue | None = None) -> Mapping[str, Any]:
    """The schema of what the dialogue fills in, as the item is now. NotFound where it is no more."""
    dialogue = dialogue or talk.dialogue
    if dialogue.case:
        case = await talk.get(f"/v1/cases/{dialogue.case}")
        action = next((one for one in case["permitted_actions"] if one["action"] == dialogue.action), None)
        if action is None:
            raise NotFound
        return dict(action["body"])
    return body_of(await talk.get(f"/v1/items/{dialogue.item}"))


def questions(talk: Talk, schema: Mapping[str, Any]) -> list[Question]:
    dialogue = talk.dialogue
    return list(plan(schema, dialogue.answers, dialogue.settled, dialogue.wanted))


def next_question(talk: Talk, schema: Mapping[str, Any]) -> Question | None:
    dialogue = talk.dialogue
    return next(plan(schema, dialogue.answers, dialogue.settled, dialogue.wanted), None)


async def ask(talk: Talk, schema: Mapping[str, Any] | None = None) -> None:
    """Ask what comes next, or show all of it where nothing is missing."""
    if schema is None:
        schema = await body(talk)
    dialogue = talk.dialogue
    while question := next((one for one in questions(talk, schema) if _known(talk, schema, one)), None):
        dialogue.answers = with_value(dialogue.answers, question.pointer, _known(talk, schema, question))
    question = next_question(talk, schema)
    if question is None:
        talk.happen("complete")
        return await confirming.show(talk, schema)
    if question.sort == "secret":
        return await _elsewhere(talk)
    options = [] if question.sort not in ("listed", "choice", "choices") else choices(question.node)
    if question.sort == "listed":
        options = await listing.options(talk, question)
    dialogue.options = options if question.sort == "listed" else []
    talk.lines += asked(question, talk.language)
    talk.put(list(question.fields) if question.sort == "optional" else options)
    return None


def _known(talk: Talk, schema: Mapping[str, Any], question: Question) -> str:
    """What the sign-in says to a question, where the form takes it; "" otherwise. Whoever changes it is asked."""
    prefill = question.node.get("x-prefill")
    if talk.principal is None or prefill is None or question.pointer in talk.dialogue.wanted:
        return ""
    known = {"name": talk.principal.name, "resident-id": talk.principal.resident_id, "phone": talk.principal.phone}
    told = known.get(prefill, "")
    return "" if told and _problem(talk, form_of(schema), question.pointer, told) else told


async def _elsewhere(talk: Talk) -> None:
    """What no chat carries goes on on a page, with all that is filled in; the conversation is free again."""
    dialogue = talk.memory.dialogues.pop()
    if talk.principal is not None:
        await save_draft(talk.platform, talk.principal, dialogue.item, dialogue.answers["answers"])
    link = page_of(talk, dialogue.item)
    talk.say(
        "An ID number isn't written into a chat. What you have told is kept; fill in the rest here: {link}", link=link
    )
    talk.happen("done")


async def ends(talk: Talk) -> bool:
    """Whether the question on the screen takes 0 for an end."""
    question = next_question(talk, await body(talk)) if talk.row.state == "asking" else None
    return question is not None and (question.may_end or question.sort in ("optional", "another", "yes", "number"))


async def heard(talk: Talk) -> None:
    """Take an answer, or say what is wrong with it and ask again."""
    try:
        schema = await body(talk)
    except NotFound:
        talk.memory.dialogues.pop()
        talk.say("This is not offered any more. What you had filled in is gone with it.")
        return await menu.show(talk)
    question = next_question(talk, schema)
    if question is None:
        return await ask(talk, schema)
    if isinstance(talk.content, File):
        return await _file(talk, schema, question, talk.content)
    if question.sort == "listed" and (chosen := await listing.chosen(talk, question)) is not None:
        return await (
            _take(talk, schema, question, chosen) if isinstance(chosen, Answered) else ask_again(talk, question)
        )
    result = read(question, talk.content, talk.platform.city_time(), talk.dialogue.options)
    match result:
        case Ended():
            return await _end(talk, schema, question)
        case Answered():
            return await _take(talk, schema, question, result)
        case Narrowed(options):
            talk.dialogue.options = list(options)
            talk.say("Which of these?")
            return talk.put(options)
    return await _unread(talk, question)


async def ask_again(talk: Talk, question: Question) -> None:
    talk.lines += asked(question, talk.language)
    talk.put(talk.dialogue.options)


async def _end(talk: Talk, schema: Mapping[str, Any], question: Question) -> None:
    dialogue = talk.dialogue
    if question.sort == "optional":
        dialogue.settled += [pointer for pointer, _ in question.fields]
    else:
        dialogue.settled.append(question.pointer.rpartition("/")[0] + "/-")
    await ask(talk, schema)


async def _take(talk: Talk, schema: Mapping[str, Any], question: Question, answer: Answered) -> None:
    """Keep the first of the values that the form takes."""
    dialogue = talk.dialogue
    if question.sort == "optional":
        dialogue.wanted += answer.values[0]
        dialogue.settled += [pointer for pointer, _ in question.fields if pointer not in answer.values[0]]
        return await ask(talk, schema)
    if question.sort == "another":
        return await _another(talk, schema, question, wanted=bool(answer.values[0]))
    form, problem = form_of(schema), None
    for value in answer.values:
        problem = _problem(talk, form, question.pointer, value)
        if problem is None:
            dialogue.answers = with_value(dialogue.answers, question.pointer, value)
            dialogue.answered.append(question.pointer)
            dialogue.tries, talk.memory.missed = 0, 0
            _beside(talk, question, answer)
            return await ask(talk, schema)
    assert problem is not None  # noqa: S101 - there is at least one value
    talk.lines.append(problem)
    return await _again(talk, question)


async def _another(talk: Talk, schema: Mapping[str, Any], question: Question, *, wanted: bool) -> None:
    dialogue, end = talk.dialogue, question.pointer
    if wanted:
        entries = value_at(dialogue.answers, end.removesuffix("/-"))
        dialogue.answers = with_value(dialogue.answers, f"{end.removesuffix('/-')}/{len(entries)}", {})
    else:
        dialogue.settled.append(end)
    await ask(talk, schema)


def _beside(talk: Talk, question: Question, answer: Answered) -> None:
    """Where a place lies goes into the fields beside it, where the form has them."""
    above = question.pointer.rpartition("/")[0]
    for name, value in answer.beside.items():
        talk.dialogue.answers = with_value(talk.dialogue.answers, f"{above}/{name}", value)


def _problem(talk: Talk, form: Form, pointer: str, value: Any) -> str | None:
    """What is wrong with a value there, in their language; None where nothing is."""
    answers = with_value(talk.dialogue.answers, pointer, value)
    verified = talk.principal.resident_id if talk.principal else ""
    problem = wrong_at(form, answers, pointer, talk.language, verified, talk.platform.city_time())
    return talk.spoken(problem.detail) if problem else None


async def _file(talk: Talk, schema: Mapping[str, Any], question: Question, file: File) -> None:
    if question.sort != "file":
        talk.say("No file is asked for just now.")
        return await _again(talk, question)
    stored = await uploading.stored(talk, file)
    if stored is None:
        return await _again(talk, question)
    return await _take(talk, schema, question, Answered([stored]))


async def _unread(talk: Talk, question: Question) -> None:
    """It is no answer: perhaps another question; then it is answered, and the form goes on."""
    if isinstance(talk.content, Text | Voice) and len(plain(talk.text)) > 1 and question.sort != "file":
        page = await talk.get(menu.address("/v1/items", q=talk.text[:100], limit=1))
        if page["items"]:
            one = page["items"][0]
            talk.lines.append(f"{one['title']}: {one['summary']}")
    talk.say("That is no answer to this question." if question.sort != "file" else "Please send a photo here.")
    return await _again(talk, question)


async def _again(talk: Talk, question: Question) -> None:
    dialogue = talk.dialogue
    dialogue.tries += 1
    if dialogue.tries >= MAX_TRIES:
        talk.say("If it won't do: “back”, “cancel”, or “person” for somebody to help.")
    talk.lines += asked(question, talk.language)
    if question.sort == "optional":
        talk.put(list(question.fields))
    elif question.sort in ("choice", "choices", "listed"):
        talk.put(dialogue.options or choices(question.node))


async def commanded(talk: Talk, command: str, about: str) -> None:
    """Back, change N, leave it, begin anew, go on later."""
    dialogue = talk.dialogue
    match command:
        case "change":
            return await confirming.change(talk, int(about))
        case "back":
            if not dialogue.answered:
                return await menu.show(talk)
            pointer = dialogue.answered.pop()
            dialogue.answers = without_value(dialogue.answers, pointer)
            list_end = "/".join(pointer.split("/")[:-1]) + "/-"
            dialogue.settled = [one for one in dialogue.settled if one != list_end]
            if talk.row.state == "confirming":
                talk.happen("changed")
            return await ask(talk)
        case "restart":
            fresh = Dialogue(item=dialogue.item, title=dialogue.title, case=dialogue.case, action=dialogue.action)
            fresh.answers = {} if dialogue.case else {"answers": {}}
            talk.memory.dialogues[-1] = fresh
            if talk.row.state == "confirming":
                talk.happen("changed")
            return await ask(talk)
        case "cancel":
            talk.memory.dialogues.pop()
            talk.say("Left “{title}”; nothing was handed in.", title=dialogue.title)
            if talk.memory.dialogues:
                talk.say("Write “continue” for “{title}”.", title=talk.dialogue.title)
    if command == "later":
        talk.say("It is kept for seven days. Write “continue” to go on.")
    return await menu.show(talk)


__all__ = ["Unread", "parts_of"]
