"""The whole city, and a department that nobody has heard of: a kind of its own, and a form like no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import Door, open_door
from tests.town import survey_plugin
from tests.town.registers import DEPARTMENTS, import_samples

#: Where a survey is declared, and what its states and actions are called.
DECLARED = "SURVEY = Kind(\n"
WORDS = """
SURVEY = Kind(
    states={
        "submitted": {"zh-CN": "已提交", "en": "Handed in"},
        "counted": {"zh-CN": "已计入", "en": "Counted"},
        "withdrawn": {"zh-CN": "已撤回", "en": "Withdrawn"},
        "closed": {"zh-CN": "已答复", "en": "Answered"},
    },
    actions={
        "count": {"zh-CN": "计入", "en": "Count"},
        "revise": {"zh-CN": "修改", "en": "Change the answers"},
        "withdraw": {"zh-CN": "撤回", "en": "Withdraw"},
        "remark": {"zh-CN": "答复", "en": "Answer"},
    },
    backward=frozenset({"withdraw"}),
"""

#: What stands in front of what its cases show and its steps take.
TITLED = {
    '"properties": {"text": {"type": "string", "minLength": 1}}': (
        '"properties": {"text": {"type": "string", "minLength": 1, "title": {"zh-CN": "答复", "en": "Answer"}}}'
    ),
    '{"until": {"type": "string", "format": "date"}}': (
        '{"until": {"type": "string", "format": "date", "title": {"zh-CN": "截止日期", "en": "Open until"}}}'
    ),
    '{"newsletter": {"type": "boolean"}}': (
        '{"newsletter": {"type": "boolean", "title": {"zh-CN": "订阅消息", "en": "Send me news"}}}'
    ),
}

FORM = """
[items.form]
type = "object"
additionalProperties = false
required = ["choice", "crossing"]

[[items.form.x-groups]]
title = { zh-CN = "意见", en = "What you think" }
fields = ["choice", "crossing"]
[[items.form.x-groups]]
title = { zh-CN = "其他", en = "Anything else" }
fields = ["why", "sketches"]

[items.form.properties.choice]
title = { zh-CN = "哪一种", en = "Which one" }
oneOf = [
    { const = "bridge", title = { zh-CN = "桥", en = "A bridge" } },
    { const = "tunnel", title = { zh-CN = "隧道", en = "A tunnel" } },
]

[items.form.properties.crossing]
type = "object"
additionalProperties = false
required = ["width", "uses"]
title = { zh-CN = "过江方式", en = "The crossing" }
[items.form.properties.crossing.properties.width]
type = "number"
minimum = 3.5
title = { zh-CN = "宽度", en = "Width" }
x-unit = { zh-CN = "米", en = "metres" }
[items.form.properties.crossing.properties.uses]
type = "array"
minItems = 2
uniqueItems = true
title = { zh-CN = "用途", en = "What it is for" }
[items.form.properties.crossing.properties.uses.items]
oneOf = [
    { const = "on-foot", title = { zh-CN = "步行", en = "On foot" } },
    { const = "by-bicycle", title = { zh-CN = "骑车", en = "By bicycle" } },
]

[items.form.properties.why]
type = "string"
title = { zh-CN = "理由", en = "Why" }
x-when = { choice = ["tunnel"] }

[items.form.properties.sketches]
type = "array"
minItems = 1
title = { zh-CN = "草图", en = "Sketches" }
items = { type = "string", format = "uuid", x-attachment = true }
"""


def make(folder: Path) -> Path:
    """The plugin of the public works, with a survey whose form nobody has seen."""
    head = survey_plugin.ITEMS.partition("[items.form]")[0]
    place = survey_plugin.make(folder, head + FORM)
    code = survey_plugin.KIND
    for plain, worded in ((DECLARED, WORDS), *TITLED.items()):
        assert plain in code
        code = code.replace(plain, worded)
    (place / "__init__.py").write_text(code, encoding="utf-8")
    return place


@asynccontextmanager
async def open_city(
    folder: Path, settings: Mapping[str, Mapping[str, Any]] | None = None, **more: Path | str
) -> AsyncIterator[Door]:
    """All departments with their registers, and the public works; `more` plugins beside them, with `settings`."""
    departments = {one.parent.name: one.parent for one in sorted(DEPARTMENTS.glob("*/items.toml"))}
    plugins: dict[str, Path | str] = {
        **departments,
        "works": make(folder),
        "mobile_push": "mobile_push",
        "conversations": "conversations",
        **more,
    }
    async with open_door(folder, plugins, settings=settings) as door:
        await import_samples(door, *sorted(one.name for one in DEPARTMENTS.iterdir()))
        await make_ahead(door.platform)
        yield door
