"""How somebody's cases stand, and what they may do with one: its permitted actions are its menu."""

from __future__ import annotations

from contextlib import suppress

from banshi import NotFound
from conversations.engine.bind import linking
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from questions.shown import details_in

#: Cases on one screen.
MAX_CASES = 5
#: What ends a case at its person's wish.
ENDING = ("withdraw", "cancel")


async def show(talk: Talk) -> None:
    """Their cases, the newest first."""
    if talk.principal is None:
        talk.say("Your cases are shown once you have signed in for this contact.")
        return linking.ways(talk)
    rows = (await talk.get(f"/v1/cases?limit={MAX_CASES}"))["items"]
    if not rows:
        return talk.say("You have handed in nothing yet.")
    talk.happen("over")
    lines = [(f"case {one['id']}", f"{one['item']['title']} {one['number']}: {one['state_title']}") for one in rows]
    return talk.offer(lines)


async def open_case(talk: Talk, identity: str) -> None:
    """One case: where it stands, what it has (such as an answer's text), and what may be done."""
    case = await talk.get(f"/v1/cases/{identity}")
    talk.memory.about = f"case {identity}"
    talk.lines.append(f"{case['item']['title']} {case['number']}: {case['state_title']}")
    if case.get("reason"):
        talk.lines.append(case["reason"])
    if due := (case["deadline"] or {}).get("due_on"):
        talk.say("The answer is due by {day}.", day=due)
    with suppress(NotFound):  # an item that is no longer offered has no guide; its cases stay
        guide = await talk.get(f"/v1/items/{case['item']['code']}")
        talk.lines += details_in(guide["case_details"] or {}, case.get("details") or {})
    talk.offer([(f"action {identity} {one['action']}", one["label"]) for one in case["permitted_actions"]])


async def withdraw(talk: Talk) -> None:
    """Ask whether the case that was shown last is to be withdrawn; where it can't be, show how it stands."""
    identity = talk.memory.about.removeprefix("case ")
    case = await talk.get(f"/v1/cases/{identity}")
    end = next((one["action"] for one in case["permitted_actions"] if one["action"] in ENDING), None)
    if end is None:
        return await open_case(talk, identity)
    talk.happen("over")
    asked = "Cancel “{title}”?" if end == "cancel" else "Withdraw “{title}”?"
    talk.say(asked, title=case["item"]["title"])
    yes, no = talk.word("Yes, please"), talk.word("No, thanks")
    return talk.offer([(f"action {identity} {end}", yes), (f"case {identity}", no)])


async def begin_action(talk: Talk, identity: str, action: str) -> None:
    """Fill in what an action takes; the answers that a correction is about are there already."""
    case, one = await talk.case_action(identity, action)
    dialogue = Dialogue(case["item"]["code"], f"{one['label']} {case['number']}", identity, action)
    if "answers" in one["body"]["properties"]:
        dialogue.answers = {"answers": case["answers"]}
    talk.memory.push(dialogue)
    talk.go("begun", "ask")
