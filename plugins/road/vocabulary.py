"""What can be said of an event: `event.json`, after GB/T 29100's classes, WZDx 4.2's directions and lanes, and CAP.

GB/T 29100's own codes are sold, and not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from banshi import Form, Texts
from banshi.sdk.documents import Record

_FOLDER = Path(__file__).parent
_EVENT: Mapping[str, Any] = orjson.loads((_FOLDER / "event.json").read_bytes())
_WHOLE: Mapping[str, Any] = _EVENT["properties"]
#: What else is sent and answered.
DOCUMENTS: Mapping[str, Any] = orjson.loads((_FOLDER / "documents.json").read_bytes())

#: Columns of their own, and what is only sent along; the rest is kept as it is said.
COLUMNS = ("kind", "division", "road", "geometry", "starts_at", "ends_at", "report", "names_nobody")
#: What people read as it was written: no person's name and number is in it.
TEXTS = ("road", "text", "text_en", "detour", "detour_en", "said_by")
#: What is said where nothing is.
DEFAULTS = {name: one["default"] for name, one in _WHOLE.items() if "default" in one}
KIND_TITLES: Mapping[str, Texts] = {one["const"]: one["title"] for one in _WHOLE["kind"]["oneOf"]}

#: An event as staff write it, maybe from a citizen's report, which is answered by it.
NEW = Form.from_schema(_EVENT)
_MAY = {name: one for name, one in _WHOLE.items() if name not in ("kind", "division", "report")} | DOCUMENTS["change"]
#: What may be left unsaid, null takes back.
_BACK = {name for name in _WHOLE if name not in {*COLUMNS, *DEFAULTS, *_EVENT["required"]}}
_MAY |= {name: {**_WHOLE[name], "type": [_WHOLE[name]["type"], "null"]} for name in _BACK}
#: What may change of it, as of the version that was read: kind and division stay, for whoever follows them. Without
#: anything else it is still so.
CHANGE = Form.from_schema({**_EVENT, "required": ["version"], "properties": _MAY})
#: Of which version an alert is made.
ALERT = Record(version=DOCUMENTS["change"]["version"]).form()
#: Each member as the API describes it.
MEMBERS: Mapping[str, Any] = NEW.described("en")["properties"]
