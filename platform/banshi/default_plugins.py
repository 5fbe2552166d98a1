"""What Banshi itself consists of: each string names a module whose hooks are called as any plugin's are.

A capability is a room in `banshi.builtin`, and a kind of item one in `banshi.kinds`. Nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from types import ModuleType

#: What a case can't do without: they fill the keys that the kernel asks by `[]`.
ESSENTIAL = (
    "banshi.kernel.http.plugin",
    "banshi.builtin.leading.plugin",
    "banshi.builtin.limits.plugin",
    "banshi.builtin.cases.plugin",
    "banshi.builtin.identity.plugin",
    "banshi.kernel.outbox.plugin",
)
#: What a city expects besides.
DEFAULT = (
    "banshi.builtin.tracing.plugin",
    "banshi.builtin.uploads.plugin",
    "banshi.builtin.worklist.plugin",
    "banshi.builtin.audit.plugin",
    "banshi.builtin.sign_in.plugin",
    "banshi.builtin.work_stream.plugin",
    "banshi.builtin.passes.plugin",
    "banshi.builtin.certificates.plugin",
    "banshi.builtin.catalogue.plugin",
    "banshi.builtin.form_words.plugin",
    "banshi.builtin.lists.plugin",
    "banshi.builtin.materials.plugin",
    "banshi.builtin.personal_data.plugin",
    "banshi.builtin.drafts.plugin",
    "banshi.builtin.prefill.plugin",
    "banshi.builtin.openapi.plugin",
    "banshi.builtin.monitoring.plugin",
    "banshi.builtin.isolation.plugin",
    "banshi.builtin.checks.plugin",
    "banshi.kinds.application",
    "banshi.kinds.appointment",
    "banshi.kinds.query",
    "banshi.kinds.appeal",
    "banshi.kinds.posting",
)
#: All, in the order in which they are registered and, phase by phase, their resources opened.
DEFAULT_PLUGINS = ESSENTIAL + DEFAULT

#: The modules with Banshi's own tables, whichever room's they are, and with their migrations.
MODELS = (
    *(
        f"banshi.kernel.tables.{one}"
        for one in ("attachments", "cases", "deployment", "idempotency", "outbox", "passes")
    ),
    *(
        f"banshi.builtin.{one}.models"
        for one in ("audit", "drafts", "identity", "limits", "outgoing", "passes", "prefill", "uploads")
    ),
)
MIGRATIONS = "banshi.kernel.tables.migrations"

#: Rooms that a city may do without: `without = ["certificates"]` in the table `[platform]`.
OPTIONAL = frozenset({"certificates", "isolation", "materials", "monitoring", "tracing"})

#: Rooms that find something wrong with what plugins declare, or have the lists that forms name; kinds do, too.
JUDGING = frozenset({"catalogue", "certificates", "checks", "lists", "personal_data"})

#: Before the names of all but the kinds: no department can have such a name.
PREFIX = "banshi."


def default_plugins(without: Collection[str] = ()) -> dict[str, ModuleType]:
    """The modules by the name under which each is registered, but for the rooms that are left out."""
    return {_name(module): import_module(module) for module in DEFAULT_PLUGINS if _room(module) not in without}


def default_kinds() -> dict[str, ModuleType]:
    """Those of them that are kinds of item: all that most commands need."""
    return {_name(module): import_module(module) for module in DEFAULT_PLUGINS if _is_kind(module)}


def judging_plugins(without: Collection[str]) -> dict[str, ModuleType]:
    """Those of them that a plugin's declarations are held to, but for the rooms that are left out."""
    judging = [module for module in DEFAULT_PLUGINS if _is_kind(module) or _room(module) in JUDGING]
    return {_name(module): import_module(module) for module in judging if _room(module) not in without}


def kind_names() -> frozenset[str]:
    """Their names; none of them is loaded."""
    return frozenset(_name(module) for module in DEFAULT_PLUGINS if _is_kind(module))


def _room(module: str) -> str:
    return module.removesuffix(".plugin").rpartition(".")[2]


def _is_kind(module: str) -> bool:
    return module.startswith("banshi.kinds.")


def _name(module: str) -> str:
    return _room(module) if _is_kind(module) else PREFIX + _room(module)
