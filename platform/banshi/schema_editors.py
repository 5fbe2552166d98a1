"""What turns a migration's steps into SQL: Tortoise's own, safe from what a developer's texts hold."""

from __future__ import annotations

from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor


class ForSqlite(SqliteSchemaEditor):
    """Steps on SQLite."""

    async def _run_sql(self, sql: str) -> None:
        """Leave it to the connection where a statement ends: Tortoise's own ends one inside a comment or a text."""
        await BaseSchemaEditor._run_sql(self, sql)


#: By dialect.
EDITORS: dict[str, type[BaseSchemaEditor]] = {"sqlite": ForSqlite, "postgres": AsyncpgSchemaEditor}
