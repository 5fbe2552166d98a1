"""What citizens are told of an appointment's steps: when and where, why, and what they do next.

An item may have its own words (`[items.messages.<action>]`); a line that mentions what isn't there is left out.
"""

from banshi.kinds.messages import message
from banshi.kinds.sentences import say, word

#: What a message can say of the slot, and until when an offered place is kept.
SLOT = frozenset({"day", "time", "place", "address"})
OFFER = SLOT | {"until"}


BOOKED = message(
    word("Booked: {item}"),
    say("""Your appointment is booked.
When: {day}, {time}
Where: {place}, {address}
Open the appointment at the counter and show its QR code. If you can't come, move or cancel it in time."""),
)

REQUESTED = message(
    word("Received, to be confirmed: {item}"),
    say("""Your appointment was received and the place is kept for you; staff will confirm it.
When: {day}, {time}
Where: {place}, {address}
You are told by {deadline} at the latest."""),
)

CONFIRMED = message(
    word("Confirmed: {item}"),
    say("""Staff have confirmed your appointment.
When: {day}, {time}
Where: {place}, {address}
A note: {reason}
Open the appointment at the counter and show its QR code."""),
)

REFUSED = message(
    word("Not confirmed: {item}"),
    say("""Your appointment was not confirmed, and the place was given back. The reason:
{reason}

You may book again with what is missing."""),
)

CALLED_OFF = message(
    word("Called off: {item}"),
    say("""We are sorry: your appointment was called off.
When: {day}, {time}
Where: {place}, {address}
The reason: {reason}
Please book another time."""),
)

JOINED = message(
    word("On the waiting list: {item}"),
    say("""This time is full; you are on its waiting list.
When: {day}, {time}
Where: {place}, {address}
When a place falls free, people are told in the order of the list."""),
)

OFFERED = message(
    word("A place is free, accept it soon: {item}"),
    say("""A place has fallen free at the time you wait for, and is kept for you.
When: {day}, {time}
Where: {place}, {address}
Open the appointment and accept by {until}; after that it goes to the next person."""),
)

ENTERED = message(
    word("In the draw: {item}"),
    say("""This time is given out by a draw; you are in it, and it doesn't matter who came first.
When: {day}, {time}
Where: {place}, {address}
It is drawn at {until}. You are told the outcome here."""),
)

NOT_DRAWN = message(
    word("Not drawn: {item}"),
    say("""We are sorry: you were not drawn, and are now on the waiting list in the order of the draw.
When: {day}, {time}
Where: {place}, {address}
You are told when a place falls free."""),
)

LAPSED = message(
    word("Lapsed: {item}"),
    say("""This did not become an appointment, and no place is kept for it any more.
When: {day}, {time}
Where: {place}, {address}
You may book another time."""),
)

REMINDER = message(
    word("Your appointment tomorrow: {item}"),
    say("""A reminder of your appointment.
When: {day}, {time}
Where: {place}, {address}
Please come on time with your documents, and show the QR code."""),
)

MISSED = message(
    word("Recorded as missed: {item}"),
    say("""You did not check in at the time of your appointment; it is recorded as missed.
When: {day}, {time}
Where: {place}, {address}
After several of these, booking online pauses for a while. If this is a mistake, tell us and we correct it."""),
)

EXCUSED = message(
    word("No longer recorded as missed: {item}"),
    say("""This appointment is no longer recorded as missed.
When: {day}, {time}
Where: {place}, {address}
The reason: {reason}"""),
)
