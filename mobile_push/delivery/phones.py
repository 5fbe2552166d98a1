"""The phones of a chunk, as a broadcast meets them: where each is reached, in which language, whether now, and what a
push has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from banshi import Platform, text_in
from banshi.sdk.database import as_read
from mobile_push.audience.audience import NOTICE
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.delivery.withdrawal import is_withdrawal, kind_of
from mobile_push.inbox.facts import NONE, of_broadcast
from mobile_push.providers.provider import Push
from mobile_push.screen.presentation import Presentation
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Address, Broadcast, Device
from mobile_push.ways import SECOND

#: Why a phone is not woken: its owner wishes no notices, or it had enough of them today.
UNWANTED, ENOUGH = "unwanted", "enough today"

#: Where the addresses stand that phones' own rows have, and what the table is called in a statement.
OWN = ("push_device d", "d")

#: Broadcasts whose texts are kept in memory.
MAX_BROADCASTS_KEPT = 64


class Phone(NamedTuple):
    """One phone."""

    token: str
    language: str
    #: Why it isn't woken at all; empty where it is.
    held: str = ""
    #: Seconds until its owner's quiet hours end.
    wait: float = 0.0
    #: Milliseconds of the database's clock until which this address is left alone, and how many others it has.
    away: int = 0
    ways: int = 0


class Phones:
    """Reads the phones of one provider."""

    def __init__(self, platform: Platform, provider: str, settings: PushSettings) -> None:
        self._platform = platform
        self._store = platform.store
        self._provider = provider.removesuffix(SECOND)
        #: Whether these are other addresses than the phones' rows have.
        self._second = provider.endswith(SECOND)
        self._cap = settings.notices_a_day
        self._presentation = settings.presentation
        self._broadcasts: dict[UUID, Broadcast] = {}

    @property
    def counted(self) -> bool:
        """Whether it is counted how many notices each phone has had."""
        return self._cap is not None

    async def broadcast(self, identity: Any) -> Broadcast:
        """The broadcast that a chunk belongs to, as it was when it was first asked for."""
        identity = identity if isinstance(identity, UUID) else UUID(str(identity))
        known = self._broadcasts.get(identity)
        if known is None:
            if len(self._broadcasts) >= MAX_BROADCASTS_KEPT:
                self._broadcasts.pop(next(iter(self._broadcasts)))
            known = self._broadcasts[identity] = await Broadcast.get(id=identity)
        return known

    def push(self, broadcast: Broadcast, language: str, ttl: int) -> Push:
        """What each phone of that language is sent: the headline and a link, the rest is read inside the app."""
        kind, withdrawn = kind_of(broadcast), is_withdrawal(broadcast)
        category, severity = NONE if withdrawn else of_broadcast(broadcast)
        is_alert = kind == "alert"
        return Push(
            # What is taken back is known by its own id: its state in the inbox has changed.
            message_id=str(broadcast.supersedes if withdrawn else broadcast.id),
            title=text_in(broadcast.title, language),
            body=text_in(broadcast.body, language)[:MAX_BODY_LENGTH],
            link=broadcast.link,
            kind="alert" if is_alert else "notice",
            ttl=ttl,
            collapse_key=broadcast.collapse_key or None,
            priority="high" if is_alert else "normal",
            presentation=self._loudness(broadcast),
            tag=broadcast.tag,
            image=broadcast.image,
            withdrawn=broadcast.state if withdrawn else "",
            category=category,
            severity=severity,
            thread="" if is_alert or withdrawn else category,
        )

    def _loudness(self, broadcast: Broadcast) -> Presentation:
        shown = self._presentation
        if is_withdrawal(broadcast):
            return shown.withdrawn
        return shown.of_alert(broadcast.cap) if broadcast.kind == "alert" else shown.of("notice", broadcast.category)

    async def read(self, lane: Lane, devices: Sequence[bytes], category: str = "") -> Mapping[bytes, Phone]:
        """The phones of these ids that are still there. An alert asks nobody's wishes; a notice whether its kind is
        muted, too.
        """
        if not devices:
            return {}
        table, one = ("push_address a JOIN push_device d ON d.id = a.device_id", "a") if self._second else OWN
        columns, wishes = f"d.id, {one}.token, d.language, {one}.away_until, d.ways", ""
        if lane is Lane.NOTICE:
            columns += ", p.notices, p.quiet_from, p.quiet_until, p.timezone, d.notice_day, d.notices AS had"
            wishes = "LEFT JOIN push_profile p ON p.person = d.person "
        mark = Marks(self._store)
        if lane is Lane.NOTICE and category:
            columns = columns.replace("p.notices,", "CASE WHEN s.id IS NULL THEN p.notices ELSE FALSE END,")
            about = mark(f"{NOTICE}{category}")
            wishes += f"LEFT JOIN push_silence s ON s.person = d.person AND s.about = {about} "
        these = mark.each(UUID(bytes=one) for one in devices)
        which = f"{one}.provider = {mark(self._provider)} AND d.id IN ({these})"
        sql = f"SELECT {columns} FROM {table} {wishes}WHERE {which}"  # noqa: S608
        _, rows = await self._store.connection.execute_query(sql, mark.values)
        if lane is not Lane.NOTICE:
            return {_bytes_of(row[0]): Phone(self._token(row[1]), row[2], "", 0.0, row[3], row[4]) for row in rows}
        now = self._platform.now()
        today = self.today()
        return {_bytes_of(row[0]): self._wished(row, now, today) for row in rows}

    def _wished(self, row: Any, now: Any, today: int) -> Phone:
        """A phone with what its owner wishes of notices."""
        _, stored, language, away, ways, notices, quiet_from, quiet_until, timezone, day, had = row
        phone = Phone(self._token(stored), language, "", 0.0, away, ways)
        if notices is not None and not notices:
            return phone._replace(held=UNWANTED)
        if self.had_enough(day, had, today):
            return phone._replace(held=ENOUGH)
        if quiet_from is None:
            return phone
        return phone._replace(wait=quiet_for(quiet_from, quiet_until, timezone, now))

    def _token(self, stored: Any) -> str:
        return str(as_read(Address if self._second else Device, "token", stored))

    def had_enough(self, day: int, had: int, today: int) -> bool:
        """Whether a phone that was sent so many notices on that day gets no more of them today."""
        return self._cap is not None and day == today and had >= self._cap

    async def count(self, devices: Sequence[bytes]) -> None:
        """Count a notice for each of these phones, where there is a cap."""
        if self._cap is None or not devices:
            return
        mark = Marks(self._store)
        today, these = mark(self.today()), mark.each(UUID(bytes=one) for one in devices)
        counted = f"notices = CASE notice_day WHEN {today} THEN notices + 1 ELSE 1 END, notice_day = {today}"
        await mark.update("push_device", counted, f"id IN ({these})")

    def today(self) -> int:
        """Days since 1970 in the city."""
        return self._platform.today().toordinal()


#: Characters of a broadcast's text that a lock screen shows.
MAX_BODY_LENGTH = 200


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value.replace("-", ""))
    return bytes(value.bytes)
