"""A push as JPush's request: the same for all phones that get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mobile_push.providers.apple import aps, collapse_id
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.platforms import data, is_unseen
from mobile_push.providers.provider import Push
from mobile_push.providers.templates import Given, filled
from mobile_push.providers.words import TextRules
from mobile_push.screen.presentation import LEVELS, Level

#: Seconds for which a message is kept for a phone that is off, without a VIP contract and with one.
MAX_TTL_S, MAX_VIP_TTL_S = 3 * 86_400, 10 * 86_400
#: Receipts that are asked for: that a phone got it, and that somebody opened it.
DELIVERED_AND_CLICKED = 3


def document(push: Push, settings: JPushSettings) -> dict[str, Any]:
    """The request without whom it is for. Raises TypeError for what is no text."""
    orjson.dumps((push.title, push.body, push.link, push.image))
    push = TextRules(title=settings.title_length, body=settings.body_length).fitted(push)
    makers = settings.channels.get(push.category if push.kind == "notice" else "", settings.channels.get(push.kind, {}))
    options: dict[str, Any] = {
        "time_to_live": min(max(push.ttl, 0), MAX_VIP_TTL_S if settings.vip else MAX_TTL_S),
        "classification": int(push.kind in settings.system),
        "apns_production": True,
        "apns_collapse_id": collapse_id(push),
    }
    if channels := {maker: _channel(told, push) for maker, told in makers.items() if maker != "hmos"}:
        options["third_party_channel"] = channels
    request: dict[str, Any] = {"platform": ["android", "ios"], "options": options}
    if settings.vip:
        request["callback"] = {"type": DELIVERED_AND_CLICKED, "params": {"message_id": push.message_id}}
    if is_unseen(push):
        # A message of its own shows nothing. It reaches apps that run; the others' screens stay as they are.
        return request | {"message": {"msg_content": push.withdrawn, "extras": data(push)}}
    request["notification"] = shown = {"android": _android(push), "ios": _ios(push)}
    if "hmos" in makers:
        request["platform"] = [*shown, "hmos"]
        shown["hmos"] = _words(push) | dict(makers["hmos"])
    return request


def _channel(told: Mapping[str, Given], push: Push) -> dict[str, Any]:
    """What a maker is told; Xiaomi's parameters are JSON inside JSON."""
    given: dict[str, Any] = {name: filled(one, push) for name, one in told.items()}
    is_inside = "mi_template_param" in given
    return given | ({"mi_template_param": orjson.dumps(given["mi_template_param"]).decode()} if is_inside else {})


def _words(push: Push) -> dict[str, Any]:
    """Without a text the app's name stands above the title: a notification without any is not shown."""
    return {"alert": push.body or push.title, "extras": data(push)} | ({"title": push.title} if push.body else {})


def _android(push: Push) -> dict[str, Any]:
    level, sound, channel, _ = push.presentation
    told = _words(push) | {"priority": LEVELS.index(level) - 1} | ({"channel_id": channel} if channel else {})
    if sound != "default":  # a resource, which has no ending
        told |= {"sound": sound.partition(".")[0]} if sound else {"alert_type": 0}
    return told | ({"style": 3, "big_pic_path": push.image} if push.image else {})


def _ios(push: Push) -> dict[str, Any]:
    """What Apple is told, in JPush's spelling of it."""
    told = aps(push)
    told |= {name: True for name in ("content-available", "mutable-content") if name in told}
    if push.presentation.level == Level.TIME_SENSITIVE:
        told["interruption-level"] = "timeSensitive"
    alert = {"title": push.title, "body": push.body} if push.body else {"title": push.title}
    return {"sound": "", "alert": alert, **told, "extras": data(push) | ({"image": push.image} if push.image else {})}
