"""Deliveries to persons, a row each, as a queue: claim what is due under a lease, settle it, give it back.

Leases run on the database's clock. A settlement names the attempt that it belongs to, so a worker that was thought dead
can't settle what another has taken over.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banshi import Platform, text_in
from mobile_push.delivery import parcel as parcels
from mobile_push.delivery.chunk import QUIET_HOURS
from mobile_push.delivery.lanes import Lane
from mobile_push.delivery.leases import free
from mobile_push.delivery.parcel import Parcel, pause_before
from mobile_push.delivery.phones import UNWANTED
from mobile_push.delivery.tell import Metrics
from mobile_push.models import Delivery, Device
from mobile_push.provider import Outcome, Provider, Push, Receipt
from mobile_push.quiet import quiet_for
from mobile_push.settings import PushSettings

#: What a final outcome makes of a delivery.
STATES = {Outcome.ACCEPTED: "sent", Outcome.DEAD_TOKEN: "dead", Outcome.REJECTED: "failed"}


@dataclass(slots=True)
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
    claimed: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a job."""

    job: Job
    state: str
    code: str
    provider_message: str = ""
    #: Seconds until the next attempt, for one that stays due.
    wait: float = 0.0


class Rows:
    """The deliveries of one provider."""

    def __init__(self, platform: Platform, provider: Provider, settings: PushSettings, metrics: Metrics) -> None:
        self._store = platform.store
        self._now = platform.now
        self._provider = provider.name
        self._settings = settings
        self._metrics = metrics
        #: Seconds after its claim for which a job may still be begun: it has to end before its lease does.
        self._good_for = settings.lease - provider.longest_send
        self._settlements: list[Settlement] = []
        #: What is claimed and not recorded yet.
        self._held: dict[int, Job] = {}

    async def claim(self, lane: Lane, limit: int) -> list[Parcel]:
        """Take up to `limit` due deliveries of that lane and the ones before it, the urgent and oldest first."""
        store = self._store
        lease, provider, last, most = store.placeholders(4)
        claim = (
            "UPDATE push_delivery SET attempts = attempts + 1, tries = tries + 1, "  # noqa: S608 - marks, not values
            f"lease_until = {store.clock} + {lease} WHERE id IN ("
            f"SELECT id FROM push_delivery WHERE provider = {provider} AND state = 'due' AND lane <= {last} "
            f"AND not_before <= {store.clock} AND {free(store.clock, self._settings.lease)} "
            f"ORDER BY lane, id LIMIT {most} {store.skip_locked}) RETURNING id"
        )
        values = [int(self._settings.lease * 1000), self._provider, int(lane), limit]
        claimed = await store.connection.execute_query_dict(claim, values)
        if not claimed:
            return []
        marks = ", ".join(store.placeholders(len(claimed)))
        read = (
            "SELECT d.id, d.attempts, d.tries, d.device_id, d.lane, d.expires, v.token, v.language, m.id AS message, "  # noqa: S608
            f"m.kind, m.link, p.notices, p.quiet_from, p.quiet_until, p.timezone, {store.clock} AS now "
            "FROM push_delivery d JOIN push_inbox_message m ON m.id = d.message_id "
            # A phone that is somebody else's by now gets nothing more of its former owner's.
            "LEFT JOIN push_device v ON v.id = d.device_id AND v.person = m.person "
            # An alert asks nobody's wishes.
            "LEFT JOIN push_profile p ON p.person = m.person AND m.kind <> 'alert' "
            f"WHERE d.id IN ({marks}) ORDER BY d.lane, d.id"
        )
        rows = await store.connection.execute_query_dict(read, [row["id"] for row in claimed])
        found = [self._parcel(row) for row in rows]
        return [one for one in found if one is not None]

    def _parcel(self, row: Mapping[str, Any]) -> Parcel | None:
        """What to send; None, and the row is settled, where there is nothing to send any more."""
        now, ends = row["now"] / 1000, row["expires"] / 1000
        token = row["token"]
        held = self._held.get(row["id"])
        # Nobody else had it meanwhile, an operator neither.
        if held is not None and row["attempts"] == held.attempts + 1:
            # The clock jumped, or the database was away, and our own lease had ended: it is on its way all the same.
            held.attempts, held.tries, held.now = row["attempts"], row["tries"], now
            held.claimed = time.monotonic()
            return None
        since = ends - self._settings.ttl
        job = Job(row["id"], row["attempts"], row["tries"], str(row["device_id"]), token or "", since, now)
        # Rounded up: a message in its last second is still one.
        left = -((row["now"] - row["expires"]) // 1000)
        settled = self._without(job, row) if token is not None and left > 0 else _over(job)
        if settled is not None:
            if settled.state != "due":
                self._metrics.attempts.labels(self._provider, settled.state, settled.code).inc()
            self._settlements.append(settled)
            return None
        self._held[job.id] = job
        return Parcel(self._push(row, int(left)), token, Lane(row["lane"]), self, job)

    def _without(self, job: Job, row: Mapping[str, Any]) -> Settlement | None:
        """What becomes of a message that its person's wishes keep from waking a phone now; None for one that may."""
        if row["kind"] == "notice" and row["notices"] is not None and not row["notices"]:
            return Settlement(job, "failed", UNWANTED)
        if row["quiet_from"] is None:
            return None
        wait = quiet_for(row["quiet_from"], row["quiet_until"], row["timezone"], self._now())
        return Settlement(job, "due", QUIET_HOURS, wait=wait) if wait else None

    def _push(self, row: Mapping[str, Any], ttl: int) -> Push:
        return Push(
            message_id=str(row["message"]),
            # Whoever has such a message has such a case: that is nobody else's business, a notice's copy or not.
            title=text_in(self._settings.case_title, row["language"]),
            body="",
            link=row["link"],
            kind=row["kind"],
            ttl=ttl,
            collapse_key=None,
            priority="normal" if row["kind"] == "notice" else "high",
        )

    def ready(self, parcel: Parcel) -> bool:
        job: Job = parcel.key
        # Whoever claims it next sends it; both of us would be one too many.
        if time.monotonic() - job.claimed <= self._good_for:
            return True
        self._forget(job)
        return False

    def settle(self, parcel: Parcel, receipt: Receipt) -> None:
        job: Job = parcel.key
        if receipt.outcome is Outcome.ACCEPTED:
            took = job.now + time.monotonic() - job.claimed - job.since
            self._metrics.seconds.labels(self._provider).observe(max(0.0, took))
        self._settlements.append(settlement_of(job, receipt))

    async def record(self) -> bool:
        """Record outcomes; a device whose token is dead is forgotten."""
        if not self._settlements:
            return False
        group, self._settlements = self._settlements, []
        try:
            await self._record(group)
        except BaseException:
            # The server stops, or the database is away: recording it again changes nothing where it was done already.
            self._settlements = [*group, *self._settlements]
            raise
        return any(one.state == "due" for one in group)

    async def _record(self, group: Sequence[Settlement]) -> None:
        store = self._store
        state, code, name, wait, identity, attempts, again = store.placeholders(7)
        sql = (
            f"UPDATE push_delivery SET state = {state}, code = {code}, provider_message = {name}, lease_until = 0, "  # noqa: S608
            f"not_before = {store.clock} + {wait}, settled_at = {store.clock} "
            f"WHERE id = {identity} AND attempts = {attempts} AND state = {again}"
        )
        values = [
            [
                *(one.state, one.code[:64], one.provider_message[:255], int(one.wait * 1000)),
                *(one.job.id, one.job.attempts, "due"),
            ]
            for one in group
        ]
        await store.connection.execute_many(sql, values)
        for one in group:
            self._forget(one.job)
            if one.state == "dead":
                # Only as long as the device still has that token: it may have got a new one meanwhile.
                if await Device.filter(id=one.job.device, token=one.job.token).delete():
                    continue
                if await Device.filter(id=one.job.device).exists():
                    # It has, and the message goes there.
                    same = Delivery.filter(id=one.job.id, attempts=one.job.attempts, state="dead")
                    await same.update(state="due", settled_at=None)

    async def give_back(self, given: Sequence[Parcel]) -> None:
        """Release what was claimed and not tried, so that nobody waits for the lease to end."""
        if not given:
            return
        one, two = self._store.placeholders(2)
        sql = (
            "UPDATE push_delivery SET lease_until = 0, tries = tries - 1 "  # noqa: S608
            f"WHERE id = {one} AND attempts = {two} AND state = 'due'"
        )
        jobs: list[Job] = [parcel.key for parcel in given]
        for job in jobs:
            self._forget(job)
        await self._store.connection.execute_many(sql, [[job.id, job.attempts] for job in jobs])

    def _forget(self, job: Job) -> None:
        if self._held.get(job.id) is job:
            del self._held[job.id]


def _over(job: Job) -> Settlement:
    """The end of a message whose phone is gone, or that has expired."""
    return Settlement(job, "expired", "expired") if job.token else Settlement(job, "failed", "forgotten")


def settlement_of(job: Job, receipt: Receipt) -> Settlement:
    """What a receipt makes of its job. Retries end when the message does, or with an operator."""
    state = STATES.get(receipt.outcome)
    if state is not None:
        return Settlement(job, state, receipt.code, receipt.provider_message or "")
    if job.tries >= parcels.ATTEMPTS and receipt.outcome is not Outcome.MISCONFIGURED:
        return Settlement(job, "parked", receipt.code)
    return Settlement(job, "due", receipt.code, wait=pause_before(job.tries, receipt))
