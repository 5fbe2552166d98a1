"""Danger first: whom to call, what helps, and the desk's bell; what is being filled in waits where it is."""

from __future__ import annotations

from banshi.sdk.danger import danger_in
from conversations.engine.bind import waiting
from conversations.engine.turn.talk import Talk


async def heard(talk: Talk) -> bool:
    """Say what to do at once, and nothing else; False where no danger is spoken of, or an officer reads it."""
    danger = danger_in(talk.text)
    if danger is None or talk.row.state == "held":
        return False
    talk.lines += danger.told(talk.language)
    for page in (await talk.get("/v1/help"))["items"]:
        if danger.kind in page["dangers"]:
            phones = (f"{one['title']}: {one['number']}" for one in page["phones"])
            talk.lines += [page["title"], *page["steps"], *phones]
    if talk.row.state == "waiting":
        return await waiting.heard(talk)
    if talk.row.state in ("asking", "confirming"):
        talk.dialogue.doubted = talk.text
    if await waiting.ring(talk):
        return True
    if talk.row.state in ("idle", "gone", "rating"):
        talk.happen("over")
    elif talk.memory.dialogues:
        talk.say("“{title}” waits: write “continue” to go on with it.", title=talk.dialogue.title)
    return True
