"""`[plugins.mobile_push.settings.webpush]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

#: A host by its name, or with `*.` every host below it.
HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
#: Whom a push service may write to (RFC 8292 section 2.1): what browsers' push services take, and nothing that would
#: need quoting.
CONTACT = re.compile(r"mailto:[^\s@<>\"]+@([a-z0-9-]+\.)+[a-z0-9-]+|https://([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushSettings:
    """As whom to send, and to whom."""

    #: PEM file of the private key that names this platform to push services; `banshi webpush-key` writes it. Phones
    #: subscribe with its public half, so whoever loses it has to have every phone subscribe anew.
    private_key_file: Path
    #: Whom a push service may write to when something is wrong: "mailto:…" or "https://…".
    contact: str
    #: Push services that phones may name, such as "fcm.googleapis.com" or "*.notify.windows.com"; empty allows every
    #: host on the internet, which lets people bring a UnifiedPush server of their own.
    hosts: frozenset[str] = frozenset()
    #: Connections at most, and so messages under way.
    connections: int = 100
    #: Seconds until a message without an answer counts as failed, waiting for a free connection included.
    timeout: float = 10.0
    #: PEM file of the certificate authorities to trust instead of the system's.
    ca_file: Path | None = None
    #: Proxy that carries the messages. It resolves the names, so only listed `hosts` may be sent to.
    proxy: str | None = None
    #: For development with the sandbox: push services on this machine may be sent to, also by http.
    loopback: bool = False

    def __post_init__(self) -> None:
        if not CONTACT.fullmatch(self.contact):
            raise ValueError(f"contact is {self.contact!r}; set mailto: with an address, or https:// with a host")
        for host in self.hosts:
            if not HOST.fullmatch(host):
                raise ValueError(f'hosts has {host!r}; write names in lower case, such as "*.notify.windows.com"')
        if self.connections < 1:
            raise ValueError(f"connections is {self.connections}; set at least 1")
        if not 0 < self.timeout <= 60:
            raise ValueError(f"timeout is {self.timeout}; set the seconds after which to give up, such as 10")
        if self.proxy is not None and not self.proxy.startswith(("http://", "https://")):
            raise ValueError(f"proxy is {self.proxy!r}; set an address that starts with http://")
        if self.proxy is not None and not self.hosts:
            raise ValueError("proxy needs hosts: behind it nobody checks where a phone's address leads")

    def allows(self, host: str) -> bool:
        """Whether `hosts` has this host, by its name or by one above it."""
        if not self.hosts:
            return True
        above = host.split(".")
        return host in self.hosts or any(f"*.{'.'.join(above[n:])}" in self.hosts for n in range(1, len(above)))
