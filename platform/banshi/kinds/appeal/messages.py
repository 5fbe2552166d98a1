"""What citizens are told of an appeal's steps: who has it, what is asked of them, and the answer."""

from banshi.kinds.messages import message
from banshi.kinds.sentences import say, word

#: What a message may mention of the unit that has it now, and of the answer.
UNIT = frozenset({"unit"})
ANSWER = frozenset({"answer"})


REGISTERED = message(
    word("Received: {item}"),
    say("""{department} received it on {date}. A person reads it and gives it to the unit in charge.
You get an answer by {deadline} at the latest, not counting the time for questions to you.
There is nothing for you to do now."""),
)

ASSIGNED = message(
    word("Being worked on: {item}"),
    say("""A person has read it; {unit} is working on it.
A note: {reason}
There is nothing for you to do now; the answer will be here."""),
)

FORWARDED = message(
    word("Passed on: {item}"),
    say("""It was passed on to {unit}; the day of the answer stays the same. The reason:
{reason}

There is nothing for you to do now."""),
)

URGED = message(
    word("Urged: {item}"),
    say("""On {date} {department} was urged to answer you; the day of the answer stays the same.
A note: {reason}
There is nothing for you to do now."""),
)

EXTENDED = message(
    word("The answer takes longer: {item}"),
    say("""The unit that works on it asked for more time, and a unit that oversees it has allowed that.
You get an answer by {deadline} at the latest. The reason:
{reason}

There is nothing for you to do now."""),
)

RETURNED = message(
    word("Please tell us more: {item}"),
    say("""To answer you, we need to know:
{reason}

Open it, add what is asked for and submit it again. Until you do, the time to answer is paused."""),
)

MERGED = message(
    word("Joined with another one: {item}"),
    say("""Somebody has written about the same before. Both are answered together; you get that answer too.
A note: {reason}
The answer so far:
{answer}
There is nothing for you to do now."""),
)

WROTE = message(
    word("A message to you: {item}"),
    say("{department} wrote to you about it. Open it to read the message; you can reply there."),
)

ANSWERED = message(
    word("Answered: {item}"),
    say("""The answer of {department}:
{answer}

The whole answer stands in your case, where you can rate it."""),
)

REOPENED = message(
    word("Somebody else answers again: {item}"),
    say("""You were not satisfied with the answer. Somebody else answers again, by {deadline} at the latest.
There is nothing for you to do now."""),
)
