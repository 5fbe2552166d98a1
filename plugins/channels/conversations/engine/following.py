"""Following, and muting a kind of notices, as citizens say it in a chat: it goes for all their phones and chats."""

from __future__ import annotations

from banshi import Problem
from banshi.sdk.following import NoticeKind, follow, followed, notice_kinds
from banshi.sdk.http import READER
from banshi.sdk.lists import list_letters
from conversations.engine import homes
from conversations.engine.turn.talk import Talk

#: What is said to whoever hasn't signed in.
KEPT = "What you follow is kept once you have signed in for this contact."


async def by_word(talk: Talk, command: str, words: str) -> bool:
    """Do what they say of these words; False where no plugin knows what they name."""
    for kind in notice_kinds(talk.platform).values():
        about = await kind.meant(talk.platform, words) if kind.meant else None
        if about is None and command == "unfollow":
            about = await _of_theirs(talk, kind, words)
        if about is None or (about and command in ("mute", "unmute")):
            continue
        if homes.is_known(talk, KEPT):
            await (_mute(talk, kind, command) if "mute" in command else _follow(talk, kind, command, about, words))
        return True
    return False


async def _of_theirs(talk: Talk, kind: NoticeKind, words: str) -> str | None:
    """What they follow that the words name, however it was written and whether there is anything of it now."""
    if kind.followers is None or talk.link is None:
        return None
    theirs = await followed(kind.followers, talk.link.person)
    return next((one for one in theirs if one and list_letters(one) == list_letters(words)), None)


async def _follow(talk: Talk, kind: NoticeKind, command: str, about: str, words: str) -> None:
    assert kind.followers is not None  # noqa: S101 - what is meant by words can be followed
    assert talk.link is not None  # noqa: S101 - it was asked
    if command == "unfollow":
        await kind.followers.filter(person=talk.link.person, about=about).delete()
        return talk.say("You are told of “{name}” no more.", name=words)
    try:
        row = await follow(talk.platform, kind, talk.link.person, about)
    except Problem as problem:
        return talk.refused(problem)
    talk.beside += [row] if row else []
    return talk.say("You are told of “{name}” from now on. To end it, write “unfollow {name}”.", name=words)


async def _mute(talk: Talk, kind: NoticeKind, command: str) -> None:
    """As the API does it, so that phones know of it, too."""
    verb = "PUT" if command == "mute" else "DELETE"
    path = f"/v1/me/notice-kinds/{kind.code}/muted"
    await talk.platform[READER].send(verb, path, talk.principal, talk.language)
    title = talk.spoken(kind.title)
    if command == "unmute":
        return talk.say("“{kind}” is told to you again.", kind=title)
    undo = "“{kind}” wakes you no more; it is in your messages. To undo it, write “unmute {kind}”."
    return talk.say(undo, kind=title)
