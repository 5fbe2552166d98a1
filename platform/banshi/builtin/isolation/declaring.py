"""What a plugin says of itself at start, as values: looked at in the child, taken by the kernel."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

from pydantic import Field

from banshi.builtin.checks.items import handlers_answer_as_they_are_called
from banshi.foundation.findings import Finding
from banshi.foundation.wording import told
from banshi.kernel.contract.values import Item, Kind
from banshi.kernel.loading.catalogue import Reader
from banshi.kernel.loading.importing import place_of, read_hooks
from banshi.kernel.loading.typed_tables import STRICT, SettingsError, typed

#: Hooks whose values can't be handed to another process, and what they stand for.
STAY_BEHIND = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """All that a child hands over."""

    __pydantic_config__ = STRICT

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
        findings = tuple(Told(rule=one.rule, advice=one.advice, warning=one.warning) for one in self.findings)
        return Declaration(handlers=handled, findings=findings, unguarded=tuple(unguarded))


def _handled(item: Item, kinds: Mapping[str, Kind]) -> Handled:
    base, cls = kinds[item.kind].handler, type(item.handler)
    methods = [name for name, one in vars(base).items() if inspect.iscoroutinefunction(one)]
    own = tuple(name for name in methods if getattr(cls, name) is not getattr(base, name))
    return Handled(kind=item.kind, name=cls.__qualname__[:200], methods=own)


def look_at(
    name: str, module: ModuleType, folder: Path, api: int, settings: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> Looked:
    """Call the hooks of a plugin that can be handed over, and find what can't."""
    looked = Looked()
    hooks, wrong = read_hooks(name, module, api)
    looked.findings += wrong
    for hook in hooks:
        if what := STAY_BEHIND.get(hook):
            advice = f"a process of its own can't have {what} ({hook}): move that to a plugin of its own without"
            advice += " isolation, or remove the entry's isolation"
            looked.findings.append(Finding(name, "not-isolable", advice))
    try:
        known = {"settings": typed(hooks["banshi_settings"](), settings, where=f"plugins.{name}.settings")}
    except KeyError:
        known = {}
        for key in settings:
            advice = f"remove plugins.{name}.settings.{key}: the plugin has no settings"
            looked.findings.append(Finding(name, "wrong-setting", advice))
    except SettingsError as error:
        looked.findings += [Finding(name, "wrong-setting", f"{key} {why}") for key, why in error.problems]
        return looked
    except Exception as error:  # the hook, or the dataclass itself
        looked.findings.append(_failed(name, "banshi_settings", error, folder))
        return looked
    file = folder / "items.toml"
    catalogue = Reader(name, file, kinds).read() if file.is_file() else None
    looked.items = {item.code: item for item in catalogue.items} if catalogue else {}
    _take_handlers(looked, name, hooks, known, folder, kinds)
    _take_checks(looked, name, hooks, known, folder)
    return looked


def _take_handlers(
    looked: Looked,
    name: str,
    hooks: Mapping[str, Any],
    known: Mapping[str, Any],
    folder: Path,
    kinds: Mapping[str, Kind],
) -> None:
    if "banshi_handlers" not in hooks:
        return
    try:
        handlers = dict(_called(hooks["banshi_handlers"], known))
    except Exception as error:
        looked.findings.append(_failed(name, "banshi_handlers", error, folder))
        return
    for code, handler in handlers.items():
        item = looked.items.get(code)
        if item is None:
            advice = f"banshi_handlers names the item {code!r}, which items.toml does not"
            looked.findings.append(Finding(name, "unknown-item", advice))
            continue
        base = kinds[item.kind].handler
        if base is None or not isinstance(handler, base):
            wanted = f"an instance of a subclass of {base.__name__}" if base else f"nothing for the kind {item.kind}"
            advice = f"banshi_handlers[{code!r}] has to return {wanted}, not {type(handler).__name__}"
            looked.findings.append(Finding(name, "wrong-type", advice))
            continue
        if getattr(handler, "form", None) is not None:
            advice = f"items.{code}: {type(handler).__name__}.form is a class, which a process of its own can't hand"
            advice += " over: write the form as a JSON Schema in items.toml"
            looked.findings.append(Finding(name, "not-isolable", advice))
            continue
        looked.handlers[code] = handler
        object.__setattr__(item, "handler", handler)
    seen: Any = SimpleNamespace(
        kinds=kinds, items=SimpleNamespace(unchecked=lambda: [looked.items[code] for code in looked.handlers])
    )
    looked.findings += handlers_answer_as_they_are_called(seen)


def _take_checks(looked: Looked, name: str, hooks: Mapping[str, Any], known: Mapping[str, Any], folder: Path) -> None:
    check = hooks.get("banshi_checks")
    if check is None:
        return
    if "registry" in inspect.signature(check).parameters:
        advice = "banshi_checks asks for `registry`, which a process of its own doesn't have: leave it out"
        looked.findings.append(Finding(name, "not-isolable", advice))
        return
    try:
        looked.findings += [one for one in _called(check, known) if isinstance(one, Finding)]
    except Exception as error:
        looked.findings.append(_failed(name, "banshi_checks", error, folder))


def _called(hook: Any, known: Mapping[str, Any]) -> Any:
    return hook(*(known.get(argument) for argument in inspect.signature(hook).parameters))


def _failed(name: str, hook: str, error: BaseException, folder: Path) -> Finding:
    return Finding(name, "hook-failed", f"mend what {hook} raises: {told(error)} ({place_of(error, folder)})")


def findings_of(name: str, file: Path, declaration: Declaration) -> Iterator[Finding]:
    """In the kernel: what a child has found, under its own name."""
    for one in declaration.findings:
        advice = one.advice if str(file.parent) in one.advice else f"{file}: {one.advice}"
        yield Finding(name, one.rule, advice, one.warning)
    if declaration.unguarded:
        advice = f"{file}: plugins.{name}.isolation: this system can't bar its process from "
        advice += f"{' or '.join(declaration.unguarded)}; docs/operations/security.md says what is needed"
        yield Finding(name, "not-guarded", advice, warning=True)
