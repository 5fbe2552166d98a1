"""What can be set about the sandbox: WeChat's numbers, and faults on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError

from wechat.sandbox.codes import TEXTS

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Document:
    """Read of JSON, every key by name."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    @classmethod
    def read(cls, document: bytes) -> Self:
        """What the document says, the rest by default. Raises ValueError, which names every wrong key."""
        try:
            return TypeAdapter(cls).validate_json(document)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False, include_context=False)
            raise ValueError("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)) from None


@dataclass(slots=True)
class Limits(Document):
    """WeChat's numbers. Those of a day are an account's with fewer than 100,000 followers."""

    #: Seconds that the account's server has for an answer, and how often a message is sent in all. Pages of WeChat
    #: speak of three times in total and of three repeats.
    answer_s: Seconds = 5.0
    attempts: Count = 3
    #: Messages outside an answer: after something typed, and after a menu, a scan, a follow.
    typed_messages: Count = 5
    typed_s: Seconds = 48 * 3600
    tapped_messages: Count = 3
    tapped_s: Seconds = 60
    #: UTF-8 bytes of a text.
    text_bytes: Count = 2048
    token_s: Seconds = 7200
    #: Seconds for which an old token is good beside its successor, and before the end of which the successor comes.
    overlap_s: Seconds = 300
    forced_apart_s: Seconds = 30
    stable_a_minute: Count = 10_000
    media_s: Seconds = 3 * 86400
    #: Pages of WeChat differ: 2 MB and 10 MB for a picture.
    media_bytes: dict[str, Count] = field(
        default_factory=lambda: {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
    )
    #: Seconds after which a phone asks for the menu anew.
    menu_s: Seconds = 300
    code_s: Seconds = 300
    refresh_s: Seconds = 30 * 86400
    #: Calls of a day. What isn't here has no limit.
    a_day: dict[str, Count] = field(
        default_factory=lambda: {
            "token": 2_000,  # nosec B105 - how many calls
            "stable_token": 500_000,  # nosec B105 - how many calls
            "forced": 20,
            "menu": 1_000,
            "send": 500_000,
            "qrcode": 100_000,
            "upload": 100_000,
            "download": 200_000,
            "template": 100_000,
            "user": 5_000_000,
        }
    )
    clears_a_month: Count = 10
    mass_a_month: Count = 4


@dataclass(slots=True)
class Faults(Document):
    """What goes wrong from now on."""

    #: Path of the API → the code that every call of it gets, such as {"/cgi-bin/message/custom/send": 45015}.
    codes: dict[str, int] = field(default_factory=dict)
    #: Calls after which every token is withdrawn, in the midst of things.
    withdraw_after: Count | None = None
    #: Names of `a_day` that are used up.
    used_up: set[str] = field(default_factory=set)
    #: Seconds before every answer of the API.
    latency: Seconds = 0.0
    #: Paths of the API that are carried out, and whose connection is cut before the answer.
    cut: set[str] = field(default_factory=set)
    #: So many answers of the account's server are lost on their way: the message is repeated.
    lose_answers: Count = 0
    #: Repeats wait until another message has been sent, the newest first.
    late_repeats: bool = False

    def __post_init__(self) -> None:
        if unknown := {*self.codes.values()} - {*TEXTS}:
            raise ValueError(f"codes: WeChat's codes here are {sorted(TEXTS)}, not {sorted(unknown)}")
