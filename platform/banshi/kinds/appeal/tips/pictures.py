"""Pictures that come without a name: held in memory until nothing of their camera is left in them.

The file as it came never reaches a disk, and neither does its name.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from aiohttp import web

from banshi.builtin.personal_data.housekeeping import remove_unused
from banshi.builtin.uploads import receiving
from banshi.builtin.uploads.points import READ
from banshi.builtin.uploads.room import unused
from banshi.builtin.uploads.routes import record
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import MalformedBody, TooLarge, UnsupportedMediaType
from banshi.foundation.files.media_types import sniff
from banshi.kernel.cases.representations import attachment_document
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kinds.appeal.problems import NoRoomForPictures, TellsWhoMadeIt
from banshi.kinds.appeal.rules import is_for_unnamed
from banshi.kinds.appeal.tips.flood import FLOOD, FLOODED
from banshi.kinds.appeal.tips.representations import PICTURE
from banshi.kinds.pictures import cleaned
from banshi.kinds.sentences import say

ROUTES = Routes("tips", unnamed=True)

#: Seconds that a slow client may take for so many bytes of a picture, and for all of it.
SLOW_PIECE_S, MIN_PIECE_BYTES, BODY_TIMEOUT_S = 15.0, 65_536, 300.0

#: How long a picture surely waits for the tip that names it, and how many go at once where there is no room.
WRITING_TIME, REMOVED_AT_ONCE = timedelta(minutes=15), 20

#: A thread of their own: whoever floods it holds up no photo of anybody who says who they are.
_workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="banshi-tips")


@ROUTES.post(
    "/v1/tips/pictures",
    Audience.ANYONE,
    {201: Answer("It is stored.", PICTURE), **FLOODED},
    raw_body={media_type: {"contentMediaType": media_type} for media_type in READ},
    linked=is_for_unnamed,
)
async def upload_of_tip(call: Call) -> web.StreamResponse:
    """Upload a picture for a tip or a message; what its camera wrote into it is left out.

    Its id goes into a form or a message. Nobody can read it before that.
    """
    platform, flood, request = call.platform, call.platform[FLOOD], call.request
    if request.content_type not in READ:
        raise TellsWhoMadeIt(accepted=list(READ))
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType(say("Send the picture without Content-Encoding."))
    sender = flood.sender(request)
    flood.room(sender)
    flood.one_picture(sender)
    await _make_room(platform)
    with flood.holding(sender) as hold:
        content = await _body(request, platform.settings.attachment_limit, hold)
        if sniff(content) not in READ:
            raise TellsWhoMadeIt(accepted=list(READ))
        with flood.turn(sender):
            picture = await cleaned(content, workers=_workers)
    # An id of chance alone: whoever knows it may use the picture, once.
    received = await receiving.receive(
        platform.settings.attachments_folder,
        _whole(picture.content),
        platform.settings.attachment_limit,
        identity=uuid4(),
    )
    row = received.row("", platform.now())
    document = attachment_document(platform, row)
    del document["links"]
    write = Write(rows=[row], caller=asyncio.current_task())
    await record(received.path(platform.settings.attachments_folder), platform.store.commit(write))
    return reply(call, document, status=201)


async def _make_room(platform: Platform) -> None:
    """Delete the oldest pictures that no tip uses, as far as those that came lately leave no room.

    Raises NoRoomForPictures where none is old enough: whoever has just sent one is still writing.
    """
    while await unused("") >= platform.settings.tip_quota:
        oldest = await Attachment.filter(person="", case_id=None).order_by("created_at").limit(REMOVED_AT_ONCE)
        old = [file for file in oldest if file.created_at <= platform.now() - WRITING_TIME]
        if oldest and not old:
            wait = oldest[0].created_at + WRITING_TIME - platform.now()
            raise NoRoomForPictures(headers={"Retry-After": str(math.ceil(wait.total_seconds()))})
        await remove_unused(platform, old)


async def _body(request: web.Request, limit: int, hold: Callable[[int], None]) -> bytes:
    """The whole body. Raises TooLarge as soon as the limit is passed, MalformedBody for one that doesn't come."""
    if (request.content_length or 0) > limit:
        raise TooLarge(
            say("This picture is too large: send one of at most {megabytes:.3g} MB.", megabytes=limit / 1_000_000),
            limit=limit,
        )
    parts, size, now = [], 0, asyncio.get_running_loop().time
    due, then = now() + SLOW_PIECE_S, 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while chunk := await asyncio.wait_for(request.content.readany(), due - now()):
                size += len(chunk)
                if size >= then + MIN_PIECE_BYTES:
                    due, then = now() + SLOW_PIECE_S, size
                if size > limit:
                    raise TooLarge(
                        say(
                            "This picture is too large: send one of at most {megabytes:.3g} MB.",
                            megabytes=limit / 1_000_000,
                        ),
                        limit=limit,
                    )
                hold(len(chunk))
                parts.append(chunk)
    except TimeoutError:
        raise MalformedBody(say("The picture was not all there in time; send it again.")) from None
    return b"".join(parts)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
