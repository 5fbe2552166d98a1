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
from tortoise.exceptions import IntegrityError
from tortoise.functions import Sum

from banshi.builtin.personal_data.housekeeping import remove_unused
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import MalformedBody, StorageFull, TooLarge, TooManyRequests, UnsupportedMediaType
from banshi.foundation.files.media_types import sniff
from banshi.kernel.cases import attachments
from banshi.kernel.cases.representations import attachment_document
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kinds.appeal.tips.flood import FLOOD, FLOODED
from banshi.kinds.appeal.tips.representations import PICTURE
from banshi.kinds.pictures import READ, cleaned

ROUTES = Routes("tips", unnamed=True)

#: Seconds that a slow client may take for so many bytes of a picture, and for all of it.
SLOW_PIECE_S, MIN_PIECE_BYTES, BODY_TIMEOUT_S = 15.0, 65_536, 300.0

#: How long a picture surely waits for the tip that names it, and how many go at once where there is no room.
WRITING_TIME, REMOVED_AT_ONCE = timedelta(minutes=15), 20

#: A thread of their own: whoever floods it holds up no photo of anybody who says who they are.
_workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="banshi-tips")

REFUSED = {
    "zh-CN": "匿名时只收JPEG、PNG或WebP图片：PDF、HEIC等文件会留有作者、设备等信息，无法可靠清除。请改用截图或照片。",
    "en": "Without a name only JPEG, PNG or WebP pictures are taken: PDF, HEIC and the like can tell who made them, and"
    " that can't be taken out for certain. Send a screenshot or a photo instead.",
}


@ROUTES.post(
    "/v1/tips/pictures",
    Audience.ANYONE,
    {201: Answer("It is stored.", PICTURE), **FLOODED},
    raw_body={media_type: {"contentMediaType": media_type} for media_type in READ},
)
async def upload_of_tip(call: Call) -> web.StreamResponse:
    """Upload a picture for a tip or a message; what its camera wrote into it is left out.

    Its id goes into a form or a message. Nobody can read it before that.
    """
    platform, flood, request = call.platform, call.platform[FLOOD], call.request
    if request.content_type not in READ:
        raise UnsupportedMediaType(REFUSED, accepted=list(READ))
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType("Send the picture without Content-Encoding.")
    flood.room()
    flood.one_picture()
    await _make_room(platform)
    with flood.holding() as hold:
        content = await _body(request, platform.settings.attachment_limit, hold)
        if sniff(content) not in READ:
            raise UnsupportedMediaType(REFUSED, accepted=list(READ))
        with flood.turn():
            picture = await cleaned(content, workers=_workers)
    # An id of chance alone: whoever knows it may use the picture, once.
    received = await attachments.receive(
        platform.settings.attachments_folder,
        _whole(picture.content),
        platform.settings.attachment_limit,
        identity=uuid4(),
    )
    row = Attachment(
        id=received.id,
        person="",
        media_type=received.media_type,
        size=received.size,
        sha256=received.sha256,
        created_at=platform.now(),
    )
    document = attachment_document(platform, row)
    del document["links"]
    # A task of its own: a caller who hangs up does not take the write back, so the file must not go either.
    await asyncio.shield(asyncio.create_task(_record(platform, row)))
    return reply(call, document, status=201)


async def _record(platform: Platform, row: Attachment) -> None:
    try:
        await platform.store.commit(Write(rows=[row]))
    except (IntegrityError, StorageFull):
        (platform.settings.attachments_folder / str(row.id)).unlink(missing_ok=True)
        raise


async def _make_room(platform: Platform) -> None:
    """Delete the oldest pictures that no tip uses, as far as those that came lately leave no room.

    Raises TooManyRequests where none is old enough: whoever has just sent one is still writing.
    """
    unused = Attachment.filter(person="", case_id=None)
    while True:
        rows = await unused.annotate(total=Sum("size")).values("total")
        if not rows or (rows[0]["total"] or 0) < platform.settings.tip_quota:
            return
        oldest = await unused.order_by("created_at").limit(REMOVED_AT_ONCE)
        old = [file for file in oldest if file.created_at <= platform.now() - WRITING_TIME]
        if oldest and not old:
            raise _full(oldest[0].created_at + WRITING_TIME - platform.now())
        await remove_unused(platform, old)


def _full(wait: timedelta) -> TooManyRequests:
    told = {
        "zh-CN": "暂时不能再收图片，请先提交文字，图片可以以后凭查询码补充。",
        "en": "No more pictures can be taken at present; send the text, and pictures later with its code.",
    }
    return TooManyRequests(told, headers={"Retry-After": str(math.ceil(wait.total_seconds()))})


async def _body(request: web.Request, limit: int, hold: Callable[[int], None]) -> bytes:
    """The whole body. Raises TooLarge as soon as the limit is passed, MalformedBody for one that doesn't come."""
    if (request.content_length or 0) > limit:
        raise TooLarge(f"A picture has at most {limit} bytes.", limit=limit)
    parts, size, now = [], 0, asyncio.get_running_loop().time
    due, then = now() + SLOW_PIECE_S, 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while chunk := await asyncio.wait_for(request.content.readany(), due - now()):
                size += len(chunk)
                if size >= then + MIN_PIECE_BYTES:
                    due, then = now() + SLOW_PIECE_S, size
                if size > limit:
                    raise TooLarge(f"A picture has at most {limit} bytes.", limit=limit)
                hold(len(chunk))
                parts.append(chunk)
    except TimeoutError:
        raise MalformedBody("The picture was not all there in time; send it again.") from None
    return b"".join(parts)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
