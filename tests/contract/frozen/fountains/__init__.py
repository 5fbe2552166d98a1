"""A plugin as it was written for version 1 of the contract, when that was new. It is never changed: departments have it
installed, and every kernel that speaks version 1 runs it as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import click

from banshi import (
    Answer,
    Application,
    Audience,
    Call,
    Channel,
    Decision,
    FieldProblem,
    Finding,
    Key,
    Message,
    Platform,
    Resource,
    Route,
    Submission,
    hookimpl,
    reply,
)

WATER: Key[list[str]] = Key("fountains water")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`[plugins.fountains.settings]`."""

    largest: int = 12


class Fountain(Application):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        if submission.answers["metres"] > self.settings.largest:
            return [FieldProblem("/metres", f"不超过{self.settings.largest}米。", "too-large")]
        return []

    async def review(self, submission: Submission) -> Decision:
        if submission.answers["metres"] <= 2:
            return Decision(action="refuse", reason={"zh-CN": "不需要许可。", "en": "It needs no permit."})
        return Decision(action="accept")

    async def claims(self, submission: Submission) -> Mapping[str, Any]:
        return {"size": f"{submission.answers['metres']} m"}


@asynccontextmanager
async def open_water(platform: Platform) -> Any:
    yield [platform.settings.pass_issuer]


async def list_water(call: Call) -> Any:
    return reply(call, {"water": call.platform[WATER]})


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    platform[WATER].extend(message.link for message in messages)


@click.command("fountains-count")
def count() -> None:
    """Count the fountains."""
    click.echo("3 fountains")


@hookimpl
def banshi_settings() -> type:
    return Settings


@hookimpl
def banshi_handlers(settings: Settings) -> Mapping[str, Application]:
    return {"fountain": Fountain(settings)}


@hookimpl
def banshi_resources() -> Iterable[Resource[Any]]:
    return [Resource(WATER, open_water)]


@hookimpl
def banshi_channels() -> Iterable[Channel]:
    return [Channel(name="fountains", deliver=deliver)]


@hookimpl
def banshi_routes() -> Iterable[Route]:
    schema = {"type": "object", "properties": {"water": {"type": "array", "items": {"type": "string"}}}}
    route = Route(
        method="GET",
        path="/v1/fountains/water",
        audience=Audience.ANYONE,
        handler=list_water,
        operation="list_water",
        summary="List what the fountains know.",
        tag="fountains",
        answers={200: Answer(description="What they know.", schema=schema)},
    )
    return [route]


@hookimpl
def banshi_commands() -> Iterable[click.Command]:
    return [count]


@hookimpl
def banshi_checks(settings: Settings) -> Iterable[Finding]:
    if settings.largest < 1:
        yield Finding("fountains", "no-fountain", "let settings.largest be at least 1")
