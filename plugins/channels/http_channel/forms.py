"""What passes over HTTP between a channel and the conversations: JSON for what `conversations.contents` has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from banshi import LANGUAGES, Call
from banshi.sdk.documents import MOMENT, TEXT, Record, array, optional
from conversations import Content, File, Joined, Left, Opened, Place, Received, Reply, Scanned, Text, Voice
from http_channel.line import LINE
from http_channel.models import ChannelRow

#: A channel's name; and a provider's id, of a contact or a message: one line of what can be seen.
NAME = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$"}
LINE_OF_TEXT = r"^[^\x00-\x1f\x7f\u2028\u2029]+$"


def _id(most: int, about: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": LINE_OF_TEXT, "description": about}


TITLE = {"type": "string", "minLength": 1, "maxLength": 40, "pattern": LINE_OF_TEXT}
CHANNEL_BODY = Record(
    title={**Record(**dict.fromkeys(LANGUAGES, TITLE)), "description": "What people call it."},
    endpoint={"type": "string", "maxLength": 2048, "description": "The https:// address that is called."},
    secret={"type": "string", "maxLength": 128, "description": "whsec_ and 24 to 64 random bytes in base64."},
).form()

CHANNEL = Record(
    name=TEXT,
    account={**TEXT, "description": "Its name among all accounts."},
    title=Record(**dict.fromkeys(LANGUAGES, TEXT)),
    endpoint=TEXT,
    created_at=MOMENT,
    updated_at=MOMENT,
)

_FILE = _id(255, "Your id of the file: your endpoint is asked for it.")
_FILE_NAME = optional({"type": "string", "maxLength": 255, "description": "What it is called."})
_DEGREES = {"type": "number", "minimum": -180, "maximum": 180}
_NOTHING = optional(Record())

MESSAGE = Record(
    key=_id(255, "The provider's id of the message: a repeat has the same, and gets the same reply."),
    contact=_id(128, "The provider's id of who sent it."),
    language=optional({"enum": [*LANGUAGES], "description": "Where the provider knows it."}),
    group=optional({"type": "boolean", "description": "Others read along, and the contact is the group."}),
    window=optional(
        {
            **Record(
                seconds={"type": "integer", "minimum": 1, "maximum": 31_536_000, "description": "From now on."},
                sends=optional({"type": "integer", "minimum": 0, "maximum": 1_000, "description": "So many messages."}),
            ),
            "description": "Until when they may be written to, where the provider limits that; they always may else.",
        }
    ),
    content={
        **Record(
            text=optional({"type": "string", "maxLength": 20_000, "description": "What was written or chosen."}),
            file=optional(Record(id=_FILE, name=_FILE_NAME)),
            place=optional(
                Record(
                    latitude={**_DEGREES, "minimum": -90, "maximum": 90},
                    longitude=_DEGREES,
                    label=optional({"type": "string", "maxLength": 255}),
                )
            ),
            voice=optional(
                Record(
                    words=optional({"type": "string", "maxLength": 4_000, "description": "Words heard in it."}),
                    file=optional(_FILE),
                    name=_FILE_NAME,
                )
            ),
            scanned=optional(Record(token={"type": "string", "maxLength": 512})),
            joined=_NOTHING,
            left=_NOTHING,
        ),
        "minProperties": 1,
        "maxProperties": 1,
        "description": "One of these.",
    },
).form()

OUTCOME = Record(
    id=_id(128, "The id that your endpoint gave when it accepted the message, or that of the call."),
    outcome={"enum": ["arrived", "failed"], "description": "What the provider says became of it."},
    code=optional({"type": "string", "maxLength": 64, "description": "The provider's own word for why not."}),
).form()

CHOICE = Record(value={"description": "What is handed in for it."}, title=TEXT, says=TEXT)
ASKED = Record(
    sort={**TEXT, "description": "What it wants; confirm where all is shown once more, menu outside a form."},
    pointer={**TEXT, "description": "JSON Pointer into what is handed in."},
    title=TEXT,
    schema={"type": "object", "description": "The field's JSON Schema, such as x-attachment for a file."},
    choices=array(CHOICE),
)
REPLY = Record(
    text={**TEXT, "description": "What they are to read; empty where nothing is said."},
    buttons=array(Record(label=TEXT, says=TEXT)),
    asked=optional({**ASKED, "description": "The question at its end, as data."}),
)


#: Where the provider doesn't limit it, contacts may be written to for so long.
ALWAYS = timedelta(days=3_650)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReceived(Received):
    """A message with the window that it opens."""

    opened: Opened


def received(call: Call, channel: ChannelRow) -> HttpReceived:
    """The message of a body that has been checked."""
    body = call.body
    window = body.get("window")
    lasts = timedelta(seconds=window["seconds"]) if window else ALWAYS
    return HttpReceived(
        opened=Opened("chat", lasts, window.get("sends") if window else None, replaces=True),
        key=body["key"],
        contact=body["contact"],
        content=_content(call, channel, *next(iter(body["content"].items()))),
        at=call.now,
        language=body.get("language", ""),
        group=body.get("group", False),
    )


def _content(call: Call, channel: ChannelRow, sort: str, given: Any) -> Content:
    fetch = partial(call.platform[LINE].file, channel)
    match sort:
        case "text":
            return Text(given)
        case "file":
            return File(partial(fetch, given["id"]), given.get("name", ""))
        case "place":
            return Place(given["latitude"], given["longitude"], given.get("label", ""))
        case "voice":
            sound = partial(fetch, given["file"]) if "file" in given else None
            return Voice(given.get("words", ""), sound, given.get("name", ""))
        case "scanned":
            return Scanned(given["token"])
    return Joined() if sort == "joined" else Left()


def spoken(reply: Reply) -> dict[str, Any]:
    """What is said, with its question as data."""
    told: dict[str, Any] = {
        "text": reply.text,
        "buttons": [{"label": one.label, "says": one.says} for one in reply.buttons],
    }
    if (asked := reply.asked) is not None:
        choices = [{"value": value, "title": title, "says": says} for value, title, says in asked.choices]
        own = {"sort": asked.sort, "pointer": asked.pointer, "title": asked.title, "schema": dict(asked.schema)}
        told["asked"] = {**own, "choices": choices}
    return told
