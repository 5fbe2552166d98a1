"""A city of any size in a folder: departments as plugins, whose synthetic items have the texts of real ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from processes import HERE, ROOT

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
    departments = ROOT / "plugins" / "departments"
    files = sorted([*departments.glob("*/items.toml"), *departments.glob("*/items/*.toml")])
    return [item for file in files for item in tomllib.loads(file.read_text("utf-8"))["items"]]


def write_city(folder: Path, plugins: int, items: int) -> Path:
    """Write `plugins` departments with `items` items each below `folder`; the plugins.toml that loads them all.

    The first item of all is `p0-i0`. Its form is the vehicle pass's less its files; every item has a copy of its own.
    """
    real = real_items()
    form = json.loads((HERE / "plugins" / "permits" / "forms" / "fast-pass.json").read_text("utf-8"))
    lines = ["[platform]", 'data = "data"', 'log_level = "info"', "[plugins.mobile_push]", "api = 1"]
    lines.append('package = "mobile_push"')
    for plugin in range(plugins):
        name = f"p{plugin}"
        lines += [f"[plugins.{name}]", "api = 1", f'path = "{name}"']
        (folder / name / "forms").mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        text = "\n".join(department(plugin, items, real))
        (folder / name / "items.toml").write_text(text, "utf-8")
        for item in range(items):
            own = {**form, "title": f"{name}-i{item}"}
            (folder / name / "forms" / f"i{item}.json").write_text(json.dumps(own, ensure_ascii=False), "utf-8")
    file = folder / "plugins.toml"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def department(plugin: int, items: int, real: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of one department's items.toml."""
    title = texts({"zh-CN": f"第{plugin}局", "en": f"Office {plugin}"})
    yield f'[department]\ncode = "p{plugin}"\ntitle = {title}\n[[units]]\ncode = "desk"\ntitle = {title}'
    for number in range(items):
        model = real[(plugin * items + number) % len(real)]
        district, place = DISTRICTS[plugin % len(DISTRICTS)], f"{plugin}-{number}"
        heading = {
            "zh-CN": f"{model['title']['zh-CN']}（{district}{place}）",
            "en": f"{model['title']['en']} ({place})",
        }
        yield f'[[items]]\ncode = "p{plugin}-i{number}"\nform = "forms/i{number}.json"'
        yield f"title = {texts(heading)}"
        yield f"summary = {texts(model['summary'])}\nkeywords = {texts(model['keywords'])}"
        for name in ("conditions", "process"):
            yield f"{name} = [{', '.join(map(texts, model.get(name, ())))}]"
        yield COMMON.format(visits=number % 3, number=number)


def texts(values: dict[str, Any]) -> str:
    """An inline table of TOML; JSON's strings and lists are TOML's too."""
    return "{ " + ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()) + " }"
