"""What stands in the registry for a plugin in a process of its own: a module with hooks, and handlers that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from banshi.builtin.isolation.child import kinds
from banshi.builtin.isolation.declaring import Declaration, Handled, findings_of
from banshi.builtin.isolation.process import ChildEnded, Process, search_path
from banshi.builtin.isolation.protocol.values import as_returned
from banshi.builtin.isolation.supervisor import START_TIMEOUT_S, Supervisor, open_supervisor
from banshi.foundation.errors import Unavailable
from banshi.foundation.findings import Finding
from banshi.foundation.keys import Key
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Resource
from banshi.kernel.loading.configuration import Configuration, Entry
from banshi.kernel.loading.importing import stand_in
from banshi.kernel.runtime.mistakes import wrong_answer
from banshi.kernel.runtime.running import Platform

#: What is said of a child that declares nothing, by how it ended; "" for one that hasn't after the time that it has.
SILENT = {
    "": f"it takes longer than {START_TIMEOUT_S:.0f} seconds",
    "exit": "it ends before that",
    "protocol": "what it says of itself is no declaration",
}


@dataclass(slots=True)
class Isolated:
    """One plugin that runs in a process of its own."""

    configuration: Configuration
    name: str
    entry: Entry
    folder: Path
    key: Key[Supervisor] = field(init=False)
    #: The running platform's, while one is open.
    keeper: Supervisor | None = None
    hello: dict[str, Any] = field(default_factory=dict)
    declared: Declaration = field(default_factory=Declaration)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = Key(f"isolation {self.name}")

    def look(self, settings: Mapping[str, Any]) -> None:
        """Have a child load the plugin and say what it finds, as the next ones will."""
        self.hello = self._hello(settings)
        try:
            # A loop of its own: there is none yet, or one that must not go on meanwhile.
            with ThreadPoolExecutor(1) as alone:
                self.declared = alone.submit(asyncio.run, asked_once(self.hello)).result()
        except (OSError, ChildEnded) as error:
            where, why = f"{self.configuration.file}: plugins.{self.name}", SILENT.get(str(error), error)
            what = f"{where}: see what it does when it is imported; its process does not load it: {why}"
            self.findings = [Finding(self.name, "no-process", what)]
            return
        self.findings = list(findings_of(self.name, self.configuration.file, self.declared))

    def _hello(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        entry = self.entry
        # The whole of an installed package of which the plugin is a part: it may import what stands beside it.
        depth = (entry.package or "").count(".")
        return {
            "is": "hello",
            "id": 0,
            "name": self.name,
            "path": str(entry.path) if entry.path else None,
            "package": entry.package,
            "folder": str(self.folder),
            "file": str(self.configuration.file),
            "api": entry.api,
            "settings": dict(settings),
            "memory": entry.limits.memory,
            "network": entry.network,
            "readable": [*entry.readable, *([str(self.folder.parents[depth - 1])] if depth else [])],
            "search": search_path(),
            "log_level": self.configuration.settings.log_level,
            "development": self.configuration.settings.development,
        }

    def handlers(self) -> dict[str, Any]:
        """For each item that the child has a handler for, one that asks it."""
        known = {name: kind for name, kind in kinds().items() if kind.handler is not None}
        handled = self.declared.handlers.items()
        return {code: handler(self, code, one, known[one.kind]) for code, one in handled if one.kind in known}

    async def ask(self, item: str, method: str, arguments: tuple[Any, ...]) -> Any:
        if self.keeper is None:
            raise Unavailable
        return await self.keeper.call(item, method, arguments)


def handler(isolated: Isolated, code: str, handled: Handled, kind: Kind) -> Any:
    """An instance of the kind's handler whose methods the child answers."""
    base: Any = kind.handler
    own = [name for name in handled.methods if name in vars(base)]
    methods = {name: _method(isolated, code, name, getattr(base, name)) for name in own}
    return type(handled.name, (base,), methods)()


def _method(isolated: Isolated, code: str, name: str, default: Callable[..., Any]) -> Callable[..., Any]:
    returned = get_type_hints(default)["return"]

    async def asked(_: Any, *arguments: Any) -> Any:
        answer = await isolated.ask(code, name, arguments)
        try:
            return as_returned(returned, answer)
        except ValueError as error:
            where = str(error).partition(" at ")[2]
            inside = f" with something else at {where}" if where else " with something else in it"
            raise wrong_answer(name, answer, inside=inside if isinstance(answer, list | dict) else "") from None

    asked.__name__ = name
    return asked


def isolate(configuration: Configuration, name: str, entry: Entry, folder: Path) -> ModuleType:
    """The module that stands for a plugin with `isolation = "process"`; its code is never imported here."""
    isolated = Isolated(configuration, name, entry, folder)

    def banshi_handlers(settings: Any) -> Mapping[str, Any]:
        isolated.look(settings)
        return isolated.handlers()

    def banshi_checks() -> Sequence[Finding]:
        return isolated.findings

    def banshi_resources() -> Sequence[Resource[Any]]:
        # What is data alone needs nobody to ask.
        return [Resource(isolated.key, partial(_open, isolated))] if isolated.declared.handlers else []

    module = stand_in(name)
    for hook in (banshi_handlers, banshi_checks, banshi_resources):
        setattr(module, hook.__name__, hookimpl(hook))
    return module


@asynccontextmanager
async def _open(isolated: Isolated, platform: Platform) -> AsyncIterator[Supervisor]:
    opening = open_supervisor(isolated.name, isolated.entry, isolated.hello, isolated.declared, platform)
    async with opening as keeper:
        isolated.keeper = keeper
        try:
            yield keeper
        finally:
            isolated.keeper = None


async def asked_once(hello: Mapping[str, Any]) -> Declaration:
    """What a child declares that is then ended. Raises OSError, and ChildEnded where it declares nothing."""
    child = await Process.begun()
    try:
        return await child.introduced(hello, None, START_TIMEOUT_S)
    finally:
        child.end("asked")
        await child.gone()
