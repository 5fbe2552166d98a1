"""What is for development alone, and where a start with it is refused.

Without an identity provider the tokens of `banshi token` are accepted: whoever has one is whoever it names. Where
others reach the platform that has to be meant: `[platform] development = true` says so. It is said at each start.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from banshi.foundation.findings import ConfigurationError, Finding

if TYPE_CHECKING:
    from banshi.kernel.loading.configuration import Configuration
    from banshi.kernel.loading.registry import Registry
    from banshi.kernel.loading.settings import Settings

#: What a start says of `development = true`, and of what accepts tokens of `banshi token`.
SHOWN = "tracebacks of handlers are shown in answers and in the log, with what people sent in them"
ACCEPTED = "only tokens of `banshi token` are accepted, and whoever has one is whoever it names"

#: What makes them right where others reach the platform.
MEND = "name your identity provider in [platform.identity]"


def is_this_machine(host: str) -> bool:
    """Whether what listens at `host` is reached from this machine alone, by the addresses that the name stands for.

    Raises OSError for a name that stands for none.
    """
    if not host:  # every address there is
        return False
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return all(_is_loopback(one) for one in found)


def _is_loopback(text: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def leads_here(address: str) -> bool:
    """Whether a URL names this machine itself: as it is written, since what a name stands for is somebody else's."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    return host == "localhost" or host.endswith(".localhost") or _is_loopback(host)


def reached_by(settings: Settings, host: str = "127.0.0.1", workers: int = 1) -> list[str]:
    """Why others than this machine's own people reach a start: it listens there, is several, or has an address."""
    found = []
    try:
        if not is_this_machine(host):
            found.append(f"it listens on {host or 'every address'}")
    except (OSError, UnicodeError):
        pass  # whoever listens there says why that can't be
    if workers > 1:
        found.append(f"it has {workers} workers")
    if settings.address and not leads_here(settings.address):
        found.append(f"platform.address is {settings.address}")
    return found


def refuse_beyond(registry: Registry, host: str, workers: int) -> None:
    """Raise ConfigurationError for a start that others reach, with what is for development alone and isn't meant."""
    configuration = registry.configuration
    if configuration.settings.development:
        return
    if why := " and ".join(reached_by(configuration.settings, host, workers)):
        found = [] if configuration.settings.identity else [_no_identity(configuration, why)]
        meant = f"others reach this start ({why}): mend it, or set platform.development = true in {configuration.file}"
        found += [
            Finding(one.plugin, one.rule, f"{one.advice}; {meant}") for one in registry.warnings if one.development
        ]
        if found:
            raise ConfigurationError(found)


def _no_identity(configuration: Configuration, why: str) -> Finding:
    advice = f"{configuration.file}: {MEND}, or set platform.development = true if everybody may try it out"
    return Finding("platform", "no-identity", f"{advice}: {why}, and {ACCEPTED}")


def findings(configuration: Configuration, workers: int = 1) -> Iterator[Finding]:
    """What `banshi check` and `doctor` say: an error where such a start is refused, a warning where one is allowed."""
    settings = configuration.settings
    why = " and ".join(reached_by(settings, workers=workers))
    if settings.identity is None and why and not settings.development:
        yield _no_identity(configuration, why)
    elif told := said_of(settings):
        yield Finding("platform", "for-development", f"{configuration.file}: {told}", warning=True, note=True)


def said_of(settings: Settings) -> str:
    """What is said at each start, and what to do before others get in; "" where nothing is for development."""
    told = [] if settings.identity else [ACCEPTED]
    told += [f"development = true: {SHOWN}"] if settings.development else []
    if not told:
        return ""
    mend = [] if settings.identity else [MEND]
    mend += ["take platform.development out"] if settings.development else []
    ahead = "" if settings.development or settings.identity else "; a start that others reach is refused"
    return f"{'; '.join(told)}. Before others get in, {' and '.join(mend)}{ahead}"
