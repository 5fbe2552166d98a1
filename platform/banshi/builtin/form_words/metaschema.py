"""What a served form may say, as a JSON Schema of its own: the standard's words, and the platform's.

`metaschema.json` has each of the platform's keywords with what it may be and the sentence that says what it is for.
Their vocabulary isn't required: whoever doesn't know it may leave its words alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from banshi.forms.vocabulary.fields import KNOWN, MAX_MASK_CHARS
from banshi.foundation.files.media_types import ACCEPTED

PATH = "/v1/forms/vocabulary.json"

METASCHEMA: dict[str, Any] = orjson.loads(Path(__file__).with_suffix(".json").read_bytes())

#: Keyword → what it may be.
WORDS: dict[str, dict[str, Any]] = METASCHEMA["properties"]

# What is decided elsewhere is empty in the file.
WORDS["x-mask"]["maxLength"] = MAX_MASK_CHARS
WORDS["x-accepts"]["items"]["enum"] = list(ACCEPTED)
WORDS["x-prefill"]["enum"] = list(KNOWN)
