"""A picture or a voice that somebody sends: fetched at once, and kept as any upload of theirs."""

from __future__ import annotations

from collections.abc import Callable

from banshi import Problem
from banshi.sdk.files import store_file
from conversations.contents import File
from conversations.engine.turn.talk import Talk

#: HTTP's status for a file of a kind that isn't taken (RFC 9110 section 15.5.16).
UNSUPPORTED = 415


async def stored(talk: Talk, file: File, *known: Callable[[bytes], str | None]) -> str | None:
    """The id of the upload; None where it can't be taken, which is said. A voice is `known` by `sound_in`."""
    if talk.principal is None:
        # A stranger's would be nobody's: every stranger's alike, in one room for all of them.
        talk.say("A file is taken from whoever is known here: sign in for this contact first.")
        return None
    try:
        row = await store_file(talk.platform, talk.principal.subject, await file.fetch(), file.name, *known)
    except Problem as problem:
        if known and problem.status == UNSUPPORTED:
            talk.say("This voice message can't be kept: please write.")
        else:
            talk.refused(problem)
        return None
    return str(row.id)
