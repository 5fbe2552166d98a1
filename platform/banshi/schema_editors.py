"""What turns a migration's steps into SQL: Tortoise's own, safe from what a developer's texts hold.

Tortoise writes a quote as MySQL reads it, after a backslash; to SQLite and PostgreSQL that is a backslash and an end.
"""

from __future__ import annotations

from typing import Any

from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor
from tortoise.models import Model


class ForSqlite(SqliteSchemaEditor):
    """Steps on SQLite."""

    async def _run_sql(self, sql: str) -> None:
        """Leave it to the connection where a statement ends: Tortoise's own ends one inside a comment or a text."""
        await BaseSchemaEditor._run_sql(self, sql)

    def _escape_default_value(self, default: object) -> str:
        return literal(default) if isinstance(default, str) else super()._escape_default_value(default)

    @staticmethod
    def _default_to_sql_literal(value: Any) -> str:
        return literal(value) if isinstance(value, str) else SqliteSchemaEditor._default_to_sql_literal(value)


class ForPostgres(AsyncpgSchemaEditor):
    """Steps on PostgreSQL."""

    async def add_field(self, model: type[Model], field_name: str) -> None:
        """A column and what is said of it, which Tortoise keeps for the next table that is made."""
        await super().add_field(model, field_name)
        if said := self._post_table_hook():
            await self._run_sql(said)

    def _escape_comment(self, comment: str) -> str:
        return comment.replace("'", "''")

    def _escape_default_value(self, default: object) -> str:
        return literal(default) if isinstance(default, str) else super()._escape_default_value(default)


def literal(text: str) -> str:
    """A text as both databases read it: 'it''s'."""
    return "'" + text.replace("'", "''") + "'"


#: By dialect.
EDITORS: dict[str, type[BaseSchemaEditor]] = {"sqlite": ForSqlite, "postgres": ForPostgres}
