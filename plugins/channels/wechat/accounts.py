"""An account that is talked on: what its messages mean to the conversations, and its way to WeChat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from banshi import Key, Unavailable
from banshi.sdk.outgoing import Consequence, Refused
from conversations import (
    Content,
    File,
    FileOver,
    FileTooLarge,
    Joined,
    Left,
    Place,
    Received,
    Scanned,
    Text,
    Unread,
    Video,
    Voice,
)
from wechat.api.client import TOO_LONG, Api
from wechat.settings import AccountSettings
from wire.crypto import MessageCipher
from wire.messages import Message, degrees_of

#: What a QR code's text begins with in the event of somebody who follows by it.
FOLLOWED_BY = "qrscene_"

#: What stands in a text in place of a sticker, a red packet and the like.
UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromWeChat(Received):
    """What the conversations take of a message, and what it lets us say unasked."""

    #: Of `WINDOWS`; "" for none.
    opens: str = ""


class OpenAccount:
    """One account of the settings; the conversations know it by `name`."""

    def __init__(self, settings: AccountSettings, api: Api) -> None:
        self.settings, self.api = settings, api
        self.name = f"wechat:{settings.appid}"
        self.cipher = MessageCipher(settings.aes_key, settings.appid) if settings.aes_key else None

    def received(self, message: Message) -> FromWeChat | None:
        """What the conversations take of a message; None where it says nothing to them. Raises xml.Unreadable."""
        make = CONTENTS.get(message.kind, _other)
        content = make(self, message)
        if content is None:
            return None
        clicked = message.kind.startswith("event/") or bool(message["bizmsgmenuid"])
        opens = "" if isinstance(content, Left) else "click" if clicked else "words"
        return FromWeChat(key=message.key, contact=message.sender, content=content, at=message.at, opens=opens)

    async def fetched(self, media_id: str) -> bytes:
        """A file that somebody has sent. Raises FileOver, FileTooLarge, and Unavailable where WeChat doesn't answer."""
        try:
            return await self.api.media(media_id)
        except Refused as error:
            if error.consequence is Consequence.REFUSED and error.code in ("", TOO_LONG):
                raise FileTooLarge from None
            raise FileOver if error.consequence in (Consequence.REFUSED, Consequence.DEAD) else Unavailable from None


def _text(_: OpenAccount, message: Message) -> Content:
    # Of a choice in a menu message, its id: that is what a button of ours says.
    text = message["bizmsgmenuid"] or message["Content"]
    return Unread() if text == UNSUPPORTED else Text(text)


def _other(_: OpenAccount, message: Message) -> Content | None:
    """A message of a sort that isn't read; of events nobody waits for an answer."""
    return None if message.kind.startswith("event/") else Unread()


def _file(account: OpenAccount, message: Message, suffix: str) -> Content:
    media = message["MediaId"]
    return File(partial(account.fetched, media), f"{media[:32]}{suffix}")


def _video(account: OpenAccount, message: Message) -> Content:
    media = message["MediaId"]
    return Video(partial(account.fetched, media), f"{media[:32]}.mp4")


def _voice(account: OpenAccount, message: Message) -> Content:
    # Its words are what WeChat has heard in it, where the account has that switched on.
    media = message["MediaId"]
    return Voice(message["Recognition"], partial(account.fetched, media) if media else None, f"{media[:32]}.amr")


def _followed(account: OpenAccount, message: Message) -> Content:
    # Without the beginning it is no code's: last_trade_no_… of who has paid somewhere.
    key = message["EventKey"]
    return _came_by(account, key.removeprefix(FOLLOWED_BY)) if key.startswith(FOLLOWED_BY) else Joined()


def _came_by(account: OpenAccount, scene: str) -> Content:
    known = account.settings.scenes.get(scene)
    return known.entrance if known else Scanned(scene) if scene else Joined()


#: By the kind of a message. Other events are answered with nothing: reports of where somebody is, clicks that led to a
#: page, and whatever WeChat will think of.
CONTENTS: Mapping[str, Callable[[OpenAccount, Message], Content | None]] = {
    "text": _text,
    "image": partial(_file, suffix=".jpg"),
    "video": _video,
    "shortvideo": _video,
    "voice": _voice,
    "location": lambda _, message: Place(*degrees_of(message), message["Label"]),
    "link": lambda _, message: Text(f"{message['Title']}\n{message['Url']}"),
    "event/subscribe": _followed,
    "event/unsubscribe": lambda *_: Left(),
    "event/scan": lambda account, message: _came_by(account, message["EventKey"]),
    # A menu's entry is a text that somebody could type.
    "event/click": lambda _, message: Text(message["EventKey"]),
    "event/scancode_waitmsg": lambda _, message: Text(message["ScanCodeInfo/ScanResult"]),
}


#: The accounts by the name that their addresses have.
ACCOUNTS: Key[Mapping[str, OpenAccount]] = Key("wechat accounts")
