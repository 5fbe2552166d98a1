"""Answers held to the API's description: what it names, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from banshi.app import inspected
from banshi.builtin.openapi.kinds import named_schemas
from banshi.kernel.loading.configuration import Configuration
from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings


def validator(registry: Registry, name: str) -> jsonschema_rs.Draft202012Validator:
    """What judges a document by the schema of that name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": named_schemas(registry)}}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def faults(judge: jsonschema_rs.Draft202012Validator, document: Any) -> list[str]:
    """What is wrong with a document, each with its place."""
    return [f"/{'/'.join(map(str, one.instance_path))}: {one.message}" for one in judge.iter_errors(document)]


@cache
def of_house(name: str) -> jsonschema_rs.Draft202012Validator:
    """That of the platform's own kinds."""
    return validator(house(), name)


@cache
def house() -> Registry:
    return inspected(Configuration(Path("plugins.toml"), Settings(), {}))[0]


def held(document: Mapping[str, Any], name: str) -> None:
    """Let a document of one of the platform's own kinds be as the description has it."""
    if document["kind"] in house().kinds:
        assert not faults(of_house(name), document), document["kind"]
