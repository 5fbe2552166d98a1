"""All that is filled in, shown once more; a word from its person hands it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from banshi import InvalidFields, Problem
from banshi.sdk.cases import Actor, act, begin
from banshi.sdk.following import notice_kinds
from conversations.contents import Asked
from conversations.engine.ask import asking
from conversations.engine.ask.filling import Filling
from conversations.engine.ask.granting import granted
from desk import DESK
from questions.correcting import Correction
from questions.plan import MISSING, value_at
from questions.read import SUBMIT, Answered, agreed, choice
from questions.shown import told_begun
from questions.spelling import plain


def show(now: Filling) -> None:
    """The lines of all answers, each with its number."""
    talk = now.talk
    talk.lines.append(now.dialogue.title)
    talk.lines += [f"{number}. {title}: {words}" for number, (_, title, words) in enumerate(now.lines(), start=1)]
    talk.say("Is all of this right? 1 hands it in; “change 2” changes line 2; “cancel” leaves it.")
    change = talk.word("change {number}", number="{}")
    lines = [(at, f"{title}: {words}", change.format(n)) for n, (at, title, words) in enumerate(now.lines(), start=1)]
    told = Asked(sort="confirm", title=now.dialogue.title)
    talk.put([], told, (True, talk.word("Yes, please"), "1"), *lines)
    now.dialogue.options = []


async def take_confirmation(now: Filling) -> None:
    """Hand it in, or change what is wrong. After words that weren't understood an explicit yes alone hands it in."""
    talk, dialogue = now.talk, now.dialogue
    agrees, told = agreed(talk.text), plain(talk.text)
    if told in SUBMIT and not (dialogue.options and told.isdigit()):
        return await submit(now)
    if dialogue.options:
        # They were asked which line is wrong: a number is one of those.
        chosen = choice(talk.text, dialogue.options)
        if isinstance(chosen, Answered):
            return await asking.corrected(now, Correction(chosen.values[0]))
    elif agrees and not dialogue.doubted:
        return await submit(now)
    if told.isdigit() and not told[2:]:
        talk.instead = f"改{told}"
    if (found := now.correction()) or agrees is False:
        return await asking.corrected(now, found or Correction(""))
    dialogue.doubted = talk.text or "?"
    talk.say("Nothing is handed in yet.")
    return show(now)


async def submit(now: Filling) -> None:
    """Hand it in: the case, this turn and its reply are one transaction. What is refused is asked again."""
    talk, used = now.talk, await granted(now)
    if used is None:
        return None
    said, menu, state = len(talk.lines), talk.memory.menu, talk.row.state
    enquiry = now.dialogue.enquiry
    offered = await talk.platform[DESK].offered(UUID(enquiry)) if enquiry else None

    def receipt(outcome: Any) -> Sequence[Any]:
        # It may be asked for more than once, before one of them is written.
        del talk.lines[said:]
        dialogue = talk.memory.dialogues.pop()
        talk.happen("done")
        if dialogue.case:
            talk.say("Done: {number}.", number=outcome.number)
        else:
            talk.lines += told_begun(outcome, talk.language)
            if any(dialogue.item in kind.items for kind in notice_kinds(talk.platform).values()):
                talk.say("To be told of it from now on, write “follow” and a road or a district.")
        if talk.memory.dialogues:
            talk.say("Write “continue” for “{title}”.", title=talk.dialogue.title)
        talk.memory.about = f"item {dialogue.item}"
        talk.done = None if dialogue.case else ("filed", dialogue.item)
        rows = [*talk.receipt(), *used]
        if offered is not None and outcome.case is not None:
            rows.append(talk.platform[DESK].filed(offered, str(outcome.case.id)))
        talk.done = None
        talk.memory.dialogues.append(dialogue)
        talk.memory.menu, talk.row.state = menu, state
        return rows

    try:
        await _write(now, receipt)
    except InvalidFields as refused:
        return _refused(now, refused)
    except Problem as problem:
        talk.refused(problem)
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
            now.ask_again(problem.pointer)
    now.talk.go("changed", "ask")


def _conflict(now: Filling) -> None:
    """A slot is taken meanwhile, or the case has moved on: what the API lists is chosen anew."""
    listed = [name for name, one in now.schema["properties"].items() if "x-choices" in one]
    for name in listed:
        now.dialogue.answers.pop(name, None)
    now.talk.go("changed" if listed else "over", "ask" if listed else "menu")
