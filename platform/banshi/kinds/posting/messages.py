"""What posters are told of a posting's steps: what happened, why, what they do next and until when."""

from banshi.kinds.messages import message
from banshi.kinds.sentences import say, word

#: What a message may mention of the last day on the public list, or of waiting for a change.
UNTIL = frozenset({"until"})


REGISTERED = message(
    word("Received, to be checked: {item}"),
    say("""{department} received your posting on {date}. It becomes public once staff have checked it.
You are told by {deadline} at the latest.
There is nothing for you to do now."""),
)

PUBLISHED = message(
    word("Published: {item}"),
    say("""Your posting is public until {until}.
A note: {reason}
Whoever answers writes to you through the platform; neither your name nor your number is shown. You are told of each \
message, and of postings that are like yours.
Once it is settled, open the posting and mark it as resolved."""),
)

RETURNED = message(
    word("Please change it: {item}"),
    say("""Your posting has to be changed before it can be public:
{reason}

Open it, change it and submit it again. Until you do, it is not public, and the time to check it is paused.
Submit it before {until}: it ends then."""),
)

REFUSED = message(
    word("Not published: {item}"),
    say("""Your posting was not published. The reason:
{reason}

You may submit another one that does."""),
)

TAKEN_DOWN = message(
    word("Taken down: {item}"),
    say("""Your posting was taken off the public list, and nobody can write about it any more. The reason:
{reason}
"""),
)

ENDING = message(
    word("Ends soon: {item}"),
    say("""Your posting is public until {until}.
If it is settled, mark it as resolved. If you still need it, open it and extend it before then, which is possible \
once."""),
)

EXPIRED = message(
    word("No longer public: {item}"),
    say("""The time of your posting is over: it is no longer public, and nobody can write about it any more.
If it is not settled, you may submit it again."""),
)
