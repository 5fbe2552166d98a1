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
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.contract.values import LANGUAGES
from banshi.kernel.http.responses import encode, ready_json, reply_ready

PATH = "/v1/forms/vocabulary.json"

METASCHEMA: dict[str, Any] = orjson.loads(Path(__file__).with_name("metaschema.json").read_bytes())

#: Keyword → what it may be.
WORDS: dict[str, dict[str, Any]] = METASCHEMA["properties"]

# What is decided elsewhere is empty in the file.
WORDS["x-mask"]["maxLength"] = MAX_MASK_CHARS
WORDS["x-accepts"]["items"]["enum"] = list(ACCEPTED)
WORDS["x-prefill"]["enum"] = list(KNOWN)


ROUTES = Routes("catalogue")

#: Made once: the same for everybody, but for the language that an answer says it is in.
READY = {language: ready_json(encode(METASCHEMA), language) for language in LANGUAGES}


@ROUTES.get(
    PATH, Audience.ANYONE, {200: Answer("A JSON Schema of the words that a form may have.", {"type": "object"})}
)
async def show_form_vocabulary(call: Call) -> Any:
    """Show the words of forms as a meta-schema."""
    return reply_ready(call, READY[call.language])


banshi_routes = hands_over(*ROUTES)
