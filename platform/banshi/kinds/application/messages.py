"""What citizens are told of an application's steps: what happened, why, and what they do next.

An item may have its own words (`[items.messages.<action>]`); a line that mentions what isn't there is left out.
"""

from __future__ import annotations

from dataclasses import replace

from banshi.builtin.catalogue.remedies import REMEDY
from banshi.kernel.contract.values import MessageTemplates
from banshi.kinds.messages import message
from banshi.kinds.sentences import say, word

#: What the message of an approval may mention where it gives a pass.
PASS = frozenset({"valid_from", "valid_until"})

#: The actions that somebody may not accept, and what their messages may mention.
AGAINST_SOMEBODY = frozenset({"refuse", "decline", "revoke", "take-back", "cancel"})
REMEDIES = frozenset({REMEDY})

#: What the message of a permit's suspension may mention.
STOP = frozenset({"cause", "expected_days"})

#: What the receipt of a permit's application says: until when it is told whether it is accepted.
ANSWERED = frozenset({"answered_by"})

#: … and where it gives a certificate.
CERTIFICATE = frozenset({"certified_until"})


def with_remedy(told: MessageTemplates | None) -> MessageTemplates:
    """A step's message that says in the end whom to turn to."""
    told = told or MessageTemplates()
    body = {language: f"{text}\n{{{REMEDY}}}" for language, text in (told.body or {}).items()}
    return replace(told, body=body)


#: The dated receipt (收件凭证) of a permit's application, which nobody has accepted yet.
RECEIVED = message(
    word("Application received: {item}"),
    say("""{department} received your application on {date}, under the number {number}.
By {answered_by} you are told whether it is accepted, or all that is missing. If you are told nothing by then, it \
counts as accepted from the day on which it was received.
There is nothing for you to do now. Keep this message as your receipt."""),
)

#: The same, of what was asked for.
CORRECTIONS_RECEIVED = message(
    word("Corrections received: {item}"),
    say("""{department} received your corrections on {date}, for the application {number}.
By {answered_by} you are told whether it is accepted. If you are told nothing by then, it counts as accepted from the \
day on which the corrections were received.
There is nothing for you to do now. Keep this message as your receipt."""),
)

ACCEPTED = message(
    word("Accepted: {item}"),
    say("""{department} accepted your application on {date} and is working on it.
A note: {reason}
You get a decision by {deadline} at the latest, not counting corrections and special procedures.
There is nothing for you to do now; you will be told the outcome here."""),
)

RETURNED = message(
    word("Please correct your application: {item}"),
    say("""Your application needs a correction:
{reason}

Open the application, change what is asked for and submit it again. Until you do, the time to decide is paused."""),
)

SUSPENDED = message(
    word("Paused, in a special procedure: {item}"),
    say("""On {date} a special procedure began, whose time does not count towards the time to decide. The reason:
{reason}

There is nothing for you to do now; you will be told when work on your application goes on."""),
)

RESUMED = message(
    word("Being worked on again: {item}"),
    say("""The special procedure is over; work on your application resumed on {date}.
A note: {reason}
You get a decision by {deadline} at the latest.
There is nothing for you to do now; you will be told the outcome here."""),
)

APPROVED = message(
    word("Approved: {item}"),
    say("""Your application was approved on {date}.
A note: {reason}
{result}: valid from {valid_from} to {valid_until}. Open the application to see it and to show it.
{result}: your certificate is ready, valid to {certified_until}. Open the application to get the PDF."""),
)

GRANTED = message(
    word("Permit granted: {item}"),
    say("""On {date} {department} decided to grant the permit.
A note: {reason}
{result}: valid from {valid_from} to {valid_until}. Open the application to see it and to show it.
{result}: your certificate is ready, valid to {certified_until}. Open the application to get the PDF."""),
)

DEEMED = message(
    word("Accepted: {item}"),
    say("""{department} named nothing that is missing within five working days: your application counts as accepted \
from the day on which it was received.
You get a decision by {deadline} at the latest, not counting what the law doesn't count.
There is nothing for you to do now; you will be told the outcome here."""),
)

ALL_THAT_IS_MISSING = message(
    word("Please correct your application: {item}"),
    say("""Before your application is accepted, all of this is needed:
{reason}

Open the application, change what is asked for and submit it again. You will not be asked for corrections again."""),
)

STOPPED = message(
    word("Paused: {item}"),
    say("""Your application needs {cause} from {date} on. It is expected to take {expected_days} working days, which \
by law do not count towards the time to decide. A note:
{reason}

There is nothing for you to do now; you will be told when work on your application goes on."""),
)

DECLINED = message(
    word("Not accepted for processing: {item}"),
    say("""On {date} {department} decided not to accept your application for processing. The reason:
{reason}

{remedy}"""),
)

NOT_PERMITTED = message(
    word("Permit refused: {item}"),
    say("""On {date} {department} decided to refuse the permit. The reason:
{reason}

{remedy}"""),
)

REFUSED = message(
    word("Refused: {item}"),
    say("""On {date} {department} decided not to grant your application. The reason:
{reason}

{remedy}"""),
)

REVOKED = message(
    word("Revoked: {item}"),
    say("""The approval was revoked on {date}. What it allowed is no longer allowed. The reason:
{reason}

{remedy}"""),
)

TAKEN_BACK = message(
    word("The approval was taken back: {item}"),
    say("""Law or circumstances have changed, so the approval was taken back on {date}. What it allowed is no longer \
allowed. The reason:
{reason}

Where this causes you a loss of property, you may apply for compensation as the law provides.
{remedy}"""),
)

CANCELLED = message(
    word("Cancelled: {item}"),
    say("""The approval is over and was cancelled on {date}. What it allowed is no longer allowed. The reason:
{reason}

{remedy}"""),
)
