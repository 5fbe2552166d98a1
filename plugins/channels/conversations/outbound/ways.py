"""How a message may be sent: as a notice of the provider's own, or in a window that is open; and what that spends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from banshi import Platform, Update
from banshi.sdk.operations import place_of
from conversations.contents import Reply
from conversations.outbound import windows
from conversations.outbound.saying import MAX_CODE_CHARS, NOTICE
from conversations.outbound.sender import Kind, Later, Notice, Outbound, Outcome, Outlet, Sender
from conversations.tables.models import Said, Window

log = structlog.get_logger("banshi.conversations")

#: Seconds that a send, and what is asked before one, may take.
SEND_S = 15.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a message may be sent."""

    #: The window that it takes, "" for none.
    window: str = ""
    send: Callable[[], Awaitable[Outcome]] | None = None
    #: Written with the mark, where nothing was sent, and where the provider says that the window is over.
    spends: Sequence[Update] = ()
    gives_back: Sequence[Update] = ()
    shuts: Sequence[Update] = ()
    #: Of a notice of the provider's own.
    notice: Notice | None = None


class Ways:
    """Those of one channel."""

    def __init__(self, platform: Platform, outlet: Outlet, sender: Sender) -> None:
        self._platform, self._channel, self._sender = platform, outlet.channel, sender
        self._notifier = outlet.notifier(platform) if outlet.notifier else None
        self._ready = outlet.ready(platform) if outlet.ready else None

    async def of(self, said: Said) -> Sequence[Way] | Later:
        """How it may be sent, the best in front; or when it can be."""
        notice = await self._notice(said)
        if isinstance(notice, Later):
            return notice
        if isinstance(notice, Notice):
            return [Way(NOTICE, notice.send, notice.spends, notice.gives_back, notice=notice)]
        said.code = notice[:MAX_CODE_CHARS]
        if (later := await self._not_ready(said.conversation.account)) is not None:
            return later
        if not self._sender.has_windows:
            return [Way("", partial(self._sender.send, self._outbound(said)))]
        now = self._platform.now()
        return [
            Way(
                one.kind,
                partial(self._sender.send, self._outbound(said, one)),
                [windows.spending(one, now)],
                [windows.giving_back(one)],
                [windows.shutting(one)],
            )
            for one in await windows.usable(said.conversation_id, now, said.window, alone=said.code == windows.UNSURE)
        ]

    async def _notice(self, said: Said) -> Notice | Later | str:
        """The provider's own that tells of it; why there is none, or "" where that isn't asked for."""
        if self._notifier is None or said.kind in ("", "notice"):
            return said.code
        kind: Kind = "alert" if said.kind == "alert" else "case"
        try:
            async with asyncio.timeout(SEND_S):
                return await self._notifier.notice(self._outbound(said), kind, said.news or {})
        except Exception as error:
            log.error("no notice was made", channel=self._channel, error=type(error).__name__, where=place_of(error))
            return "no-notice"

    def _outbound(self, said: Said, window: Window | None = None) -> Outbound:
        to, reply = said.conversation, Reply.of(said.words)
        opened = {"window": window.kind, "ref": window.ref} if window else {}
        return Outbound(id=str(said.id), account=to.account, contact=to.contact, reply=reply, **opened)

    async def _not_ready(self, account: str) -> Later | None:
        """When it can be sent, where that isn't now."""
        try:
            async with asyncio.timeout(SEND_S):
                return await self._ready(account) if self._ready else None
        except Exception as error:
            log.error("a channel isn't ready", channel=self._channel, error=type(error).__name__, where=place_of(error))
            return Later()
