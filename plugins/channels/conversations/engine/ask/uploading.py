"""A picture or a voice that somebody sends: fetched at once, and kept as any upload of theirs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from banshi import Problem
from banshi.sdk.files import sound_in, store_file
from conversations.contents import File, Video, Voice
from conversations.engine.turn.talk import Talk

#: What is said of a voice that can't be kept, and of a video that can't be taken.
VOICE = "This voice message can't be kept: please write."
VIDEO = (
    "A video can't be taken here: send pictures of what matters, and keep the video; "
    "an officer says how to hand it over."
)

#: HTTP's status for a file that is too large (RFC 9110 section 15.5.14).
TOO_LARGE = 413

#: How MPEG-4 begins: the first box, with a brand of moving pictures (ISO/IEC 14496-12 section 4.3).
_FILM = re.compile(rb".{4}ftyp(?:iso[m2-9]|mp4[12]|avc1|M4V |MSNV|3gp[4-7])", re.DOTALL)


def film_in(head: bytes) -> str | None:
    """The media type of a video, by its first bytes; None for anything else."""
    return "video/mp4" if _FILM.match(head) else None


#: What an officer takes beyond uploads: what it is by its first bytes, and what is said where it can't be kept.
BESIDE: dict[type, tuple[Callable[[bytes], str | None], str]] = {Voice: (sound_in, VOICE), Video: (film_in, VIDEO)}


async def stored(talk: Talk, sent: File | Voice | Video, fetch: Callable[[], Awaitable[bytes]]) -> str | None:
    """The id of the upload; None where it can't be taken, which is said."""
    if talk.principal is None:
        # A stranger's would be nobody's: every stranger's alike, in one room for all of them.
        talk.say("A file is taken from whoever is known here: sign in for this contact first.")
        return None
    known, otherwise = BESIDE.get(type(sent), (None, ""))
    try:
        content = await fetch()
        row = await store_file(talk.platform, talk.principal.subject, content, sent.name, *([known] if known else ()))
    except Problem as problem:
        if otherwise and problem.status < 500 and problem.status != TOO_LARGE:
            talk.say(otherwise)
        else:
            talk.refused(problem)
        return None
    return str(row.id)
