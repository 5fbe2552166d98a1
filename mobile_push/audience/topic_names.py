"""The topics of a provider: what they are called, whether they are in use, and for which audience.

There is one for everyone, for each topic that people follow and for each department, in each language. And there is
`minded`, of the phones that a notice mustn't wake without a look at what their owners wish.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from banshi import LANGUAGES, Platform
from mobile_push.audience.audience import NOTICE, Audience
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import TopicRound

#: The topic of all phones.
EVERYONE = "everyone"

#: SQL about a phone `d` and its person's `push_profile p`: they wish for no notices, for none of some kind, or not at
#: every hour. Their phones follow `minded`.
MUTES = f"EXISTS (SELECT 1 FROM push_silence s WHERE s.person = d.person AND s.about LIKE '{NOTICE}%')"  # noqa: S608 - our own word
MINDS = f"(p.quiet_from IS NOT NULL OR NOT p.notices OR {MUTES})"

#: SQL that holds where a notice isn't waiting for its topics.
DONE_WITH_TOPICS = (
    f"(lane <> {int(Lane.NOTICE)} OR NOT EXISTS (SELECT 1 FROM push_chunk c "  # noqa: S608
    "WHERE c.broadcast_id = push_fan_out.broadcast_id AND c.provider = push_fan_out.provider "
    "AND c.state = 'due' AND c.topic <> ''))"
)

#: How the names of rounds begin in which there is `minded`; those of rounds before it are of hexadecimal digits alone.
ROUND = "m"

#: A provider's words for a token that is nobody's in this project, and how often it has to say so, a day apart.
NOBODYS, MIN_REFUSALS = ("NOT_FOUND", "INVALID_ARGUMENT"), 2

#: Seconds until the phones that were there before are walked: what was registering when topics were turned on has
#: ended by then.
SETTLING_S = 10.0


def topic_name(round_: str, subject: str, language: str) -> str:
    """A topic in the provider's alphabet. The round keeps platforms of one project apart, and what was left behind."""
    if subject != EVERYONE:
        kind, _, code = subject.rpartition(":")
        subject = f"{kind or 'topic'}.{code}"
    return f"{round_}.{subject}.{language}"


def minded_topic(name: str) -> str:
    """The topic of those who mind, of a topic's round or of a round."""
    return f"{name.partition('.')[0]}.minded"


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


def not_by(topics: Sequence[str], mark: Marks) -> str:
    """SQL about `push_device d`: a notice to these topics doesn't reach it, or may not."""
    these = mark.each([*topics, minded_topic(topics[0])])
    return (
        f"(d.token_hash IN (SELECT token_hash FROM push_topic_change WHERE topic IN ({these})) "  # noqa: S608 - marks, not values
        f"OR d.language NOT IN ({mark.each(map(language_of, topics))}) "
        f"OR {MUTES} OR EXISTS (SELECT 1 FROM push_profile p WHERE p.person = d.person AND {MINDS}))"
    )


def under_way(provider: str) -> str:
    """SQL that holds while a message to a provider's topics may be under way; `provider` is its mark.

    Until it is over no change is ticked off: a phone that isn't reached by the topic is found among the changes. A
    notice is walked when its topics are done with, so its walk is the last of it.
    """
    return (
        f"(EXISTS (SELECT 1 FROM push_fan_out WHERE state = 'due' AND provider = {provider}) "  # noqa: S608 - marks, not values
        f"OR EXISTS (SELECT 1 FROM push_chunk WHERE provider = {provider} "
        f"AND state = 'due' AND lane = {int(Lane.ALERT)} AND topic <> ''))"
    )


async def turn(platform: Platform, provider: str, *, on: bool) -> None:
    """Use a provider's topics from now on, or not. Turning them on again begins a round with new names."""
    store, mark = platform.store, Marks(platform.store)
    which = mark(provider)
    if not on:
        await TopicRound.filter(provider=provider, active=True).update(active=False)
        # They name tokens. Nobody has to be told any more, as nothing is sent to topics.
        await mark.change(f"DELETE FROM push_topic_change WHERE provider = {which} AND NOT {under_way(which)}")  # noqa: S608
        return
    name, wait = mark(ROUND + secrets.token_hex(4)), mark(int(SETTLING_S * 1000))
    await mark.change(
        "INSERT INTO push_topic_round (provider, round, active, through, complete, holder, lease_until) "  # noqa: S608
        f"VALUES ({which}, {name}, TRUE, '', FALSE, '', {store.clock} + {wait}) ON CONFLICT (provider) DO UPDATE SET "
        "round = excluded.round, active = TRUE, through = '', complete = FALSE, holder = '', lease_until = "
        f"excluded.lease_until WHERE NOT push_topic_round.active OR push_topic_round.round NOT LIKE '{ROUND}%'"
    )


async def in_use() -> bool:
    """Whether any provider's topics are in use, so that changes have to be written down."""
    return await TopicRound.filter(active=True).exists()


async def topics_for(platform: Platform, provider: str, lane: int, audience: Audience) -> list[str]:
    """The topics, one a language, whose followers and those with a change to come are the audience; else none.

    For a notice the phones of those who mind are left to their tokens.
    """
    subject = subject_of(audience)
    if subject is None:
        return []
    found = await TopicRound.get_or_none(provider=provider, active=True, complete=True)
    if found is None or (lane == Lane.NOTICE and not await minded_known(platform, provider, found.round)):
        return []
    return [topic_name(found.round, subject, language) for language in LANGUAGES]


async def in_round(provider: str, topic: str) -> bool:
    """Whether a topic is of the round that is in use now: only then is every change since written down."""
    round_ = topic.partition(".")[0]
    return await TopicRound.filter(provider=provider, round=round_, active=True, complete=True).exists()


async def minded_known(platform: Platform, provider: str, topic: str) -> bool:
    """Whether the notice may be sent by topic: the provider knows everybody who has opted out.

    Somebody who has just wished for quiet hours, and of whom it wasn't told yet, would else be woken. A token that is
    nobody's is no reason to wait: no topic reaches it.
    """
    if not await in_round(provider, topic):
        return False
    mark = Marks(platform.store)
    words = ", ".join(f"'{one}'" for one in NOBODYS)
    return not await mark.rows(
        "SELECT 1 FROM push_topic_change c JOIN push_device d ON d.token_hash = c.token_hash "  # noqa: S608
        f"WHERE c.topic = {mark(minded_topic(topic))} AND c.follow "
        f"AND NOT (c.attempts >= {MIN_REFUSALS} AND c.code IN ({words})) LIMIT 1"
    )
