"""What a city does without must not be needed: `[platform] without`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from banshi.builtin.materials.vocabulary import reusable
from banshi.foundation.findings import Finding
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.tracing import ADDRESSES

#: Gives who needs a capability, and what of theirs does.
Needs = Callable[[Registry], Iterator[tuple[str, str]]]


def nothing_needs_what_is_left_out(registry: Registry) -> Iterator[Finding]:
    """An item, a plugin or a variable that needs what was left out is named."""
    for room in sorted(registry.configuration.settings.without):
        for plugin, what in NEEDS[room](registry) if room in NEEDS else ():
            advice = f"{registry.configuration.file}: take {room!r} out of platform.without: {what} needs it"
            yield Finding(plugin, "left-out", advice)


def _certificates(registry: Registry) -> Iterator[tuple[str, str]]:
    for item in registry.items.unchecked():
        if item.certificate is not None:
            yield item.plugin, f"items.{item.code}.certificate"


def _materials(registry: Registry) -> Iterator[tuple[str, str]]:
    for item in registry.items.unchecked():
        department = registry.departments.get(item.department)
        for material, _, _ in reusable(item, department) if department else ():
            yield item.plugin, f"items.{item.code}: {material.field}, which may come from an earlier case,"


def _tracing(_: Registry) -> Iterator[tuple[str, str]]:
    for name in ADDRESSES:
        if os.environ.get(name):
            yield "platform", f"the environment variable {name}"


def _isolation(registry: Registry) -> Iterator[tuple[str, str]]:
    for name, entry in registry.configuration.entries.items():
        if entry.isolation == "process":
            yield name, f'plugins.{name}.isolation = "process"'


#: By capability; nothing needs those that aren't here.
NEEDS: Mapping[str, Needs] = {
    "certificates": _certificates,
    "isolation": _isolation,
    "materials": _materials,
    "tracing": _tracing,
}
