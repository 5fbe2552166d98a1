"""The bots that are talked with, and what they send: answers to a message, each with its number."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from banshi import Key, Platform, Problem, text_in
from banshi.sdk.files import read_file
from banshi.sdk.outgoing import Outgoing, Refused
from conversations import Accepted, Button, Later, Opened, Outbound, Outcome, Received, fetched, not_ready, outcome_of
from conversations import Refused as NotTaken
from qq.api import CODES, MARKDOWN, MEDIA, TEXT, Api
from qq.events import COMES_OR_GOES, GROUP
from qq.sentences import say
from qq.settings import SETTINGS, BotSettings
from qq.signing import key_of

#: Pictures that QQ takes, bytes at most; and seconds that it may take to fetch what somebody sent.
FILES, FILE_S = dict.fromkeys(("image/jpeg", "image/png"), 10_485_760), 10.0

#: Bytes of one text of ours.
MAX_TEXT_BYTES = 4_000

#: Buttons of a row, and rows; and letters of one.
IN_A_ROW, ROWS, MAX_LABEL = 2, 5, 10

ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；）】]+", re.IGNORECASE)
HIDDEN = "(an address that can't be shown here: open the city's app or site)"


class Bot:
    """One bot of the settings; the conversations know it by `name`."""

    def __init__(self, settings: BotSettings, api: Api, outgoing: Outgoing) -> None:
        self.settings, self.api, self.fetched = settings, api, partial(fetched, outgoing, seconds=FILE_S)
        self.name, self.key = f"qq:{settings.appid}", key_of(settings.secret)

    def without_addresses(self, text: str, language: str) -> str:
        """A text without addresses that aren't registered at q.qq.com: QQ would refuse all of it."""

        def one(found: re.Match[str]) -> str:
            known = any(found[0].startswith(beginning) for beginning in self.settings.addresses)
            return found[0] if known else text_in(say(HIDDEN), language)

        return ADDRESS.sub(one, text)


BOTS: Key[Mapping[str, Bot]] = Key("qq's bots")


class QqSender:
    """Sends for all bots."""

    has_windows = True

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def windows(self, received: Received) -> Sequence[Opened]:
        """Each message may be answered: that is its window."""
        rules = self._platform[SETTINGS]
        minutes = rules.group_minutes if received.group else rules.minutes
        return [Opened("answer", timedelta(minutes=minutes), rules.answers, own=True)]

    async def ready(self, account: str) -> Later | None:
        """None where there is a token; otherwise when to look again."""
        bot = self._bot(account)
        return await not_ready(bot.api.ready, CODES, self._platform.now()) if bot else None

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once."""
        bot, contact = self._bot(outbound.account), outbound.contact
        if bot is None:
            return NotTaken("no-bot", say("This bot is not run here any more."))
        group = contact.startswith(GROUP)
        to = f"groups/{contact.removeprefix(GROUP)}" if group else f"users/{contact}"
        message: dict[str, Any] = {"content": bot.without_addresses(outbound.reply.text, "zh-CN"), "msg_type": TEXT}
        try:
            if (file := outbound.reply.file) is not None:
                shown = await bot.api.upload(to, await read_file(self._platform, file.id))
                message = {"content": " ", "msg_type": MEDIA, "media": {"file_info": shown}}
            elif bot.settings.buttons and not group and 0 < len(outbound.reply.buttons) <= IN_A_ROW * ROWS:
                message = _with_buttons(message["content"], outbound.reply.buttons)
            return Accepted(await bot.api.send(to, {**message, **_answering(outbound)}))
        except Refused as error:
            return outcome_of(error, CODES, self._platform.now(), "QQ")
        except Problem:
            return NotTaken("no-file", say("The file is not there any more: send it again."))

    def _bot(self, account: str) -> Bot | None:
        return next((one for one in self._platform[BOTS].values() if one.name == account), None)


def _answering(outbound: Outbound) -> dict[str, Any]:
    """What it is an answer to, and its number there: the same at every try, so that QQ shows it once."""
    kind = "event_id" if outbound.ref.partition(":")[0] in COMES_OR_GOES else "msg_id"
    digest = hashlib.blake2b(outbound.id.encode(), digest_size=4).digest()
    return {kind: outbound.ref, "msg_seq": (int.from_bytes(digest) >> 1) or 1}


def _with_buttons(text: str, buttons: Sequence[Button]) -> dict[str, Any]:
    """A text in markdown, whose every line is one, above buttons that send what they say."""
    made = [
        {
            "id": str(number),
            "render_data": {"label": one.label[:MAX_LABEL], "visited_label": one.label[:MAX_LABEL], "style": 0},
            "action": {"type": 2, "permission": {"type": 2}, "data": one.says, "enter": True},
        }
        for number, one in enumerate(buttons, start=1)
    ]
    rows = [{"buttons": made[first : first + IN_A_ROW]} for first in range(0, len(made), IN_A_ROW)]
    plain = re.sub(r"([\\`*_{}\[\]#~|>])", r"\\\1", text).replace("\n", "\n\n")
    return {"msg_type": MARKDOWN, "markdown": {"content": plain}, "keyboard": {"content": {"rows": rows}}}
