"""A push as JPush's request: the same for all phones that get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mobile_push.providers.apple import aps, collapse_id
from mobile_push.providers.jpush.settings import BODY, TITLE, JPushSettings
from mobile_push.providers.platforms import data, is_unseen
from mobile_push.providers.provider import Push
from mobile_push.screen.presentation import Level

#: Seconds for which a message is kept for a phone that is off, without a VIP contract and with one.
MAX_TTL_S, MAX_VIP_TTL_S = 3 * 86_400, 10 * 86_400
#: Android's priority by level, for phones before Android 8.
PRIORITIES = {Level.PASSIVE: -1, Level.ACTIVE: 0, Level.TIME_SENSITIVE: 1, Level.CRITICAL: 2}
#: Apple's levels where JPush spells one in its own way.
LEVELS = {Level.TIME_SENSITIVE: "timeSensitive"}
#: Receipts that are asked for: that a phone got it, and that somebody opened it.
DELIVERED_AND_CLICKED = 3


def document(push: Push, settings: JPushSettings) -> dict[str, Any]:
    """The request without whom it is for. Raises TypeError for what is no text."""
    orjson.dumps((push.title, push.body, push.link, push.image))
    push = settings.rules.fitted(push)
    makers = settings.channels.get(push.kind, {})
    options: dict[str, Any] = {
        "time_to_live": min(max(push.ttl, 0), MAX_VIP_TTL_S if settings.vip else MAX_TTL_S),
        "classification": int(push.kind in settings.system),
        "apns_production": True,
        "apns_collapse_id": collapse_id(push),
    }
    if channels := {maker: told_of(told, push) for maker, told in makers.items() if maker != "hmos"}:
        options["third_party_channel"] = channels
    request: dict[str, Any] = {"options": options}
    if settings.vip:
        request["callback"] = {"type": DELIVERED_AND_CLICKED, "params": {"message_id": push.message_id}}
    if is_unseen(push):
        # A message of its own shows nothing; it reaches apps that run, and a phone whose app doesn't has it on its
        # screen until then.
        words = {"msg_content": push.withdrawn, "content_type": "text", "extras": data(push)}
        return request | {"platform": ["android", "ios"], "message": words}
    shown = {"android": _android(push), "ios": _ios(push)}
    if "hmos" in makers:
        shown["hmos"] = _told(push) | dict(makers["hmos"])
    return request | {"platform": [*shown], "notification": shown}


def told_of(told: Mapping[str, Any], push: Push) -> dict[str, Any]:
    """What a maker is told of a message, with its own words where a template has a place for them."""
    filled = {name: _filled(value, push) for name, value in told.items()}
    if (words := filled.get("mi_template_param")) is not None:  # JSON inside JSON
        filled["mi_template_param"] = orjson.dumps(words).decode()
    return filled


def _filled(value: Any, push: Push) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(one, push) for name, one in value.items()}
    return value.replace(TITLE, push.title).replace(BODY, push.body) if isinstance(value, str) else value


def _told(push: Push) -> dict[str, Any]:
    """Without a text the app's name stands above the title: a notification without any is not shown."""
    words = {"title": push.title, "alert": push.body} if push.body else {"alert": push.title}
    return {**words, "extras": data(push)}


def _android(push: Push) -> dict[str, Any]:
    level, sound, channel, _ = push.presentation
    told = {**_told(push), "priority": PRIORITIES[level]}
    if channel:
        told["channel_id"] = channel
    if not sound:
        told["alert_type"] = 0
    elif sound != "default":
        told["sound"] = sound.partition(".")[0]  # a resource has no ending
    if push.image:
        told |= {"style": 3, "big_pic_path": push.image}
    return told


def _ios(push: Push) -> dict[str, Any]:
    """What Apple is told, in JPush's spelling of it."""
    told = aps(push)
    told |= {name: True for name in ("content-available", "mutable-content") if name in told}
    told["interruption-level"] = LEVELS.get(push.presentation.level, push.presentation.level)
    told.setdefault("sound", "")
    alert = {"title": push.title} | ({"body": push.body} if push.body else {})
    return {"alert": alert, **told, "extras": data(push) | ({"image": push.image} if push.image else {})}
