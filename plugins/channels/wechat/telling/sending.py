"""What is said unasked: WeChat's customer-service messages, each inside a window that somebody's message has opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from banshi import Platform, Problem
from banshi.sdk.files import read_file
from banshi.sdk.outgoing import Refused
from conversations import Accepted, Later, Opened, Outbound, Outcome, Received, Shut, not_ready, outcome_of
from conversations import Refused as NotTaken
from wechat.accounts import ACCOUNTS, FromWeChat, OpenAccount
from wechat.api.codes import CODES
from wechat.sentences import say, word

log = structlog.get_logger("wechat.sending")

#: What WeChat lets be said after something of theirs; a choice in a menu message counts as a click.
WINDOWS = {
    "words": Opened("words", timedelta(hours=48), 5),
    "click": Opened("click", timedelta(minutes=1), 3),
}

#: As it is named to people.
WECHAT = word("WeChat")

#: Bytes of one text of ours; what is longer isn't shown.
MAX_TEXT_BYTES = 2_048

#: Pictures that WeChat's customer-service messages take: its pages name no other file. Bytes at most.
FILES = dict.fromkeys(("image/jpeg", "image/png", "image/gif"), 10_485_760)


class WeChatSender:
    """Sends for all accounts."""

    has_windows = True

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def windows(self, received: Received) -> Sequence[Opened]:
        """What that message opens."""
        opens = received.opens if isinstance(received, FromWeChat) else ""
        return [WINDOWS[opens]] if opens else []

    async def ready(self, account: str) -> Later | None:
        """None where there is a token; otherwise when to look again."""
        found = account_named(self._platform, account)
        if found is None or not found.settings.may_say_unasked:
            return None
        return await not_ready(found.api.ready, CODES, self._platform.now())

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once."""
        account = account_named(self._platform, outbound.account)
        if account is None:
            return NotTaken("no-account", say("This account is not run here any more."))
        if not account.settings.may_say_unasked:
            return Shut()
        message: dict[str, object] = {"msgtype": "text", "text": {"content": outbound.reply.text}}
        try:
            if (file := outbound.reply.file) is not None:
                content = await read_file(self._platform, file.id)
                media_id = await account.api.upload(file.name or file.id, file.media_type, content)
                message = {"msgtype": "image", "image": {"media_id": media_id}}
            await account.api.post("/cgi-bin/message/custom/send", {"touser": outbound.contact, **message})
        except Refused as error:
            return outcome_of(error, CODES, self._platform.now(), WECHAT)
        except Problem:
            return NotTaken("no-file", say("The file is not there any more: send it again."))
        return Accepted()


def account_named(platform: Platform, name: str) -> OpenAccount | None:
    """The account that the conversations know by that name."""
    return next((one for one in platform[ACCOUNTS].values() if one.name == name), None)
