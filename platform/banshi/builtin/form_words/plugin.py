"""The route of the vocabulary."""

from __future__ import annotations

from typing import Any

from banshi.builtin.form_words.metaschema import METASCHEMA, PATH
from banshi.kernel.contract.hookspecs import hands_over
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.contract.values import LANGUAGES
from banshi.kernel.http.responses import encode, ready_json, reply_ready

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
