"""The departments' made-up notices and alerts, which `banshi publish --samples` publishes: a city with a voice."""

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
from banshi.kernel.contract.texts import REQUIRED_LANGUAGES
from banshi.kernel.contract.values import Texts
from banshi.kernel.loading.registry import Registry
from banshi.testing import Person, Reply

#: In a plugin's folder.
FILE = "notices.toml"

#: {today}, {as_of} (yesterday), {review} (in a week) and {day-3}: days from the one on which it is published.
DAY = re.compile(r"\{(today|as_of|review|day[+-]\d{1,2})\}")
NAMED = {"today": 0, "as_of": -1, "review": 7}


@data_table
class Alert:
    """What an alert says beside a notice, as CAP names it."""

    event: Texts
    category: str
    urgency: str
    severity: str
    certainty: str
    area: Texts
    division: str


@data_table
class Notice:
    """One entry of the file. A refutation stays a draft: somebody has to look at what it refutes."""

    code: str
    kind: Literal["warning", "news", "knowledge", "refutation", "alert"]
    #: For how long it is in force.
    days: int
    title: Texts
    #: The line below the title on a lock screen.
    body: Texts
    #: Markdown, read inside the app; of an alert plain text, its instruction.
    content: Texts
    alert: Alert | None = None


@data_table
class Notices:
    """What a department has to say."""

    department: str
    notices: tuple[Notice, ...]


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
    for told in files_of(registry):
        if told.department not in registry.departments:
            continue
        role = f"{told.department}:publisher"
        writer, approver = staff("sample-writer", role), staff("sample-approver", role)
        for notice in told.notices:
            await _publish(published, told.department, notice, (writer, approver), now)
    return published


async def _publish(
    published: Published, department: str, notice: Notice, people: tuple[Person, Person], now: datetime
) -> None:
    writer, approver = people
    path = "/v1/alerts" if notice.alert else "/v1/notices"
    body = (alert_body if notice.alert else notice_body)(notice, now) | {"department": department}
    english = {"Accept-Language": "en"}
    reply = await writer.post(path, body, key=f"sample-{notice.code}-{now:%Y%m%d}", headers=english)
    state = _state(reply)
    if state == "proposed":
        link = f"{path}/{reply.document['id']}"
        reply = await approver.post(f"{link}/actions/approve", headers=english)
        # Approved before: it was published today already.
        state = "published" if reply.status == 409 else _state(reply)
    if state:
        published.states[state] = published.states.get(state, 0) + 1
    else:
        published.refused.append(f"{department}: {notice.code}: {reply.document.get('detail', reply.status)}")


def _state(reply: Reply) -> str:
    return str(reply.document["state"]) if reply.status in {200, 201} else ""


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
        "content": _content(notice, now),
        "audience": {"everyone": True},
        "collapse_key": f"sample-{notice.code}",
        "expires_at": _in_days(notice.days, now),
        "draft": notice.kind == "refutation",
    }


def alert_body(notice: Notice, now: datetime) -> dict[str, Any]:
    """As `POST /v1/alerts` takes it."""
    alert = notice.alert
    assert alert is not None  # noqa: S101 - the caller asked
    title, body, content = _dated(notice.title, now), _dated(notice.body, now), _content(notice, now)
    info = [
        {
            "language": language,
            "category": [alert.category],
            "event": alert.event[language],
            "urgency": alert.urgency,
            "severity": alert.severity,
            "certainty": alert.certainty,
            "expires": _in_days(notice.days, now),
            "headline": title[language],
            "description": body[language],
            "instruction": content[language],
            "area": [
                {"area_desc": alert.area[language], "geocode": [{"value_name": "GB/T 2260", "value": alert.division}]}
            ],
        }
        for language in REQUIRED_LANGUAGES
    ]
    return {"status": "Actual", "msg_type": "Alert", "scope": "Public", "info": info}


def _content(notice: Notice, now: datetime) -> dict[str, str]:
    return {language: text.strip() for language, text in _dated(notice.content, now).items()}


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
