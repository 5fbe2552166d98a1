"""What a plugin says of itself at start, as values: looked at in the child, taken by the kernel."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

from pydantic import Field

from banshi.builtin.checks.declarations.items import handlers_answer_as_they_are_called
from banshi.foundation.findings import Finding
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.loader import Loader

#: Hooks whose values can't be handed to another process, and what they stand for.
STAY_BEHIND = {
    "banshi_needs": "plugins that it needs",
    "banshi_kinds": "kinds of its own",
    "banshi_tables": "tables of its own",
    "banshi_resources": "resources, which get the running platform",
    "banshi_channels": "channels, which get the running platform",
    "banshi_offers": "what it gives other plugins",
    "banshi_routes": "routes, whose handlers get the running platform",
    "banshi_commands": "commands of `banshi`",
}

Word = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One item's behaviour: of which kind, whose class, and which of the kind's methods it has itself."""

    kind: Word
    name: Word
    methods: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding, in which plugin is not the child's to say."""

    rule: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z-]*$")]
    advice: Annotated[str, Field(max_length=4_000)]
    warning: bool = False
    note: bool = False


@data_table
class Declaration:
    """All that a child hands over."""

    handlers: Mapping[str, Handled] = field(default_factory=dict)
    findings: Annotated[tuple[Told, ...], Field(max_length=1_000)] = ()
    #: What the system has no means to bar it from.
    unguarded: tuple[Word, ...] = ()


@dataclass(slots=True)
class Looked:
    """What the child has found of its plugin, with what it needs to answer."""

    handlers: dict[str, Any] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def declaration(self, kinds: Mapping[str, Kind], unguarded: Sequence[str]) -> Declaration:
        handled = {code: _handled(self.items[code], kinds) for code in sorted(self.handlers)}
        findings = tuple(
            Told(rule=one.rule, advice=one.advice, warning=one.warning, note=one.note) for one in self.findings
        )
        return Declaration(handlers=handled, findings=findings, unguarded=tuple(unguarded))


def _handled(item: Item, kinds: Mapping[str, Kind]) -> Handled:
    base, cls = kinds[item.kind].handler, type(item.handler)
    methods = [name for name, one in vars(base).items() if inspect.iscoroutinefunction(one)]
    own = tuple(name for name in methods if getattr(cls, name) is not getattr(base, name))
    return Handled(kind=item.kind, name=cls.__qualname__[:200], methods=own)


class Lone(Loader):
    """Holds one plugin to what it is held to in the platform's own process, and finds what can't be handed over."""

    def look(self, name: str, module: ModuleType, folder: Path, kinds: Mapping[str, Kind]) -> Looked:
        self.registry.kinds = dict(kinds)
        self._register(name, module, folder, self.configuration.entries[name].api)
        for hook in self.registry.hooks:
            if what := STAY_BEHIND.get(hook):
                advice = f"a process of its own can't have {what} ({hook}): move that to a plugin of its own without"
                self.wrong(name, "not-isolable", f"{advice} isolation, or remove the entry's isolation")
        self._settings()
        found = list(self.findings)
        self.items.catalogues({})
        # What is wrong with its items the platform's process finds itself.
        self.findings = found
        self.items.handlers(self._call("banshi_handlers"))
        items = {item.code: item for item in self.registry.items.unchecked()}
        handled = {code: item for code, item in items.items() if item.handler is not None and self._crosses(item)}
        seen: Any = SimpleNamespace(kinds=kinds, items=SimpleNamespace(unchecked=handled.values))
        self.findings += handlers_answer_as_they_are_called(seen)
        self._checks(name)
        return Looked({code: item.handler for code, item in handled.items()}, items, self.findings)

    def _crosses(self, item: Item) -> bool:
        """Whether an item's behaviour can be handed over."""
        if getattr(item.handler, "form", None) is None:
            return True
        advice = f"items.{item.code}: {type(item.handler).__name__}.form is a class, which a process of its own can't"
        advice += " hand over: write the form as a JSON Schema in items.toml"
        self.wrong(item.plugin, "not-isolable", advice)
        return False

    def _checks(self, name: str) -> None:
        if any("registry" in check.argnames for check in self.manager.hook.banshi_checks.get_hookimpls()):
            advice = "banshi_checks asks for `registry`, which a process of its own doesn't have: leave it out"
            self.wrong(name, "not-isolable", advice)
        else:
            self._each("banshi_checks", Finding, self._finding)


def findings_of(name: str, file: Path, declaration: Declaration) -> Iterator[Finding]:
    """In the kernel: what a child has found, under its own name."""
    for one in declaration.findings:
        advice = one.advice if str(file.parent) in one.advice else f"{file}: {one.advice}"
        yield Finding(name, one.rule, advice, one.warning, note=one.note)
    if declaration.unguarded:
        advice = f"{file}: plugins.{name}.isolation: this system can't bar its process from "
        advice += f"{' or '.join(declaration.unguarded)}; docs/operations/security.md says what is needed"
        yield Finding(name, "not-guarded", advice, warning=True)
