"""What an asker reads when there is no answer."""

from __future__ import annotations

from banshi.kernel.contract.values import Texts
from banshi.kinds.sentences import say

NO_ITEM = say("There is no such item to ask; look for it in the list of items.")
NOT_VERIFIED = say(
    "Looking up personal records takes a verified ID number. Have it verified where you sign in, and sign in anew."
)
NOT_A_REGISTRAR = say("Only staff who look things up at this department's counter may do this.")
OWN_CASES_ONLY = say("Everybody finds their own cases here. Staff find theirs in the worklist.")
NOT_OWN = say("Give your own ID number: you can only ask about yourself.")
TOO_MANY = say("This hour's look-ups are used up; try again later.")
TOO_MANY_MISSES = say("Too many look-ups have found nothing. Check what you enter, and try again later.")
WAITING = say("Other look-ups of yours are still under way; try again in a moment.")


def of_a_register(what: str, department: Texts, register: Texts) -> Texts:
    """Why a register gives no answer: it is down, slow, broken or empty."""
    named = {"department": department, "register": register}
    match what:
        case "down":
            return say("{register} of {department} can't be asked at present; try again later.", **named)
        case "slow":
            return say("{register} of {department} took too long to answer; try again later.", **named)
        case "broken":
            return say(
                "{register} of {department} gave an answer that can't be right; the fault is recorded. "
                "Try again later.",
                **named,
            )
    return say("{register} of {department} has no data yet; try again later.", **named)
