"""An account that is talked on: what its messages mean to the conversations, and what is said by a call of its own.

Source: open.weibo.com/wiki, 粉丝服务平台: its messages have WeChat's form in XML mode (Eps/push/set_format), and a
reply goes by messages/reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import orjson

from banshi import Key, Platform
from banshi.sdk.outgoing import Codes, Consequence, Outgoing, Refused, Request, Vendor
from conversations import (
    Accepted,
    Content,
    File,
    Joined,
    Left,
    Opened,
    Outbound,
    Outcome,
    Place,
    Received,
    Text,
    Unread,
    Voice,
    fetched,
    outcome_of,
)
from conversations import Refused as NotTaken
from weibo.sentences import say, word
from weibo.settings import SETTINGS, AccountSettings
from wire.messages import Message, degrees_of

#: Seconds that it may take to fetch a picture that somebody has sent.
FILE_S = 4.0

#: As it is named to people.
WEIBO = word("Weibo")

CODES = Codes(
    {
        "10001": Consequence.SOON,  # Weibo is busy
        "10002": Consequence.SOON,
        "10009": Consequence.SOON,
        "10010": Consequence.SOON,
        "10022": Consequence.SOON,  # too many calls, of this machine, of the account, of this kind
        "10023": Consequence.SOON,
        "10024": Consequence.SOON,
        "10014": Consequence.OURS,  # the app may not
        "21314": Consequence.OURS,  # the access token is used up, over, taken back, or none
        "21315": Consequence.OURS,
        "21316": Consequence.OURS,
        "21317": Consequence.OURS,
        "21327": Consequence.OURS,
        "21332": Consequence.OURS,
        "20003": Consequence.DEAD,  # nobody has that number
        "10027": Consequence.SHUT,  # they have not written for too long
        "20504": Consequence.DEAD,  # they don't follow the account any more
    }
)


class OpenAccount:
    """One account of the settings; the conversations know it by `name`."""

    def __init__(self, settings: AccountSettings, vendor: Vendor, outgoing: Outgoing) -> None:
        self.settings, self._vendor = settings, vendor
        self.fetched = partial(fetched, outgoing, seconds=FILE_S)
        self.name = f"weibo:{settings.uid}"

    def received(self, message: Message) -> Received | None:
        """What the conversations take of a message; None where it says nothing to them. Raises xml.Unreadable."""
        if message.sender == self.settings.uid:
            return None
        content = CONTENTS.get(message.kind, _other)(self, message)
        if content is None:
            return None
        return Received(key=message.key, contact=message.sender, content=content, at=message.at)

    async def reply(self, to: str, text: str) -> None:
        """Say something outside an answer. Raises Refused."""
        # The document is percent-encoded before the form is.
        data = quote(orjson.dumps({"text": text}))
        form = {"type": "text", "data": data, "receiver_id": to, "save_sender_box": "1"}
        query = {"access_token": self.settings.access_token}
        await self._vendor.ask(Request(method="POST", path="/2/messages/reply.json", query=query, form=form), _read)


def _read(status: int, _: Mapping[str, str], body: bytes) -> None:
    """Raises Refused where it has an error_code, or is no document."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or (status != 200 and "error_code" not in found):
        raise Refused("", Consequence.UNKNOWN)
    if code := found.get("error_code"):
        raise CODES.refused(code)


def _picture(account: OpenAccount, message: Message) -> Content:
    url = message["PicUrl"]
    return File(partial(account.fetched, url), f"{message.key[:32]}.jpg") if url else Unread()


def _other(_: OpenAccount, message: Message) -> Content | None:
    return None if message.kind.startswith("event/") else Unread()


#: By the kind of a message. Who subscribes has followed before, or does now.
CONTENTS: Mapping[str, Callable[[OpenAccount, Message], Content | None]] = {
    "text": lambda _, message: Text(message["Content"]),
    "image": _picture,
    "voice": lambda _, message: Voice(message["Recognition"]),
    "location": lambda _, message: Place(*degrees_of(message), message["Label"]),
    "event/follow": lambda *_: Joined(),
    "event/subscribe": lambda *_: Joined(),
    "event/unfollow": lambda *_: Left(),
    "event/unsubscribe": lambda *_: Left(),
    "event/click": lambda _, message: Text(message["EventKey"]),
}

#: The accounts by the name that their addresses have.
ACCOUNTS: Key[Mapping[str, OpenAccount]] = Key("weibo accounts")


class WeiboSender:
    """Sends for all accounts."""

    has_windows = True

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def windows(self, received: Received) -> Sequence[Opened]:
        """Whoever writes may be written to for two days, any number of times; a follow opens nothing."""
        hours = self._platform[SETTINGS].hours
        return [] if isinstance(received.content, Joined | Left) else [Opened("words", timedelta(hours=hours))]

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once."""
        found = self._platform[ACCOUNTS].values()
        account = next((one for one in found if one.name == outbound.account), None)
        if account is None:
            return NotTaken("no-account", say("This account is not run here any more."))
        try:
            await account.reply(outbound.contact, outbound.reply.text)
        except Refused as error:
            return outcome_of(error, CODES, self._platform.now(), WEIBO)
        return Accepted()
