"""A registry that is being filled, and what is found wrong meanwhile."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from banshi.foundation.findings import Finding
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
