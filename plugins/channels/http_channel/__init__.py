"""Channels that are programs of others, in any language: the adapter's contract over HTTP (docs/channels.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi import Channel, Offer, Resource, Route, Tables, hookimpl
from conversations import OUTLETS, Outlet, deliver_on
from http_channel import receiving, registering
from http_channel.line import LINE, open_line
from http_channel.sender import SENDER, HttpSender
from http_channel.settings import SETTINGS, HttpChannelSettings
from http_channel.titles import TITLES, Titles, open_titles, some_channel


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="http_channel.models", migrations="http_channel.migrations")


@hookimpl
def banshi_settings() -> type:
    return HttpChannelSettings


@hookimpl
def banshi_resources(settings: HttpChannelSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource(LINE, open_line),
        Resource.made(SENDER, HttpSender),
        Resource(TITLES, open_titles),
    ]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    outlet = Outlet(
        "http",
        lambda platform: platform[SENDER],
        Titles(),
        notifier=lambda platform: platform[SENDER],
        knows_again=True,
        ready=lambda platform: platform[SENDER].ready,
    )
    return [Offer(OUTLETS, outlet)]


@hookimpl
def banshi_channels() -> Sequence[Channel]:
    return [Channel(name="http", deliver=deliver_on("http"), is_used=some_channel)]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [*registering.ROUTES, *receiving.ROUTES]
