"""How somebody's cases stand, and what they may do with one: its permitted actions are its menu."""

from __future__ import annotations

from banshi import NotFound
from conversations.engine import asking, confirming, menu
from conversations.engine.memory import Dialogue
from conversations.engine.talk import Talk

#: Cases on one screen.
MAX_CASES = 5


async def show(talk: Talk) -> None:
    """Their cases, the newest first."""
    if talk.principal is None:
        talk.say("Your cases are shown once you have signed in for this contact.")
        return
    page = await talk.get(f"/v1/cases?limit={MAX_CASES}")
    if not page["items"]:
        talk.say("You have handed in nothing yet.")
        return
    if talk.row.state != "menu":
        talk.happen("over")
    talk.offer(
        [
            (f"case {one['id']}", f"{one['item']['title']} {one['number']}: {one['state_title']}")
            for one in page["items"]
        ]
    )


async def open_case(talk: Talk, identity: str) -> None:
    """One case: where it stands, and what may be done."""
    case = await talk.get(f"/v1/cases/{identity}")
    talk.lines.append(f"{case['item']['title']} {case['number']}: {case['state_title']}")
    talk.lines += [str(case[name]) for name in ("reason",) if case.get(name)]
    if case.get("due_on"):
        talk.say("The answer is due by {day}.", day=case["due_on"])
    talk.offer([(f"action {identity} {one['action']}", one["label"]) for one in case["permitted_actions"]])


async def begin_action(talk: Talk, identity: str, action: str) -> None:
    """Fill in what an action takes; the answers that a correction is about are there already."""
    case = await talk.get(f"/v1/cases/{identity}")
    one = next((one for one in case["permitted_actions"] if one["action"] == action), None)
    if one is None:
        raise NotFound
    dialogue = Dialogue(
        item=case["item"]["code"], title=f"{one['label']} {case['number']}", case=identity, action=action
    )
    if "answers" in one["body"]["properties"]:
        dialogue.answers = {"answers": case["answers"]}
    talk.memory.push(dialogue)
    talk.happen("begun")
    await asking.ask(talk, one["body"])


__all__ = ["confirming", "menu"]
