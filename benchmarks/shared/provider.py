"""The provider that pushes go to (`sending/provider.py`), from the outside: started, asked, and told how to behave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.shared.cities import fcm
from benchmarks.shared.fetching import document
from benchmarks.shared.processes import Running, finished, python, running, workspace

#: More than one process sends: what it could do is measured, not Google's quota.
PER_MINUTE = 60_000_000

#: Seconds that it takes for an answer, where several are compared.
LATENCIES_S = (0.0, 0.05)


class Provider:
    """A running one. Its key and the certificate to trust lie in the folder."""

    def __init__(self, process: Running, folder: Path) -> None:
        self.process, self.folder, self.url = process, folder, process.url
        self.cpu = process.cpu

    def ask(self, path: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask for a document, or tell it one."""
        method = "GET" if told is None else "PUT"
        found: dict[str, Any] = document(self.url + path, method=method, body=told, authority=self.folder / "ca.pem")
        return found

    def report(self) -> dict[str, Any]:
        """What it has seen since it was asked last; it begins to count anew."""
        return self.ask("/provider/report")

    def behave(self, **behaviour: Any) -> None:
        self.ask("/sandbox/behaviour", behaviour)

    def settings(self, **more: Any) -> dict[str, Any]:
        """mobile_push's settings for it."""
        return fcm(self.folder, self.url, **more)

    def sent(self, command: Sequence[str], plan: dict[str, Any], seconds: float = 300) -> tuple[Any, dict[str, Any]]:
        """Run a sender to its end: what it printed, and the report, with the `cpu` that a message cost the provider."""
        self.report()
        before = self.cpu()
        whole = {**plan, "folder": str(self.folder), "url": self.url}
        # Each library finds the certificate in its own way, and one looks for it when it is imported.
        names = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        trusted = dict.fromkeys(names, str(self.folder / "ca.pem"))
        result = finished(command, side=0, seconds=seconds, given=whole, **trusted)
        seen = self.report()
        return result, {**seen, "cpu": (self.cpu() - before) / max(1, seen["taken"]) * 1e6}


@contextmanager
def provider(side: int | None = 1) -> Iterator[Provider]:
    """A provider on the core of that side, until the block ends."""
    with workspace() as folder, running(python("sending/provider.py", str(folder)), side=side) as process:
        yield Provider(process, folder)
