"""A picture that somebody sends: fetched at once, and kept as any upload of theirs."""

from __future__ import annotations

from banshi import Problem
from banshi.sdk.files import store_file
from conversations.contents import File
from conversations.engine.talk import Talk


async def stored(talk: Talk, file: File) -> str | None:
    """The id of the upload; None where it can't be taken, which is said."""
    if talk.principal is None:
        # A stranger's would be nobody's: every stranger's alike, in one room for all of them.
        talk.say("A file is taken from whoever is known here: sign in for this contact first.")
        return None
    try:
        row = await store_file(talk.platform, talk.principal.subject, await file.fetch(), file.name)
    except Problem as problem:
        if problem.status >= 500:
            raise
        talk.lines.append(talk.told(problem))
        return None
    return str(row.id)
