"""Deliveries to persons, a row each: what becomes of a claimed one, by its person's wishes and by its receipt."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Platform, text_in
from banshi.sdk.database import as_read
from banshi.sdk.events import LISTENERS
from banshi.sdk.following import notice_kinds
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.delivery.claims import delivery_job
from mobile_push.delivery.claims.chunk import QUIET_HOURS
from mobile_push.delivery.claims.delivery_job import DeliveryJob, pause_before
from mobile_push.delivery.claims.junction import ANOTHER_WAY, SPENT
from mobile_push.delivery.claims.queue import Row, Settled, queue_of
from mobile_push.delivery.claims.verdicts import Onward, Verdicts
from mobile_push.delivery.metrics import Metrics
from mobile_push.delivery.phones import ENOUGH, UNWANTED, Phones
from mobile_push.inbox.undelivered import LOST, tell_lost
from mobile_push.inbox.unread import unread
from mobile_push.providers.for_test_cases import SUFFIX
from mobile_push.providers.provider import Outcome, Provider, Push, Receipt
from mobile_push.screen.presentation import Kind
from mobile_push.screen.threads import THREADS
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import InboxMessage

#: To find a lane by its number costs a tenth of making it of that.
LANES = tuple(Lane)

#: What a final outcome makes of a delivery.
STATES = {Outcome.ACCEPTED: "sent", Outcome.DEAD_TOKEN: "dead", Outcome.REJECTED: "failed"}

#: Outcomes after which a message may go by another way.
MOVING = (Outcome.DEAD_TOKEN, Outcome.SPENT)


@dataclass(slots=True, eq=False)
class Job:
    """One claimed row."""

    id: int
    #: The claim's number, which no other claim of the row ever has, and how often the row has been tried.
    attempts: int
    tries: int
    device: str
    token: str
    #: Unix seconds of the database's clock at which the message came to be, and that clock when it was claimed.
    since: float
    now: float
    #: `time.monotonic()` of the claim: the lease runs from here.
    claimed: float
    #: Of a notice's copy: where there is a cap on notices, it counts.
    kind: Kind = "case"


class Settlement(NamedTuple):
    """What became of a job."""

    job: Job
    state: str
    code: str
    provider_message: str = ""
    #: Seconds until the next attempt, for one that stays due; and the way that it takes, "" for the one that it has.
    wait: float = 0.0
    name: str = ""


class Rows:
    """The deliveries of one provider."""

    def __init__(
        self,
        platform: Platform,
        provider: Provider,
        settings: PushSettings,
        metrics: Metrics,
        verdicts: Verdicts,
        name: str = "",
    ) -> None:
        self._platform, self._now = platform, platform.now
        #: Whether the provider's phones show how much is unread, and how much that is for those claimed last.
        self._badged = bool(getattr(provider, "badges", False))
        self._unread: Mapping[str, int] = {}
        self._provider, self._name = name or provider.name, provider.name
        self._verdicts, self._settings, self._metrics = verdicts, settings, metrics
        self._seconds = metrics.seconds.labels(provider.name)
        self._phones = Phones(platform, self._provider, settings)
        self._queue = queue_of(platform, self._provider, settings.lease)
        #: Seconds after its claim for which a job may still be begun: it has to end before its lease does.
        self._good_for = settings.lease - provider.longest_send
        self._settlements: list[Settlement] = []
        #: What may go by another way, with what was said of this one; a sandbox has none.
        self._moving: dict[Job, Receipt | None] = {}
        self._moves = not provider.name.endswith(SUFFIX)
        #: What is claimed and not recorded yet.
        self._held: dict[int, Job] = {}
        #: (id, attempts) of what was claimed and can't be begun in time: it has not been tried.
        self._late: list[tuple[int, int]] = []

    async def claim(self, lane: Lane, limit: int) -> list[DeliveryJob]:
        """Take up to `limit` due deliveries of that lane and the ones before it, the urgent and oldest first."""
        rows = await self._queue.claim(lane, limit)
        claimed = time.monotonic()
        if rows and self._badged:
            persons = {as_read(InboxMessage, "person", row.person) for row in rows}
            try:
                self._unread = await unread(self._platform, persons)
            except BaseException:
                self._late += [(row.id, row.attempts) for row in rows if row.id not in self._held]
                raise
        return [one for row in rows if (one := self._parcel(row, claimed)) is not None]

    def _parcel(self, row: Row, claimed: float) -> DeliveryJob | None:
        """What to send; None, and the row is settled, where there is nothing to send any more."""
        held, now, ends = self._held.get(row.id), row.now / 1000, row.expires / 1000
        # Nobody else had it meanwhile, an operator neither.
        if held is not None and row.attempts == held.attempts + 1:
            # The clock jumped, or the database was away, and our own lease had ended: it is on its way all the same.
            held.attempts, held.tries, held.now, held.claimed = row.attempts, row.tries, now, claimed
            return None
        since = ends - self._settings.ttl
        job = Job(row.id, row.attempts, row.tries, str(row.device), row.token or "", since, now, claimed, row.kind)
        # Rounded up: a message in its last second is still one.
        left = -((row.now - row.expires) // 1000)
        if (settled := self._without(job, row, left)) is not None:
            if settled.state != "due":
                self._metrics.attempts.labels(self._name, settled.state, settled.code).inc()
            self._settlements.append(settled)
            return None
        self._held[row.id] = job
        spent = self._verdicts.spent(row.kind)
        if self._moves and (row.token is None or (row.away or 0) > row.now or (spent and row.ways)):
            self._moving[job] = None
            return None
        if spent:
            self._settlements.append(Settlement(job, "due", SPENT, wait=spent))
            return None
        return DeliveryJob(self._push(row, left), job.token, LANES[row.lane], self, job, trace=row.trace)

    def _without(self, job: Job, row: Row, left: int) -> Settlement | None:
        """What becomes of a message that has nowhere to go, is over, or that its person's wishes keep from waking a
        phone now; None for one that may."""
        if row.language is None or not (row.token or self._moves):
            return Settlement(job, "failed", "forgotten")
        if left <= 0:
            return Settlement(job, "expired", "expired")
        if job.kind == "notice" and row.notices is not None and not row.notices:
            return Settlement(job, "failed", UNWANTED)
        if job.kind == "notice" and self._phones.had_enough(row.notice_day, row.had, self._phones.today()):
            return Settlement(job, "failed", ENOUGH)
        wait = 0.0 if row.quiet_from is None else quiet_for(row.quiet_from, row.quiet_until, row.timezone, self._now())
        return Settlement(job, "due", QUIET_HOURS, wait=wait) if wait else None

    def _push(self, row: Row, ttl: int) -> Push:
        push = push_of(self._platform, self._settings, row, ttl)
        if not self._badged:
            return push
        return push._replace(badge=self._unread.get(as_read(InboxMessage, "person", row.person)))

    def ready(self, delivery: DeliveryJob) -> bool:
        job: Job = delivery.key
        # Whoever claims it next sends it; both of us would be one too many.
        if time.monotonic() - job.claimed <= self._good_for:
            return True
        self._forget(job)
        self._late.append((job.id, job.attempts))
        return False

    def settle(self, delivery: DeliveryJob, receipt: Receipt) -> None:
        job: Job = delivery.key
        if receipt.outcome in MOVING and self._moves:
            self._moving[job] = receipt
        else:
            self._settlements.append(settlement_of(job, receipt))

    def accepted(self, deliveries: Sequence[DeliveryJob], receipt: Receipt) -> None:
        """None of these goes together with another: each is a message of its own."""
        (job,) = (delivery.key for delivery in deliveries)
        self._seconds.observe(max(0.0, job.now + time.monotonic() - job.claimed - job.since))
        self._settlements.append(settlement_of(job, receipt))

    async def record(self) -> bool:
        """Record outcomes; what was not taken at an address goes by another way of its phone, or later."""
        await self._move()
        if late := [*self._late]:
            await self._queue.give_back(late)
            self._late = self._late[len(late) :]
        if not self._settlements:
            return bool(late)
        group, self._settlements = self._settlements, []
        try:
            await self._record(group)
        except BaseException:
            # The server stops, or the database is away: recording it again changes nothing where it was done already.
            self._settlements = [*group, *self._settlements]
            raise
        return any(one.state == "due" for one in group)

    async def _record(self, group: Sequence[Settlement]) -> None:
        # In one order, as everybody who locks several rows: a recall does so too.
        group = sorted(group, key=lambda one: one.job.id)
        lost = [one.job.id for one in group if one.state in LOST] if self._platform.offered(LISTENERS) else []
        # Whoever is killed here has settled nothing, or has promised to tell of it.
        async with in_transaction() if lost else nullcontext() as connection:
            await self._queue.settle([self._settled(one) for one in group], connection)
            if connection is not None:
                await tell_lost(connection, self._platform, lost)
        counted = [one.job.device for one in group if one.job.kind == "notice" and one.state == "sent"]
        await self._phones.count([UUID(device).bytes for device in counted])
        for one in group:
            self._forget(one.job)

    def _settled(self, one: Settlement) -> Settled:
        job, name, wait = one.job, one.name or self._provider, int(one.wait * 1000)
        return Settled(one.state, one.code[:64], one.provider_message[:255], wait, name, job.id, job.attempts)

    async def _move(self) -> None:
        moving = list(self._moving.items())
        for kind in {job.kind for job, _ in moving}:
            some = [(UUID(job.device), job, receipt) for job, receipt in moving if job.kind == kind]
            # Of two messages to one phone, one of which was refused there, it is that one's address that counts.
            some.sort(key=lambda one: one[2] is not None)
            asked = {device: (job.token, receipt) for device, job, receipt in some}
            onward = await self._verdicts.onward(self._provider, kind, asked)
            for device, job, receipt in some:
                self._settlements.append(self._onward(job, receipt, onward[device]))
                del self._moving[job]

    def _onward(self, job: Job, receipt: Receipt | None, one: Onward) -> Settlement:
        if one.state == "forgotten":
            return Settlement(job, "failed", one.state)
        return Settlement(job, one.state, receipt.code if receipt else ANOTHER_WAY, wait=one.wait, name=one.name)

    async def give_back(self, given: Sequence[DeliveryJob]) -> None:
        """Release what was claimed and not tried, so that nobody waits for the lease to end."""
        if not given:
            return
        jobs: list[Job] = [delivery.key for delivery in given]
        for job in jobs:
            self._forget(job)
        await self._queue.give_back([(job.id, job.attempts) for job in jobs])

    def _forget(self, job: Job) -> None:
        if self._held.get(job.id) is job:
            del self._held[job.id]


def push_of(platform: Platform, settings: PushSettings, row: Row, ttl: int) -> Push:
    """What the phone of a claimed row is sent. What is newer of one case, or of one thing that a notice of a kind is
    about, takes its place on the screen.
    """
    kind = notice_kinds(platform).get(row.category) if row.kind == "notice" else None
    about = row.case or (row.link if kind else "")
    name = platform[THREADS].name(as_read(InboxMessage, "person", row.person), about) if about else ""
    push = personal_push(settings, str(row.message), row.kind, row.link, row.language, ttl, name)
    if kind is None:
        return push
    shown, title = settings.presentation.of("notice", kind.code), text_in(kind.title, row.language)
    return push._replace(title=title, presentation=shown, thread=kind.code, category=kind.code)


def personal_push(
    settings: PushSettings, message: str, kind: Kind, link: str, language: str, ttl: int, thread: str = ""
) -> Push:
    """What a person's own phone is sent of a message to them alone, a notice's copy or not.

    Whoever has such a message has such a case: that is nobody else's business, so it bears neither words nor a picture.
    """
    return Push(
        message_id=message,
        title=text_in(settings.case_title, language),
        body="",
        link=link,
        kind=kind,
        ttl=ttl,
        # Google keeps four of these for a phone that is off, and somebody may have more cases.
        collapse_key=None,
        priority="normal" if kind == "notice" else "high",
        presentation=settings.presentation.of(kind),
        tag=thread,
        thread=thread,
    )


def settlement_of(job: Job, receipt: Receipt) -> Settlement:
    """What a receipt makes of its job. Retries end when the message does, or with an operator."""
    if (state := STATES.get(receipt.outcome)) is not None:
        return Settlement(job, state, receipt.code, receipt.provider_message or "")
    if delivery_job.is_enough(job.tries, receipt):
        return Settlement(job, "parked", receipt.code)
    return Settlement(job, "due", receipt.code, wait=pause_before(job.tries, receipt))
