"""What of a message crosses whose servers: the table for operators, held against what is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from banshi import LANGUAGES
from mobile_push.delivery.claims.rows import personal_push
from mobile_push.providers.apns.provider import payload as apns_payload
from mobile_push.providers.apple import headers as apple_headers
from mobile_push.providers.fcm.payload import Encoder
from mobile_push.providers.jpush.payload import document
from mobile_push.providers.jpush.settings import JPushSettings
from mobile_push.providers.provider import Push
from mobile_push.providers.webpush.provider import request_headers
from mobile_push.settings import CASE_TITLE, PushSettings

TABLE = Path(__file__).resolve().parents[3] / "docs" / "operations" / "push.md"

#: Each with a value that stands nowhere else.
MARKED = Push(
    message_id="018f3c1e-7b7a-7c3a-9e5e-0000000000aa",
    title="Titlemark",
    body="Bodymark",
    link="/linkmark",
    kind="notice",
    ttl=3600,
    collapse_key="collapsemark",
    priority="normal",
    thread="threadmark",
    image="https://img.example.org/imagemark.png",
    category="Categorymark",
    severity="Severitymark",
    badge=73_911,
)

JPUSH = JPushSettings(app_key="0" * 24, master_secret="1" * 24, vip=True)


def fcm(push: Push) -> Any:
    from pyfcm.baseapi import BaseAPI

    parse = BaseAPI.parse_payload.__get__(type("Client", (), {"json_dumps": lambda _, data: orjson.dumps(data)})())
    return orjson.loads(Encoder(parse).to_token(push, "the-token"))  # type: ignore[arg-type]


SENT: dict[str, Callable[[Push], Any]] = {
    "apns": lambda push: {"headers": apple_headers(push), "body": apns_payload(push)},
    "fcm": fcm,
    "jpush": lambda push: document(push, JPUSH),
    "webpush": request_headers,
}


def table() -> dict[str, set[str]]:
    _, _, section = TABLE.read_text(encoding="utf-8").partition("## What crosses whose servers")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([a-z_, ]+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    return {provider: set(fields.split(", ")) for provider, fields in rows}


def crossing(sent: Any) -> set[str]:
    """The fields whose values stand in what is sent."""
    text = orjson.dumps(sent).decode()
    values = MARKED._asdict()
    of_us = ("ttl", "priority", "presentation", "tag", "withdrawn")
    return {name for name, value in values.items() if name not in of_us and f"{value}" in text}


def test_the_table_has_every_provider_and_nothing_more() -> None:
    assert table().keys() == SENT.keys()


@pytest.mark.parametrize("provider", SENT)
def test_what_crosses_a_providers_servers_is_what_the_table_says(provider: str) -> None:
    assert crossing(SENT[provider](MARKED)) == table()[provider]


@pytest.mark.parametrize("provider", SENT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_message_to_one_person_there_is_no_word_but_the_fixed_sentence(provider: str, language: str) -> None:
    push = personal_push(PushSettings(), "018f3c1e-7b7a-7c3a-9e5e-0000000000aa", "case", "/c/1", language, 60, "keyed")
    assert (push.title, push.body, push.image, push.category, push.severity) == (CASE_TITLE[language], "", "", "", "")
    known = {push.title, push.message_id, push.link, push.kind, push.thread, ""}
    sent = orjson.dumps(SENT[provider](push), option=orjson.OPT_INDENT_2).decode()
    words = [text for text in re.findall(r'"((?:[^"\\]|\\.)*)"', sent) if " " in text or not text.isascii()]
    assert {word for word in words if not push.title.startswith(word.removesuffix("…"))} <= known
