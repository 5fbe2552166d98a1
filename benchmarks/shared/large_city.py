"""A city of any size in a folder: departments as plugins, whose synthetic items have the texts of real ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.shared.cities import DEPARTMENTS, FORM, PUSH, city, toml

#: Made up; an item's title bears one, so that no two titles are the same.
DISTRICTS = ("东河", "西河", "南湖", "北山", "城中", "新桥", "高坪", "临江", "青石", "白马")

#: What every item has in common beside its texts.
COMMON = """kind = "application"
unit = "desk"
audience = ["person"]
legal_days = 20
promised_days = 3
visits = {visits}
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "An answer" }} }}
[[items.places]]
phone = "000-0000000"
title = {{ zh-CN = "窗口（示例）", en = "Counter (sample)" }}
address = {{ zh-CN = "示例路{number}号", en = "{number} Sample Road" }}
"""


def real_items() -> list[dict[str, Any]]:
    """The tables of the items that the repository's departments offer."""
    files = sorted([*DEPARTMENTS.glob("*/items.toml"), *DEPARTMENTS.glob("*/items/*.toml")])
    return [item for file in files for item in tomllib.loads(file.read_text("utf-8"))["items"]]


def write_city(folder: Path, plugins: int, items: int, **more: Path) -> Path:
    """Write `plugins` departments with `items` items each below `folder`; the plugins.toml that loads them and `more`.

    The first item of all is `p0-i0`. Its form is the vehicle pass's less its files; every item has a copy of its own.
    """
    real, form = real_items(), json.loads(FORM.read_text("utf-8"))
    departments = {f"p{plugin}": folder / f"p{plugin}" for plugin in range(plugins)}
    for plugin, (name, place) in enumerate(departments.items()):
        (place / "forms").mkdir(parents=True)
        (place / "__init__.py").touch()
        (place / "items.toml").write_text("\n".join(department(plugin, items, real)), "utf-8")
        for item in range(items):
            own = {**form, "title": f"{name}-i{item}"}
            (place / "forms" / f"i{item}.json").write_text(json.dumps(own, ensure_ascii=False), "utf-8")
    return city(folder, {**PUSH, **departments, **more})


def department(plugin: int, items: int, real: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of one department's items.toml."""
    title = toml({"zh-CN": f"第{plugin}局", "en": f"Office {plugin}"})
    yield f'[department]\ncode = "p{plugin}"\ntitle = {title}\n[[units]]\ncode = "desk"\ntitle = {title}'
    for number in range(items):
        model = real[(plugin * items + number) % len(real)]
        district, place = DISTRICTS[plugin % len(DISTRICTS)], f"{plugin}-{number}"
        heading = {
            "zh-CN": f"{model['title']['zh-CN']}（{district}{place}）",
            "en": f"{model['title']['en']} ({place})",
        }
        yield f'[[items]]\ncode = "p{plugin}-i{number}"\nform = "forms/i{number}.json"'
        yield f"title = {toml(heading)}"
        yield f"summary = {toml(model['summary'])}\nkeywords = {toml(model['keywords'])}"
        for name in ("conditions", "process"):
            yield f"{name} = [{', '.join(map(toml, model.get(name, ())))}]"
        yield COMMON.format(visits=number % 3, number=number)
