"""What an operator says of Open311."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What of a request can be shown to anybody, beside its state and its days.
Public = Literal["address", "position", "description", "media_url"]

#: Decimals of a degree: 5 are about a metre, and nobody's telephone knows more.
MAX_DECIMALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One item as a service, in `[plugins.open311.settings.services.<code>]`."""

    offered: bool = True
    #: What anybody reads of a request once staff have read and assigned it; by default neither its words nor its place.
    public: tuple[Public, ...] = ()
    #: JSON Pointers of the form's fields that take the standard's own arguments, where the form doesn't say it itself.
    address: str = ""
    latitude: str = ""
    longitude: str = ""
    description: str = ""
    media_url: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open311Settings:
    #: The city's `jurisdiction_id`: another one is refused. "" takes any.
    jurisdiction: str = ""
    #: For the discovery document: whom to call, how to get an `api_key`, and what the endpoint is for.
    contact: str = ""
    key_service: str = ""
    stage: Literal["production", "test"] = "production"
    #: Requests that one client may send in a minute, and at once.
    per_minute: int = 60
    #: Decimals of a degree that a public position has: 3 are about a hundred metres.
    decimals: int = 3
    services: Mapping[str, ServiceSettings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.per_minute < 1:
            raise ValueError("per_minute has to be at least 1")
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise ValueError(f"decimals has to be from 0 to {MAX_DECIMALS}")
