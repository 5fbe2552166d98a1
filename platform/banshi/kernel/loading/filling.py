"""A registry that is being filled, and what is found wrong meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import ModuleType
from typing import Any

from banshi.foundation.findings import Finding, one_line
from banshi.kernel.contract import versions
from banshi.kernel.loading.configuration import Entry
from banshi.kernel.loading.importing import place_of
from banshi.kernel.loading.registry import Registry


class Filling:
    """The registry as far as it could be filled, and everything that is wrong."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.findings: list[Finding] = []
        #: What findings say is to be mended.
        self.file = registry.configuration.file

    def wrong(self, plugin: str, rule: str, advice: str) -> None:
        self.findings.append(Finding(plugin, rule, advice))

    def wrong_type(self, plugin: str, hook: str, value: Any, expected: str) -> None:
        self.wrong(plugin, "wrong-type", f"{hook} has to return {expected}, not {type(value).__name__}")

    def unique(self, index: MutableMapping[str, Any], key: str, value: Any, noun: str, plugin: str) -> None:
        """Put the value under its key, unless another plugin has one of that name."""
        owner = self.registry.owners.setdefault((noun, key), plugin)
        if key in index:
            self.wrong(plugin, f"duplicate-{noun}", f"rename the {noun} {key!r}: {owner} has one of that name already")
            return
        index[key] = value

    def needs(self, name: str, module: ModuleType, folder: Path) -> Iterator[tuple[str, Entry]]:
        """The entries of what a plugin needs, as plugins.toml has them or by the package's own name."""
        entries = self.registry.configuration.entries
        listed = {one.package: (key, one) for key, one in entries.items()}
        try:
            packages = [str(one) for one in getattr(module, "banshi_needs", tuple)()]
        except Exception as error:  # the plugin's own mistake, told under its name
            advice = f"mend what banshi_needs raises: {one_line(error)} ({place_of(error, folder)})"
            self.wrong(name, "hook-failed", advice)
            return
        for package in packages:
            key, own = listed.get(package, (package, Entry(api=versions.API_VERSION, package=package)))
            if entries.get(key, own).package == package:
                yield key, own
            else:
                advice = f"{self.file}: rename [plugins.{key}]: {name} needs the package {package} of that name"
                self.wrong(name, "other-package", advice)
