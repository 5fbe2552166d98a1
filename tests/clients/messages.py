"""Messages to wang, by number."""

from __future__ import annotations

from datetime import datetime

from banshi import Message
from banshi.testing import Door
from mobile_push.delivery.service import deliver


def message(number: int, at: datetime) -> Message:
    text = {"zh-CN": f"第{number}条", "en": f"Number {number}"}
    identity = f"00000000-0000-7000-8000-{number:012}"
    return Message(id=identity, kind="case", person="wang", title=text, body=text, link="/v1", created_at=at)


async def said(door: Door, first: int, last: int) -> None:
    await deliver(door.platform, [message(number, door.platform.now()) for number in range(first, last + 1)])
