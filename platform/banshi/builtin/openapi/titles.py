"""What people read in front of a member of an answer: a `title` in every language, in its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.forms.vocabulary.served import described
from banshi.forms.vocabulary.texts import taken_out
from banshi.kernel.contract.texts import LANGUAGES, Texts
from banshi.kernel.http.document_schemas import Record, Schema


def titled(title: Texts, schema: Schema) -> Schema:
    """The schema of something that people read, with what it is called."""
    return {**schema, "title": title}


def shown_by(members: Mapping[str, Schema], language: str) -> Any:
    """The members as a form is served, in one language: a client shows what has a title."""
    schema, _ = taken_out(_whole(Record(**members)))
    return described(schema, language)


def _whole(node: Any) -> Any:
    """A schema without references, and without saying that something may be null: that isn't shown then."""
    if isinstance(node, list):
        return [_whole(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _whole(SCHEMAS[node["$ref"].rpartition("/")[2]])
    # What describes it there is for programmers.
    told = {key: _whole(one) for key, one in node.items() if key != "description" or not isinstance(one, str)}
    branches = [one for one in told.get("oneOf", ()) if one.get("type") != "null"]
    return {**branches[0], **{key: one for key, one in told.items() if key != "oneOf"}} if len(branches) == 1 else told


def untitled(node: Any) -> Any:
    """A schema for generators, which name their types by titles."""
    if isinstance(node, list):
        return [untitled(one) for one in node]
    if not isinstance(node, dict):
        return node
    is_schema = not isinstance(node.get("title"), dict) or LANGUAGES[0] in node["title"]
    return {key: untitled(one) for key, one in node.items() if key != "title" or not is_schema}
