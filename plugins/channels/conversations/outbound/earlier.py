"""Notices that a channel of the version before has told in a table of its own, kept as ours. Goes with the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.models import Model

from banshi import Platform, Update
from conversations.contents import Reply
from conversations.outbound.saying import NOTICE
from conversations.tables.models import Said

#: What a state of its was is to us; of one that waits nothing is kept, since it is promised again.
STATES = {"sending": "unknown", "said": "refused"}


def kept(platform: Platform, channel: str, row: Mapping[str, Any]) -> Sequence[Model | Update]:
    """What is written for one of its rows, beside the mark that it was taken over.

    Args:
        row: Its columns: id, key, conversation_id, person, alert, until, words, state, code, provider_id, at.
    """
    if row["state"] == "waiting":
        return ()
    same = {name: row[name] for name in ("conversation_id", "person", "until", "code", "provider_id", "at")}
    said = Said(
        id=UUID(str(row["id"])),
        channel=channel,
        key=f"told-{row['key']}",
        by="notice",
        words=Reply(text=row["words"]).stored(),
        kind="alert" if row["until"] else "case",
        about=row["alert"],
        state=STATES.get(row["state"], row["state"]),
        window=NOTICE,
        settled_at=platform.now(),
        **same,
    )
    # Its words in the chat are about the alert, too.
    return [said, Update(Said, {"key": f"notice-{row['key']}"}, {"about": row["alert"]}, rows=None)]
