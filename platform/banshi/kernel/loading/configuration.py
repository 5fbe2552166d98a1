"""plugins.toml: the platform's settings and the allow-list of plugins, read and held to its shape.

Nothing that isn't listed is loaded. Each entry says where the plugin is (`path`, a folder, or `package`, an installed
import package), for which version of the contract it was written (`api`), and its own settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Strict

from banshi.foundation.files.toml_and_json import read_toml
from banshi.foundation.findings import ConfigurationError, Finding, refused
from banshi.kernel.contract import versions
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed

#: Plugin names may use underscores too: an import package can bear the plugin's name.
PLUGIN_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*\Z")

#: Names under which findings and tables are the kernel's own.
RESERVED = frozenset({"banshi", "platform"})

#: Parent of the modules that are loaded from folders.
NAMESPACE = "banshi_plugins"

#: Settings that are paths, relative to plugins.toml.
PLACES = ("data", "keys", "personal_keys", "certificate_fonts", "certificate_name_fonts")

#: What an entry with a process of its own may grant: sockets, or a folder or file to read.
NETWORK, READ = "network", "read:"

#: Bytes below which Python and the kernel alone have no room.
MIN_MEMORY_BYTES = 134_217_728


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a plugin's own process may use; what uses more is killed and begun anew."""

    #: Bytes of memory, Python's own included. From three quarters on it is replaced without anybody's noticing.
    memory: int = 402_653_184
    #: Cores that it may keep busy, in the mean of ten seconds.
    cpu: float = 0.75
    #: Threads, those of its libraries included.
    threads: int = 64
    #: Bytes that it may write to the log in a minute; what is beyond is cut and counted.
    log: int = 1_048_576

    def __post_init__(self) -> None:
        if self.memory < MIN_MEMORY_BYTES:
            raise ValueError(f"memory has to be at least {MIN_MEMORY_BYTES} bytes: Python and the kernel need them")
        if not 0.01 <= self.cpu <= 64:
            raise ValueError("cpu has to be 0.01 to 64 cores")
        if not 8 <= self.threads <= 4_096:
            raise ValueError("threads has to be 8 to 4096")
        if not 4_096 <= self.log <= 1_073_741_824:
            raise ValueError("log has to be 4096 bytes to 1 GiB, a minute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One plugin of the allow-list."""

    #: Version of the contract that the plugin is written for.
    api: Annotated[int, Strict()]
    #: Folder of the plugin, relative to plugins.toml.
    path: Path | None = None
    #: Name of an installed import package.
    package: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: "process" runs its handlers in a process of its own; the platform's process imports none of its code.
    isolation: Literal["none", "process"] = "none"
    #: What that process may do beside answering: "network", "read:FOLDER" (relative to plugins.toml).
    grant: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if (self.path is None) == (self.package is None):
            raise ValueError('has to say where the plugin is: either path = "…" or package = "…"')
        if self.isolation == "none" and (self.grant or self.limits != Limits()):
            raise ValueError('has grant or limits, which are for isolation = "process"')
        for one in self.grant:
            if one != NETWORK and not (one.startswith(READ) and one != READ):
                raise ValueError(f'has the grant {one!r}: there are "{NETWORK}" and "{READ}FOLDER"')

    @property
    def network(self) -> bool:
        """Whether its process may open sockets."""
        return NETWORK in self.grant

    @property
    def readable(self) -> list[str]:
        """What its process may read beside its own folder."""
        return [one.removeprefix(READ) for one in self.grant if one.startswith(READ)]


@dataclass(frozen=True, slots=True)
class Configuration:
    """plugins.toml as typed values."""

    file: Path
    settings: Settings
    entries: Mapping[str, Entry]


def read_configuration(file: Path, overrides: Mapping[str, Any] | None = None) -> Configuration:
    """Read plugins.toml; `overrides` is merged over it, table by table (`{"platform": {"data": …}}`).

    Raises ConfigurationError with every finding at once.
    """
    configuration, findings = inspect_configuration(file, overrides)
    if findings:
        raise ConfigurationError(findings)
    return configuration


def inspect_configuration(
    file: Path, overrides: Mapping[str, Any] | None = None
) -> tuple[Configuration, list[Finding]]:
    """What of plugins.toml is right, and everything that is wrong. Raises ConfigurationError if it can't be read."""
    document = _merge(_parse(file), overrides or {})
    findings = [
        Finding("platform", "unknown-table", f"{file}: remove [{key}]; the tables are [platform] and [plugins.NAME]")
        for key in document
        if key not in {"platform", "plugins"}
    ]
    settings = Settings()
    try:
        settings = typed(Settings, document.get("platform", {}), where="platform")
    except SettingsError as error:
        findings += [Finding("platform", "wrong-setting", f"{file}: {key} {why}") for key, why in error.problems]
    tables = document.get("plugins", {})
    if not isinstance(tables, dict):
        findings.append(Finding("platform", "wrong-setting", f"{file}: plugins has to be tables: write [plugins.NAME]"))
        tables = {}
    entries: dict[str, Entry] = {}
    for name, table in tables.items():
        try:
            entries[name] = _entry(file, name, table, {other.replace("-", "_") for other in entries})
        except ConfigurationError as error:
            findings += error.findings
    base, own = file.parent.resolve(), settings.outgoing
    places = {name: base / place for name in PLACES if (place := getattr(settings, name)) is not None}
    outgoing = replace(own, ca_file=base / own.ca_file if own.ca_file else None)
    return Configuration(file, replace(settings, **places, outgoing=outgoing), entries), findings


def _entry(file: Path, name: str, table: Any, taken: Set[str]) -> Entry:
    """One entry with its folder made absolute. Raises ConfigurationError."""
    where = f"plugins.{name}"

    def wrong(rule: str, *advices: str) -> ConfigurationError:
        return ConfigurationError([Finding(name, rule, f"{file}: {advice}") for advice in advices])

    if not PLUGIN_NAME.match(name) or name in RESERVED:
        words = f"use a-z, 0-9 and single hyphens or underscores, and not {' or '.join(sorted(RESERVED))}"
        raise wrong("bad-name", f"rename [{where}]: {words}")
    if name.replace("-", "_") in taken:
        raise wrong("bad-name", f"rename [{where}]: another plugin's name differs from it by a hyphen alone")
    try:
        entry = typed(Entry, {**table, "settings": {}} if isinstance(table, dict) else table, where=where)
    except SettingsError as error:
        raise wrong("wrong-entry", *(_told(key, why, where) for key, why in error.problems)) from None
    settings = table.get("settings", {})
    if not isinstance(settings, dict):
        raise wrong("wrong-entry", f"{where}.settings has to be a table: write [{where}.settings]")
    if unspoken := versions.wrong_version(entry.api):
        raise wrong("wrong-api", f"{where}.api is {entry.api}; {unspoken}")
    if entry.package is not None and not all(part.isidentifier() for part in entry.package.split(".")):
        advice = f"{where}.package is {entry.package!r}: name the package as Python imports it"
        named = re.sub(r"[-.]+", "_", entry.package)
        raise wrong("wrong-entry", f"{advice}, {named}" if named.isidentifier() else f"{advice}, such as city_parks")
    read = [READ + str((file.parent / place).resolve()) for place in entry.readable]
    grant = (*(one for one in entry.grant if one == NETWORK), *read)
    path = (file.parent / entry.path).resolve() if entry.path else None
    return replace(entry, path=path, settings=settings, grant=grant)


def _told(key: str, why: str, where: str) -> str:
    """What is wrong with one key of an entry. The version has to be said, so what it is is told with it."""
    said = f"{key} {why}"
    if key != f"{where}.api":
        return said
    return f"{said}: write api = {versions.API_VERSION}, the version of the contract that the plugin is written for"


def _parse(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except FileNotFoundError:
        advice = f"there is no {file}: run this in the folder that holds plugins.toml, or say --config FILE"
    except (OSError, ValueError) as error:
        advice = f"{file} can't be read: {error}"
    raise refused("no-configuration", advice)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        present = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(present, Mapping)
        merged[key] = _merge(present, value) if both and present is not None else value
    return merged


def make_folders(settings: Settings, *, keys: bool = False) -> None:
    """Make the folder of the data, and with `keys` that of the private keys, where there is none.

    Raises ConfigurationError, which names the setting.
    """
    for key, folder in [("data", settings.data), ("keys", settings.keys_folder)][: 1 + keys]:
        try:
            # What people sent is nobody else's on this machine, either.
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            advice = f"mend platform.{key} or what is in its way: {folder} can't be made: {error.strerror}"
            raise refused("folder-not-made", advice) from error
