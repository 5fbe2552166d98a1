"""What can't be read in a chat, and what can be sent in its place."""

from __future__ import annotations

import re

from conversations.contents import File, Place, Video
from conversations.engine.ask.uploading import VIDEO
from conversations.engine.turn.talk import Talk

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
#: Stickers of a keyboard come as words: [微笑].
_STICKER = re.compile(r"\[[^\[\]\s]{1,8}\]")


def told(talk: Talk) -> bool:
    """Whether what they send says nothing here by itself, outside a form: then it is said what does."""
    if isinstance(talk.content, File | Place):
        talk.say("A picture or a place is taken where it is asked for, or by an officer: say first what it is about.")
    elif _LINK.search(talk.text):
        talk.say("A link isn't opened here: say in your own words what it is about.")
    elif talk.text and not any(map(str.isalnum, _STICKER.sub("", talk.text))):
        _say(talk)
    else:
        return False
    return True


def sent(talk: Talk) -> None:
    """Say what can be sent in its place; nobody gets it, an officer neither."""
    if isinstance(talk.content, Video):
        talk.say(VIDEO)
    else:
        _say(talk)
    if talk.row.state == "held":
        talk.say("The officer hasn't got this message.")


def _say(talk: Talk) -> None:
    talk.say("This can't be read here: send words, a picture, a place or a voice message, or choose by a number.")
