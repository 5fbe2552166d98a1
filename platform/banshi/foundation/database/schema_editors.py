"""What turns a migration's steps into SQL: Tortoise's own, safe from what texts hold, and with no index or key lost.

Tortoise writes a quote as MySQL reads it, after a backslash; to SQLite and PostgreSQL that is a backslash and an end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor
from tortoise.models import Model

from banshi.foundation.database.pulse import quoted


class Mended(BaseSchemaEditor):
    """A column that is added has its index, which Tortoise makes only with the table; a default may hold any text."""

    async def add_field(self, model: type[Model], field_name: str) -> None:
        await super().add_field(model, field_name)
        field: Any = model._meta.fields_map[field_name]
        column = model._meta.fields_map.get(field.source_field or field_name, field)
        if column.index and not column.unique:
            await self.add_index(model, Index(fields=(column_of(column),)))

    def _escape_default_value(self, default: object) -> str:
        return quoted(default) if isinstance(default, str) else super()._escape_default_value(default)


class ForSqlite(Mended, SqliteSchemaEditor):
    """Steps on SQLite, where most changes of a column make its table anew: nothing else of the table is lost by it."""

    #: The columns of a key that is being removed.
    unwanted: tuple[str, ...] = ()

    async def _run_sql(self, sql: str) -> None:
        """Leave it to the connection where a statement ends: Tortoise's own ends one inside a comment or a text."""
        await BaseSchemaEditor._run_sql(self, sql)

    @staticmethod
    def _default_to_sql_literal(value: Any) -> str:
        return quoted(value) if isinstance(value, str) else SqliteSchemaEditor._default_to_sql_literal(value)

    async def _alter_field(self, model: type[Model], old_field: Any, new_field: Any) -> None:
        """Make the table anew only where the column is another one, and then see to its index."""
        if self._declared(old_field) != self._declared(new_field):
            await super()._alter_field(model, old_field, new_field)
        before, after = (one.index and not one.unique for one in (old_field, new_field))
        if before != after:
            index = Index(fields=(column_of(new_field),))
            await (self.add_index(model, index) if after else self.remove_index(model, index))

    def _declared(self, field: Any) -> tuple[object, ...]:
        """What a column's declaration is made of."""
        kind = field.get_for_dialect(self.DIALECT, "SQL_TYPE")
        return column_of(field), kind, field.null, field.unique, field.pk, field.db_default

    async def remove_constraint(self, model: type[Model], constraint: Any) -> None:
        """A key that was made with the table can't be dropped: the table is made anew without it."""
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(self._resolve_fields_to_columns(model, constraint.fields))
            if any(key.columns == columns and key.unique and not key.sql for key in await self._keys(model)):
                self.unwanted = columns
                await self._remake_table(model)
                self.unwanted = ()
                return
        await super().remove_constraint(model, constraint)

    async def _remake_table(
        self, model: type[Model], create_field: Any = None, delete_field: Any = None, alter_fields: Any = None
    ) -> None:
        """Make the table anew with its indexes and its keys of several columns, which Tortoise leaves out."""
        before = await self._keys(model)
        await super()._remake_table(model, create_field, delete_field, alter_fields)
        altered = {column_of(old) for old, _ in alter_fields or ()}
        columns = await self._rows("SELECT name FROM pragma_table_info(?)", model)
        there = {row["name"] for row in columns}
        again = {(key.columns, key.unique) for key in await self._keys(model)}
        for key in before:
            if key.columns == self.unwanted or (key.columns, key.unique) in again or not there.issuperset(key.columns):
                continue
            if key.unique and len(key.columns) == 1 and key.columns[0] in altered:
                continue
            if key.sql:
                await self._run_sql(key.sql)
            else:
                await self.add_constraint(model, UniqueConstraint(fields=key.columns))

    async def _keys(self, model: type[Model]) -> list[Key]:
        """Every index of a model's table but that of its primary key, in the order in which they were made."""
        found: dict[str, Key] = {}
        for row in await self._rows(KEYS, model):
            name, unique, made, column = row["name"], bool(row["unique"]), row["sql"], row["column"]
            earlier = found[name].columns if name in found else ()
            # An expression has no name.
            found[name] = Key(unique, made, (*earlier, column) if column else earlier)
        return list(found.values())

    async def _rows(self, query: str, model: type[Model]) -> list[dict[str, Any]]:
        return [] if self.collect_sql else await self.client.execute_query_dict(query, [model._meta.db_table])


#: The columns of every index of a table, a row for each.
KEYS = (
    'SELECT i.name, i."unique", m.sql, c.name AS "column" FROM pragma_index_list(?) i JOIN sqlite_schema m '
    "ON m.type = 'index' AND m.name = i.name JOIN pragma_index_info(i.name) c WHERE i.origin <> 'pk' "
    "ORDER BY m.rowid, c.seqno"
)


class Key(NamedTuple):
    """An index: whether it lets a value in once, its statement (None where it came with the table), its columns."""

    unique: bool
    sql: str | None
    columns: tuple[str, ...]


class ForPostgres(Mended, AsyncpgSchemaEditor):
    """Steps on PostgreSQL."""

    async def add_field(self, model: type[Model], field_name: str) -> None:
        """A column and what is said of it, which Tortoise keeps for the next table that is made."""
        await super().add_field(model, field_name)
        if said := self._post_table_hook():
            await self._run_sql(said)

    def _escape_comment(self, comment: str) -> str:
        return comment.replace("'", "''")


def column_of(field: Any) -> str:
    """The name of a field's column."""
    return str(field.source_field or field.model_field_name)


#: By dialect.
EDITORS: dict[str, type[BaseSchemaEditor]] = {"sqlite": ForSqlite, "postgres": ForPostgres}
