"""What departments have made up to say, which `banshi publish --samples` publishes: a city with a voice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from banshi.foundation.files.toml_and_json import read_toml
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.message_templates import day_in
from banshi.kernel.contract.values import Texts
from banshi.kernel.loading.registry import Registry
from banshi.testing import Person

#: In a plugin's folder.
FILE = "notices.toml"

#: {today}, {as_of} (yesterday), {review} (in a week) and {day-3}: days from the one on which it is published.
DAY = re.compile(r"\{(today|as_of|review|day[+-]\d{1,2})\}")
NAMED = {"today": 0, "as_of": -1, "review": 7}
#: The same as programs write a day and, of six in the morning, a moment: {on-1}, {at+2}.
PLAIN_DAY = re.compile(r"\{(on|at)([+-]\d{1,2})\}")


@data_table
class Notice:
    """What phones are told."""

    code: str
    kind: Literal["warning", "news", "knowledge"]
    #: For how long it is in force.
    days: int
    title: Texts
    #: The line below the title on a lock screen.
    body: Texts
    #: Markdown, read inside the app.
    content: Texts


@data_table
class Record:
    """An alert, or what another plugin keeps, such as an event on a road; left out where that isn't loaded."""

    code: str
    path: str
    role: str
    body: dict[str, Any]
    #: What is done with it then; somebody else approves.
    steps: tuple[str, ...] = ()


@data_table
class Notices:
    """What a department has to say."""

    department: str
    notices: tuple[Notice, ...] = ()
    records: tuple[Record, ...] = ()


@dataclass(slots=True)
class Published:
    """What became of them, by the state in which each is."""

    states: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{count} {state}" for state, count in sorted(self.states.items())) or "nothing to publish"


async def publish(registry: Registry, staff: Callable[[str, str], Person], now: datetime) -> Published:
    """Publish what the plugins' files hold: one person writes each, another approves it where two are asked for."""
    published, now = Published(), now.astimezone(registry.configuration.settings.timezone)
    served = {route.path for _, route in registry.routes}
    for told in files_of(registry):
        if told.department not in registry.departments:
            continue
        for one in (*(_record(told.department, notice, now) for notice in told.notices), *told.records):
            if one.path in served:
                people = staff("sample-writer", one.role), staff("sample-approver", one.role)
                await _publish(published, told.department, one, people, now)
    return published


def _record(department: str, notice: Notice, now: datetime) -> Record:
    body = notice_body(notice, now) | {"department": department}
    role, steps = f"{department}:publisher", ("approve",)
    return Record(code=notice.code, path="/v1/notices", role=role, body=body, steps=steps)


async def _publish(
    published: Published, department: str, one: Record, people: tuple[Person, Person], now: datetime
) -> None:
    key, english = f"sample-{one.code}-{now:%Y%m%d}", {"Accept-Language": "en"}
    reply = await people[0].post(one.path, _plain(one.body, now), key=key, headers=english)
    for step in one.steps:
        if reply.status in {200, 201} and reply.document["state"] != "published":
            place, version = f"{one.path}/{reply.document['id']}/actions/{step}", reply.document["version"]
            person = people[step == "approve"]
            reply = await person.post(place, {"version": version}, key=f"{key}-{step}", headers=english)
    if reply.status in {200, 201, 409}:
        state = "there already" if reply.status == 409 else reply.document["state"]
        published.states[state] = published.states.get(state, 0) + 1
    else:
        published.refused.append(f"{department}: {one.code}: {reply.document.get('detail', reply.status)}")


def _plain(body: Any, now: datetime) -> Any:
    """A body with its days as programs write them."""
    if isinstance(body, dict):
        return {name: _plain(one, now) for name, one in body.items()}
    if isinstance(body, str):
        return PLAIN_DAY.sub(lambda found: _in_days(int(found[2]), now)[: {"on": 10}.get(found[1])], body)
    return [_plain(one, now) for one in body] if isinstance(body, list) else body


def files_of(registry: Registry) -> Iterator[Notices]:
    """What the files in the plugins' folders hold. Raises ValueError for one that can't be read."""
    from pydantic import TypeAdapter

    adapter = TypeAdapter(Notices)
    for plugin in registry.plugins.values():
        file: Path = plugin.folder / FILE
        if file.is_file():
            try:
                yield adapter.validate_python(read_toml(file))
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from None


def notice_body(notice: Notice, now: datetime) -> dict[str, Any]:
    """As `POST /v1/notices` takes it."""
    return {
        "title": _dated(notice.title, now),
        "body": _dated(notice.body, now),
        "content": {language: text.strip() for language, text in _dated(notice.content, now).items()},
        "audience": {"everyone": True},
        "collapse_key": f"sample-{notice.code}",
        "expires_at": _in_days(notice.days, now),
    }


def _in_days(days: int, now: datetime) -> str:
    """Six in the morning so many days later: the same all day, so that what is sent twice is the same request."""
    return datetime.combine(now.date() + timedelta(days=days), time(6), now.tzinfo).isoformat()


def _dated(texts: Texts, now: datetime) -> dict[str, str]:
    """The texts with their days."""
    return {language: DAY.sub(partial(_day, language, now), text) for language, text in texts.items()}


def _day(language: str, now: datetime, found: re.Match[str]) -> str:
    name = found[1]
    ahead = NAMED[name] if name in NAMED else int(name.removeprefix("day"))
    return day_in(now.date() + timedelta(days=ahead), language)
