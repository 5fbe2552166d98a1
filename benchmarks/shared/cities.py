"""A plugins.toml for each benchmark: a small city of some plugins, or the project's own, with data in a folder."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.shared.processes import HERE, ROOT

DEPARTMENTS, OWN = ROOT / "plugins" / "departments", HERE / "plugins"

#: What most cities here consist of: an import package, or a folder.
PUSH: Mapping[str, Path | str] = {"mobile_push": "mobile_push"}
CITY: Mapping[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", **PUSH}

#: Every department of the repository, and who talks with people.
OFFICES: Mapping[str, Path | str] = {
    **{place.parent.name: place.parent for place in sorted(DEPARTMENTS.glob("*/items.toml"))},
    "conversations": "conversations",
    **PUSH,
}

#: The database as `banshi serve` has it where none is named: each commit is synced.
SYNCED = "synchronous=FULL&wal_autocheckpoint=8000&busy_timeout=5000"

#: What one person may create in a benchmark: whatever one hands in is the city's.
UNLIMITED = {"burst": 1_000_000_000, "day": 1_000_000_000}

FORM = OWN / "permits" / "forms" / "fast-pass.json"


def city(
    folder: Path,
    plugins: Mapping[str, Path | str] = CITY,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    name: str = "plugins.toml",
    **platform: Any,
) -> Path:
    """A plugins.toml in `folder` with these plugins, their settings by name, and what `platform` says otherwise."""
    tables = {
        plugin: {"api": 1, "path" if isinstance(place, Path) else "package": place} for plugin, place in plugins.items()
    }
    return written(folder / name, tables, settings or {}, platform)


def office(folder: Path, **platform: Any) -> Path:
    """The benchmark's own department beside mobile_push."""
    return city(folder, {"permits": OWN / "permits", **PUSH}, **platform)


def project(
    folder: Path, *, push: Mapping[str, Any] | None = None, wechat: Mapping[str, Any] | None = None, **platform: Any
) -> Path:
    """The project's plugins.toml, with what mobile_push, wechat and the platform are told otherwise."""
    read = tomllib.loads((ROOT / "plugins.toml").read_text("utf-8"))
    for entry in read["plugins"].values():
        if "path" in entry:
            entry["path"] = ROOT / entry["path"]
    own = {**read["platform"], **platform}
    return written(folder / "plugins.toml", read["plugins"], {"mobile_push": push or {}, "wechat": wechat or {}}, own)


def fcm(folder: Path, url: str, **more: Any) -> dict[str, Any]:
    """The settings of an FCM that is the provider whose key and certificate lie in the folder."""
    account, authority = folder / "account.json", folder / "ca.pem"
    return {"service_account_file": account, "base_url": f"{url}/v1/projects", "ca_file": authority, **more}


def written(
    file: Path,
    plugins: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Mapping[str, Any]],
    platform: Mapping[str, Any],
) -> Path:
    """The file, with the data beside it."""
    tables = {"platform": {"log_level": "info", "rates": UNLIMITED, **platform, "data": file.parent / "data"}}
    for name, entry in plugins.items():
        tables[f"plugins.{name}"] = {**entry, "settings": {**entry.get("settings", {}), **settings.get(name, {})}}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(f"[{name}]\n{lines(table)}" for name, table in tables.items()), "utf-8")
    return file


def lines(table: Mapping[str, Any]) -> str:
    """The lines of a table of TOML."""
    return "".join(f"{key} = {toml(value)}\n" for key, value in said(table).items())


def said(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table without what is empty."""
    return {key: value for key, value in table.items() if value not in ("", None, {})}


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON's strings and numbers are TOML's too."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in said(value).items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)
