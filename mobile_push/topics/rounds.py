"""The topics of a provider: what they are called, whether they are in use, and for which audience.

There is one for everyone, for each topic that people follow and for each department, in each language.
"""

from __future__ import annotations

import secrets

from banshi import LANGUAGES, Platform
from mobile_push.broadcasts.audience import Audience
from mobile_push.delivery.lanes import Lane

#: The topic of all phones.
EVERYONE = "everyone"

#: Seconds until the phones that were there before are walked: what was registering when topics were turned on has
#: ended by then.
SETTLING = 10.0


def topic_name(round_: str, subject: str, language: str) -> str:
    """A topic in the provider's alphabet. The round keeps platforms of one project apart, and what was left behind."""
    if subject != EVERYONE:
        kind, _, code = subject.rpartition(":")
        subject = f"{kind or 'topic'}.{code}"
    return f"{round_}.{subject}.{language}"


def language_of(name: str) -> str:
    """The language in which a topic's followers read."""
    return name.rpartition(".")[2]


def subject_of(audience: Audience) -> str | None:
    """What a topic's followers follow, where they are this audience; None where no one topic has it."""
    if audience.people is not None:
        return None
    if audience.everyone:
        return EVERYONE
    if len(audience.topics) == 1 and not audience.divisions and not audience.areas:
        return next(iter(audience.topics))
    return None


def under_way(one: str, two: str) -> str:
    """SQL that holds while a message to topics may be under way; both marks are for the provider.

    Until it is over no change is ticked off: a phone that isn't reached by the topic is found among the changes.
    """
    return (
        f"(EXISTS (SELECT 1 FROM push_fan_out WHERE state = 'due' AND lane = {int(Lane.ALERT)} "  # noqa: S608 - marks, not values
        f"AND provider = {one}) OR EXISTS (SELECT 1 FROM push_chunk WHERE provider = {two} "
        f"AND state = 'due' AND lane = {int(Lane.ALERT)} AND topic <> ''))"
    )


async def turn(platform: Platform, provider: str, *, on: bool) -> None:
    """Use a provider's topics from now on, or not. Turning them on again begins a round with new names."""
    store = platform.store
    if not on:
        mark = store.placeholders(1)[0]
        sql = f"UPDATE push_topic_round SET active = FALSE WHERE provider = {mark} AND active"  # noqa: S608
        await store.connection.execute_query(sql, [provider])
        # They name tokens. Nobody has to be told any more, as nothing is sent to topics.
        which, one, two = store.placeholders(3)
        sql = f"DELETE FROM push_topic_change WHERE provider = {which} AND NOT {under_way(one, two)}"  # noqa: S608
        await store.connection.execute_query(sql, [provider] * 3)
        return
    which, name, wait = store.placeholders(3)
    sql = (
        "INSERT INTO push_topic_round (provider, round, active, through, complete, holder, lease_until) "  # noqa: S608
        f"VALUES ({which}, {name}, TRUE, '', FALSE, '', {store.clock} + {wait}) ON CONFLICT (provider) DO UPDATE SET "
        "round = excluded.round, active = TRUE, through = '', complete = FALSE, holder = '', "
        "lease_until = excluded.lease_until WHERE NOT push_topic_round.active"
    )
    await store.connection.execute_query(sql, [provider, secrets.token_hex(4), int(SETTLING * 1000)])


async def in_use(platform: Platform) -> bool:
    """Whether any provider's topics are in use, so that changes have to be written down."""
    rows = await platform.store.connection.execute_query_dict("SELECT 1 FROM push_topic_round WHERE active LIMIT 1")
    return bool(rows)


async def topics_for(platform: Platform, provider: str, lane: int, audience: Audience) -> list[str]:
    """The topics, one a language, whose followers and those with a change to come are the audience; else none.

    Alerts alone go by topic: a notice asks each phone for its quiet hours and how many it had today.
    """
    subject = subject_of(audience)
    if lane != Lane.ALERT or subject is None:
        return []
    mark = platform.store.placeholders(1)[0]
    sql = f"SELECT round FROM push_topic_round WHERE provider = {mark} AND active AND complete"  # noqa: S608
    rows = await platform.store.connection.execute_query_dict(sql, [provider])
    return [topic_name(row["round"], subject, language) for row in rows for language in LANGUAGES]
