"""Filling in: the next question, derived anew, and what somebody sends to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from banshi import Problem
from banshi.sdk.cases import keep_choice, save_draft
from conversations.contents import Asked, Button, File, Place, Text, Voice
from conversations.engine.ask import guides, listing, uploading
from conversations.engine.ask.filling import Filling
from conversations.engine.ask.granting import granted
from conversations.engine.ask.pages import page_of
from conversations.engine.turn.commands import PARTS, WORDS, command_in, word_for
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Then
from questions.correcting import Correction
from questions.plan import Question, parts_of, value_at
from questions.read import Answered, Ended, Narrowed, Read, Unread, read, read_place
from questions.spelling import has_id_number, is_question
from questions.wording import asked, example

#: A text of so many characters may well have questions in it.
LONG_CHARS = 300
#: How somebody begins who means what they answered before.
BEGINS_WRONG = re.compile("不对|错了|搞错|wrong")
#: Tries at one question after which a way out is told.
MAX_TRIES = 2


async def ask(now: Filling) -> None:
    """Ask what comes next; all of it is shown where nothing is missing."""
    now.fill_in()
    talk, question = now.talk, now.question
    now.dialogue.asked = question.pointer if question else ""
    if question is None:
        return talk.go("complete", "confirm")
    if question.sort == "secret":
        return await _elsewhere(now)
    now.dialogue.options = await listing.options(talk, question) if question.sort == "listed" else []
    if len(now.dialogue.options) > listing.MAX_AT_FIRST:
        talk.lines += asked(question, talk.language)
        _choose(now, question)
        return talk.say("Write its name, or a part of it.")
    return _put(now, question)


def _put(now: Filling, question: Question) -> None:
    """The question with its choices."""
    now.talk.lines += asked(question, now.talk.language)
    _choose(now, question, now.options())


def _choose(now: Filling, question: Question, options: Sequence[tuple[Any, str]] = ()) -> None:
    """What may be chosen, and the question as data."""
    talk = now.talk
    both = [(True, talk.word("Yes, please"), "1"), (False, talk.word("No, thanks"), "2")]
    told = Asked(sort=question.sort, pointer=question.pointer, title=question.title, schema=question.node)
    more = both if question.sort in ("yes", "another") else []
    none = [(None, talk.word("No more"), "0")] if question.may_end or question.sort == "optional" else []
    talk.put(options, told, *more, *none)
    talk.buttons += [Button(words, says) for _, words, says in more]


async def _elsewhere(now: Filling) -> None:
    """What no chat carries goes on on a page, with all that is filled in; the conversation is free again."""
    talk, dialogue = now.talk, now.dialogue
    used = await granted(now)
    if used is None:
        return
    talk.beside += used
    if talk.principal is not None:
        await save_draft(talk.platform, talk.principal, dialogue.item, dialogue.answers["answers"])
    link = page_of(talk, dialogue.item, goes_on=True)
    talk.memory.dialogues.pop()
    talk.done = None if dialogue.case else ("elsewhere", dialogue.item)
    talk.say(
        "Open {link} and fill in the rest there: an ID number isn't written into a chat. What you have told is kept.",
        link=link,
    )
    talk.happen("done")


async def take_answer(now: Filling) -> None:
    """Take an answer, or say what is wrong with it and ask again."""
    talk, question = now.talk, now.question
    if question is None or question.sort == "secret":
        return await ask(now)
    if isinstance(talk.content, File):
        if question.sort != "file":
            talk.say("No file is asked for just now.")
            return _again(now, question)
        kept = await uploading.stored(talk, talk.content, talk.content.fetch)
        return _again(now, question) if kept is None else await _take(now, question, Answered([kept]))
    found = None if talk.instead else now.correction()
    if found and found.pointer != "":
        chooses = question.sort in ("choice", "choices", "listed", "optional")
        is_answer = now.is_open() or (chooses and not isinstance(_read(now, question), Unread))
        if found.is_plain or not is_answer:
            return await corrected(now, found)
    if _is_doubtful(now, question):
        now.dialogue.doubted = talk.text
        await _answer(now)
        talk.say("Is that your answer? Then send it once more.")
        return _put(now, question)
    said = len(talk.lines)
    result = await listing.chosen(talk, question) if question.sort == "listed" else None
    match result or _read(now, question):
        case Ended():
            return await _end(now, question)
        case Answered() as answer:
            return await _take(now, question, answer)
        case Narrowed(options):
            now.dialogue.options = list(options)
            if len(talk.lines) == said:
                talk.say("Which of these?")
            return _choose(now, question, options)
    return await _unread(now, question)


def _read(now: Filling, question: Question) -> Read:
    match now.talk.content:
        case Place(latitude, longitude, label):
            return read_place(question, latitude, longitude, label)
        case Text() | Voice():
            at, options = now.talk.platform.city_time(), now.dialogue.options
            found = read(question, now.talk.text, at, options)
            # Beside the few that may have been meant, all that the form has may be said.
            return read(question, now.talk.text, at) if isinstance(found, Unread) and options else found
    return Unread()


def _is_doubtful(now: Filling, question: Question) -> bool:
    """Whether a text may be a question or a wish of theirs, and no answer. Sent once more it is one."""
    talk = now.talk
    if not now.is_open() or now.dialogue.doubted == talk.text or talk.instead:
        return False
    short = question.node.get("maxLength", 0) < LONG_CHARS and is_question(talk.text)
    return bool(
        short
        or has_id_number(talk.text)
        or command_in(talk.text)
        or ((found := now.correction()) and (found.pointer or BEGINS_WRONG.match(talk.text)))
    )


async def corrected(now: Filling, found: Correction) -> None:
    """Ask again, or take anew, the answer that they say to be wrong; or ask which one that is."""
    talk, dialogue, lines = now.talk, now.dialogue, now.lines()
    again: Then = "confirm" if talk.row.state == "confirming" else "ask"
    dialogue.doubted = ""
    if found.pointer is None:
        talk.say("There is no such line.")
        return talk.go("", again)
    if not found.pointer:
        dialogue.options = [(at, f"{title}: {words}") for at, title, words in lines]
        talk.say("Which of these is wrong? Write its number or its name; nothing is handed in yet.")
        return talk.put(dialogue.options, Asked(sort="choice"))
    title, words = next((title, words) for at, title, words in lines if at == found.pointer)
    if not found.value:
        talk.say("What should “{title}” be? So far: {words}", title=title, words=words)
    now.ask_again(found.pointer)
    talk.happen("changed")
    dialogue.options = []
    if found.value and now.question and now.question.pointer == found.pointer:
        talk.instead = found.value
        return await take_answer(now)
    return await ask(now)


async def _end(now: Filling, question: Question) -> None:
    if question.sort == "optional":
        now.dialogue.settled += [pointer for pointer, _ in question.fields]
    else:
        now.dialogue.settled.append(question.pointer.rpartition("/")[0] + "/-")
    await ask(now)


async def _take(now: Filling, question: Question, answer: Answered) -> None:
    """Keep the first of the values that the form takes."""
    talk, dialogue = now.talk, now.dialogue
    if question.sort in ("optional", "another"):
        return await _decided(now, question, answer.values[0])
    problems = []
    for value in answer.values:
        problem = now.problem(question.pointer, value)
        if problem is None:
            if question.sort == "listed" and not await _keep(now, question, value):
                return await ask(now)
            now.put(question.pointer, value)
            if question.sort == "listed":
                words = next((one for own, one in dialogue.options if own == value), str(value))
                dialogue.words[question.pointer] = words
            above = question.pointer.rpartition("/")[0]
            for name, beside in answer.beside.items():
                now.put(f"{above}/{name}", beside)
            dialogue.answered.append(question.pointer)
            dialogue.tries, dialogue.doubted, talk.memory.missed = 0, "", 0
            return await ask(now)
        problems.append(problem)
    talk.lines.append(problems[0])
    return _again(now, question)


async def _keep(now: Filling, question: Question, value: Any) -> bool:
    """Keep what others may take meanwhile, such as a slot; False where it can't be had any more, which is said."""
    talk, item = now.talk, now.talk.platform.registry.items.get(now.dialogue.item)
    if talk.principal is None or item is None:
        return True
    field, moves = parts_of(question.pointer)[-1], bool(now.dialogue.case)
    try:
        until = await keep_choice(talk.platform, item, talk.principal, field, value, moves=moves)
    except Problem as problem:
        talk.refused(problem)
        return False
    if until is not None:
        talk.say("It is kept for you until {time}.", time=f"{until.astimezone(talk.platform.settings.timezone):%H:%M}")
    return True


async def _decided(now: Filling, question: Question, wish: Any) -> None:
    """Which optional fields are wanted, or whether a list goes on."""
    dialogue, pointer = now.dialogue, question.pointer
    if question.sort == "optional":
        dialogue.wanted += wish
        dialogue.settled += [one for one, _ in question.fields if one not in wish]
    elif wish:
        entries = pointer.removesuffix("/-")
        now.put(f"{entries}/{len(value_at(dialogue.answers, entries))}", {})
    else:
        dialogue.settled.append(pointer)
    await ask(now)


async def _unread(now: Filling, question: Question) -> None:
    """It is no answer: perhaps a question of theirs; then it is answered, and the form goes on."""
    if question.sort != "listed":
        now.dialogue.options = []
    if is_question(now.talk.text):
        await _answer(now)
    else:
        now.talk.say("That is no answer to this question.")
        now.talk.lines += example(question, now.talk.language)
    _again(now, question)


async def _answer(now: Filling) -> None:
    """Answer a question in between, or say how what they seem to wish is done."""
    talk, command = now.talk, command_in(now.talk.text)
    found = now.correction()
    if command and command[0] == "why":
        return explain(now)
    if command and command[0] in PARTS:
        return await guides.asked(talk, "", command[0])
    if command and command[0] in WORDS:
        return talk.say("If you mean “{word}”, write just that.", word=word_for(command[0], talk.language))
    if found and found.pointer:
        places = [at for at, _, _ in now.lines()]
        return talk.say("To change line {number}, write “change {number}”.", number=places.index(found.pointer) + 1)
    if BEGINS_WRONG.match(talk.text):
        return talk.say("If you mean “{word}”, write just that.", word=word_for("back", talk.language))
    page = await talk.search(talk.text, 1)
    talk.lines += [f"{one['title']}: {one['summary']}" for one in page["items"] if page.get("likely")]
    return None


def explain(now: Filling) -> None:
    """Say what the question on the screen is for."""
    if question := now.question:
        names = {"field": question.title, "title": now.dialogue.title}
        now.talk.say("“{field}” is on the form of “{title}”: the office needs it to decide.", **names)
        now.talk.lines += example(question, now.talk.language)


def _again(now: Filling, question: Question) -> None:
    now.dialogue.tries += 1
    if now.dialogue.tries >= MAX_TRIES:
        now.talk.say("If it won't do: “back”, “cancel”, or “person” for somebody to help.")
    _put(now, question)


def back(now: Filling) -> None:
    """Ask the last answer again; the first question stays."""
    talk, dialogue = now.talk, now.dialogue
    if not dialogue.answered:
        talk.say("This is the first question; “cancel” leaves it.")
        return talk.go("", "ask")
    pointer = dialogue.answered.pop()
    now.ask_again(pointer)
    end = f"{pointer.rpartition('/')[0]}/-"
    dialogue.settled = [one for one in dialogue.settled if one != end]
    return talk.go("changed", "ask")


def restart(now: Filling) -> None:
    """Ask all of it anew."""
    before = now.dialogue
    answers: dict[str, Any] = {} if before.case else {"answers": {}}
    fresh = Dialogue(before.item, before.title, before.case, before.action, answers=answers)
    now.talk.memory.dialogues[-1] = fresh
    now.talk.go("changed", "ask")
