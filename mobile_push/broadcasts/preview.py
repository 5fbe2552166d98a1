"""What phones will be sent of a broadcast, before they are: the very bodies, and how many phones there are."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import orjson

from banshi import LANGUAGES, Platform
from banshi.sdk.cases import count_people
from banshi.sdk.documents import Record
from mobile_push.audience.audience import Audience
from mobile_push.delivery.claims.rows import personal_push
from mobile_push.delivery.phones import Phones
from mobile_push.delivery.service import PUSH
from mobile_push.delivery.withdrawal import withdrawal_of
from mobile_push.inbox.common_log import Entry
from mobile_push.providers.platforms import PlatformPreviews
from mobile_push.providers.provider import Push
from mobile_push.screen.presentation import Kind
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast

_BY_LANGUAGE = {"type": "object", "additionalProperties": {"type": "object"}}
_BY_NAME = {"type": "object", "additionalProperties": _BY_LANGUAGE}

SCHEMA: Mapping[str, Any] = Record(
    audience=Record(
        phones={
            "type": ["object", "null"],
            "additionalProperties": {"type": "integer"},
            "description": "By provider; null where people are named, who are looked up when it is sent.",
        },
        people={"type": ["integer", "null"], "description": "Who are named, where they are."},
        exact={
            "type": "boolean",
            "description": "False where polygons or circles count whatever is in the boxes around them.",
        },
    ),
    providers={**_BY_NAME, "description": "By provider and language: the body without the phone's address."},
    platforms={
        **_BY_NAME,
        "description": (
            "By platform (android, ios, web) and language: what of it reaches that phone. Google puts an iPhone's "
            "`aps` together itself, of what is shown here."
        ),
    },
    recall={
        **_BY_NAME,
        "description": "The same of what takes its place on the screens that have it, should it be recalled.",
    },
    inbox={**_BY_LANGUAGE, "description": "By language: the document that the app reads."},
    stream={"type": "object", "additionalProperties": {"type": "string"}, "description": "The event."},
)


@runtime_checkable
class Previews(Protocol):
    """A provider that can show what it would send."""

    def preview(self, push: Push) -> dict[str, Any]:
        """The body of the request, or what it seals, without the phone's address."""


async def document(platform: Platform, broadcast: Broadcast) -> dict[str, Any]:
    """The whole preview."""
    inbox = {language: in_inbox(platform, broadcast, language) for language in LANGUAGES}
    providers, platforms = _pushes(platform, broadcast)
    recall: Mapping[str, Any] = {}
    # A copy stays with whom it is for, and so does the word on the screen that there is one.
    if Audience.of(broadcast.audience).people is None:
        _, recall = _pushes(platform, withdrawal_of(platform, broadcast, "recalled", got=()))
    return {
        "audience": await size(platform, broadcast),
        "providers": providers,
        "platforms": platforms,
        "recall": recall,
        "inbox": inbox,
        "stream": {language: event(one) for language, one in inbox.items()},
    }


def _pushes(platform: Platform, broadcast: Broadcast) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is sent, by provider and by platform; of each by language."""
    push = platform[PUSH]
    providers: dict[str, Any] = {}
    platforms: dict[str, Any] = defaultdict(dict)
    for courier in push.couriers:
        provider = courier.provider
        phones = Phones(platform, provider.name, push.settings)
        for language in LANGUAGES:
            told = _push(platform, phones, broadcast, language)
            if isinstance(provider, Previews):
                providers.setdefault(provider.name, {})[language] = provider.preview(told)
            if isinstance(provider, PlatformPreviews):
                for name, shown in provider.platforms(told).items():
                    platforms[name][language] = shown
    return providers, platforms


def _push(platform: Platform, phones: Phones, broadcast: Broadcast, language: str) -> Push:
    """What a phone gets of it; each of the people whom it names gets a copy, under an id of its own."""
    ttl = _ttl(platform, broadcast)
    if Audience.of(broadcast.audience).people is None:
        return phones.push(broadcast, language, ttl)
    kind: Kind = "alert" if broadcast.kind == "alert" else "notice"
    return personal_push(platform[PUSH].settings, str(broadcast.id), kind, broadcast.link, language, ttl)


def _ttl(platform: Platform, broadcast: Broadcast) -> int:
    if broadcast.ttl is not None and broadcast.published_at is None:
        return broadcast.ttl
    start = max(platform.now(), broadcast.send_at or platform.now())
    return max(0, int((broadcast.expires_at - start).total_seconds()))


async def size(platform: Platform, broadcast: Broadcast) -> dict[str, Any]:
    """How many phones are in the audience now."""
    audience = Audience.of(broadcast.audience)
    if audience.people is not None:
        return {"phones": None, "people": await count_people(platform, *audience.people), "exact": True}
    mark = Marks(platform.store)
    which = f"FROM push_device d WHERE {audience.condition(mark)}"
    rows = await mark.rows(f"SELECT d.provider AS provider, COUNT(*) AS phones {which} GROUP BY d.provider")
    exact = audience.everyone or not audience.areas
    return {"phones": {row["provider"]: row["phones"] for row in rows}, "people": None, "exact": exact}


def in_inbox(platform: Platform, broadcast: Broadcast, language: str) -> dict[str, Any]:
    """The broadcast as the app will read it, but for its cursor; one that isn't public, as if it were from now on."""
    shown = copy.copy(broadcast)
    if shown.published_at is None:
        shown.state, shown.published_at = "published", int(platform.now().timestamp() * 1000)
    expires = shown.expires_at.timestamp()
    entry = Entry(shown.seq or 0, shown, Audience.of(shown.audience), expires, platform.settings.timezone)
    return entry.document(language)


def event(one: Mapping[str, Any]) -> str:
    return f"event: message\ndata: {orjson.dumps(one).decode()}\n\n"
