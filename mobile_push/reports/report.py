"""The report of a broadcast. What it counts is read in one statement, so that the figures are of one moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from banshi import Platform
from banshi.sdk.documents import ID, MAYBE_MOMENT, MOMENT, TEXT, Record, array
from mobile_push.broadcasts.representations import published_at
from mobile_push.broadcasts.steps import PUBLIC
from mobile_push.delivery.claims.chunk import bucket_of
from mobile_push.delivery.phones import UNWANTED
from mobile_push.inbox.common_log import PEOPLE
from mobile_push.inbox.messages import STREAM
from mobile_push.reports.tally import BY_WAY, GROUPS, STATES, Chunked, Tally
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast
from mobile_push.ways import SECOND

#: All that is counted: what it is, the provider, a state, a code, a word, and the number. The chunks are read once: the
#: ids of their phones lie between what is counted.
FIGURES = """
WITH chunk AS MATERIALIZED
(SELECT provider, state, code, topic, size, outcomes, seconds, twice FROM push_chunk WHERE broadcast_id = {id}),
receipt AS (SELECT provider, received_at, shown_at, opened_at FROM push_receipt WHERE message_id = {id} UNION ALL
SELECT r.provider, r.received_at, r.shown_at, r.opened_at
FROM push_inbox_message m JOIN push_receipt r ON r.message_id = m.id WHERE m.broadcast_id = {id})
SELECT 'walk', provider, state, '', '', CAST(found AS BIGINT) FROM push_fan_out WHERE broadcast_id = {id}
UNION ALL
SELECT 'size', provider, state, code, '', CAST(SUM(size) AS BIGINT)
FROM chunk WHERE topic = '' GROUP BY provider, state, code
UNION ALL
SELECT 'word', provider, state, code, w.key, CAST(SUM({number}) AS BIGINT)
FROM chunk, {each}(outcomes) w WHERE topic = '' GROUP BY provider, state, code, w.key
UNION ALL
SELECT 'seconds', provider, '', '', w.key, CAST(SUM({number}) AS BIGINT)
FROM chunk, {each}(seconds) w WHERE topic = '' GROUP BY provider, w.key
UNION ALL
SELECT 'topic', provider, state, code, topic, 0 FROM chunk WHERE topic <> '' AND CAST(outcomes AS TEXT) = '{{}}'
UNION ALL
SELECT 'topic', provider, w.key, code, topic, 0
FROM chunk, {each}(outcomes) w WHERE topic <> '' AND w.key NOT IN ('later', 'parked', 'by token')
UNION ALL
SELECT 'copy', d.provider, d.state, d.code, '', COUNT(*)
FROM push_inbox_message m JOIN push_delivery d ON d.message_id = m.id
WHERE m.broadcast_id = {id} GROUP BY d.provider, d.state, d.code
UNION ALL
SELECT 'way', provider, '', '', 'twice', CAST(SUM(twice) AS BIGINT) FROM chunk GROUP BY provider
UNION ALL
SELECT 'way', provider, '', '', 'arrived', COUNT(received_at) FROM receipt GROUP BY provider
UNION ALL
SELECT 'way', provider, '', '', 'shown', COUNT(shown_at) FROM receipt GROUP BY provider
UNION ALL
SELECT 'way', provider, '', '', 'opened', COUNT(opened_at) FROM receipt GROUP BY provider
"""

#: How each database takes JSON apart.
DIALECTS = {
    "sqlite": {"each": "json_each", "number": "w.value"},
    "postgres": {"each": "jsonb_each_text", "number": "CAST(w.value AS BIGINT)"},
}


#: What became of handing a broadcast to a provider's topic. What the provider does with it, it tells nobody.
HANDED = {"due": "waiting", **dict.fromkeys(("done", "handed"), "handed to topic")}


@dataclass(slots=True)
class Report:
    """What became of a broadcast, up to one moment."""

    broadcast: Broadcast
    total: Tally
    providers: dict[str, Tally]
    #: People whom its query named, where it is to people.
    people: int | None = None
    #: Providers' own topics that it was handed to, and what became of that.
    topics: list[dict[str, str]] = field(default_factory=list)
    #: Open streams that it was written to when it came out.
    streams: int = 0
    received: int = 0
    opened: int = 0

    @property
    def finished(self) -> bool:
        """Whether nothing of it is to be sent any more."""
        if self.broadcast.state not in PUBLIC:
            return self.broadcast.state == "cancelled"
        waiting = self.total.groups["waiting"] or any(one["state"] == "waiting" for one in self.topics)
        return not (self.total.planning or waiting)

    def document(self, platform: Platform) -> dict[str, Any]:
        own = ("finished", "people", "topics", "streams", "received", "opened")
        return SCHEMA.of(
            platform,
            self.broadcast,
            published_at=published_at(platform, self.broadcast),
            total=self.total.document(),
            providers=[{"provider": name, **tally.document()} for name, tally in sorted(self.providers.items())],
            **{name: getattr(self, name) for name in own},
        )


async def report_of(platform: Platform, broadcast: Broadcast) -> Report:
    """The report as it stands now."""
    report = Report(broadcast, Tally(), defaultdict(Tally))
    chunked = Chunked()
    mark = Marks(platform.store)
    sql = FIGURES.format(id=mark(broadcast.id), **DIALECTS[platform.store.dialect])
    _, rows = await platform.store.connection.execute_query(sql, mark.values)
    for what, provider, state, code, word, number in rows:
        _take_in(report, chunked, what, (provider.removesuffix(SECOND), state, code), word, int(number))
    for provider, group, code, phones in chunked.left():
        report.providers[provider].add(group, code, phones)
    if report.people is not None:
        await _take_in_seconds(platform, report)
    for tally in report.providers.values():
        report.total.merge(tally)
    return report


def _take_in(report: Report, chunked: Chunked, what: str, of: tuple[str, str, str], word: str, number: int) -> None:
    provider, state, code = of
    if what == "walk":
        if provider == STREAM:
            report.streams = number
        elif provider == PEOPLE:
            report.people = number
            report.total.planning |= state == "due"
        else:
            report.providers[provider].planning |= state == "due"
    elif what == "size":
        chunked.sizes[of] += number
    elif what == "word":
        chunked.word(report.providers[provider], of, word, number)
    elif what == "seconds":
        report.providers[provider].seconds[int(word)] += number
    elif what == "topic":
        report.topics.append({"provider": provider, "topic": word, "state": HANDED.get(state, state), "code": code})
    elif what == "copy":
        group = "recalled" if (state, code) == ("dropped", "recalled") else STATES[state]
        if state == "failed" and code in {"forgotten", UNWANTED}:
            group = code
        report.providers[provider].add(group, code, number)
    elif what == "way":
        if provider and number:
            report.providers[provider].ways[word] += number
        report.received += number * (word == "arrived")
        report.opened += number * (word == "opened")


async def _take_in_seconds(platform: Platform, report: Report) -> None:
    """How long it took for the copies of a broadcast to people, which are rows of their own.

    The longer it took, the coarser: ten milliseconds from one second on, a second from a minute on.
    """
    mark = Marks(platform.store)
    rows = await mark.rows(
        "SELECT provider, CASE WHEN took < 1000 THEN took WHEN took < 60000 THEN took / 10 * 10 "  # noqa: S608
        "ELSE took / 1000 * 1000 END AS about, COUNT(*) AS phones FROM ("
        f"SELECT d.provider, d.settled_at - {int(report.broadcast.published_at or 0)} AS took FROM push_delivery d "
        "JOIN push_inbox_message m ON m.id = d.message_id "
        f"WHERE m.broadcast_id = {mark(report.broadcast.id)} AND d.state IN ('sent', 'done')) one "
        "GROUP BY provider, about"
    )
    for row in rows:
        report.providers[row["provider"]].seconds[bucket_of(max(0, int(row["about"])) / 1000)] += row["phones"]


_REASONS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}
_COUNT = {"type": "integer", "minimum": 0}
_SECONDS = {"type": ["number", "null"], "description": "From publication to acceptance, 5 % more or less."}

_TALLY = Record(
    planning={"type": "boolean", "description": "Its phones are still being looked up: there may be more."},
    phones={**_COUNT, "description": "The audience as far as it is known; the groups below add up to it."},
    sent={**_COUNT, "description": "Phones about which a provider has had its last word."},
    **{name: {**_COUNT, "description": about} for name, about in {**GROUPS, **BY_WAY}.items()},
    waiting_for={**_REASONS, "description": "What those who wait are waiting for."},
    refused={**_REASONS, "description": "Failed and parked ones, by the provider's own word."},
    seconds=Record(p50=_SECONDS, p99=_SECONDS),
)


SCHEMA = Record(
    id=ID,
    kind={"type": "string", "enum": ["notice", "alert"]},
    department=TEXT,
    state=TEXT,
    published_at=MAYBE_MOMENT,
    expires_at=MOMENT,
    finished={"type": "boolean", "description": "Nothing of it is to be sent any more."},
    people={"type": ["integer", "null"], "description": "People whom its query named; null for another audience."},
    total=_TALLY,
    providers=array(Record(provider=TEXT, **_TALLY["properties"])),
    topics=array(
        Record(
            provider=TEXT,
            topic=TEXT,
            state={
                "type": "string",
                "enum": ["waiting", "handed to topic", "expired", "parked", "recalled", "dropped"],
            },
            code=TEXT,
        ),
        description="Providers' own topics that it was handed to: their phones are counted nowhere.",
    ),
    streams={**_COUNT, "description": "Open streams that it was written to as it came out."},
    received={**_COUNT, "description": "Phones that said it arrived."},
    opened={**_COUNT, "description": "Phones on which it was opened."},
)
