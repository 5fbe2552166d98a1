"""Phones and messages of an earlier version are there after an upgrade."""

from __future__ import annotations

import importlib

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from banshi import Tables
from banshi.foundation.database.opening import open_store, orm_config
from mobile_push.tables.models import Delivery, Device, InboxMessage

TABLES = {"mobile_push": Tables(models="mobile_push.tables.models", migrations="mobile_push.tables.migrations")}

#: What the first version wrote: a phone, a message, and a push of it that is due.
ROWS = [
    (
        "INSERT INTO push_device (id, person, provider, token, token_hash, platform, language, created_at, seen_at) "
        "VALUES ('01990000-0000-7000-8000-000000000001', 'wang', 'fcm', 'phone-0001', 'hash', 'android', 'zh-CN', "
        "'2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
    ),
    "INSERT INTO push_inbox_counter (person, top) VALUES ('wang', 1)",
    (
        "INSERT INTO push_inbox_message (id, person, seq, kind, title, body, link, created_at) VALUES "
        "('01990000-0000-7000-8000-000000000002', 'wang', 1, 'case', '{\"en\": \"Hello\"}', '{}', '/v1/cases/1', "
        "'2026-01-01T00:00:00+00:00')"
    ),
    (
        "INSERT INTO push_delivery (message_id, device_id, provider, state, code, provider_message, not_before, "
        "lease_until, expires, attempts) VALUES ('01990000-0000-7000-8000-000000000002', "
        "'01990000-0000-7000-8000-000000000001', 'fcm', 'due', '', '', 0, 0, 9999999999999, 3)"
    ),
]


@pytest.mark.plain(why="the first version had no rings")
async def test_an_upgrade_from_the_first_version_keeps_phones_messages_and_what_is_due(empty_database: str) -> None:
    config = orm_config(empty_database, TABLES)
    async with TortoiseContext() as context:
        await context.init(config=config)
        async with in_transaction() as connection:
            executor = MigrationExecutor(connection, config["apps"])
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
            await executor.migrate([MigrationTarget(app_label="mobile_push", name="0001_initial")])
            for row in ROWS:
                await connection.execute_script(row)
    assert importlib.import_module("mobile_push.tables.migrations.0002_broadcasts")
    async with open_store(empty_database, TABLES):
        (device,) = await Device.all()
        (message,) = await InboxMessage.all()
        (delivery,) = await Delivery.all()
    assert (device.person, device.token, device.division, device.latitude) == ("wang", "phone-0001", "", None)
    assert (device.ways, device.given_at, device.away_until) == (0, 0, 0), "one address, as it was"
    assert (message.seq, message.title, message.read_at) == (1, {"en": "Hello"}, None)
    assert message.mode == "live"
    assert (delivery.state, delivery.attempts, delivery.tries) == ("due", 3, 3)
    assert (delivery.lane, delivery.device_id) == (0, device.id)


async def keys(connection: BaseDBAsyncClient, table: str) -> set[tuple[str, ...]]:
    """The columns of every unique key of a table, as the database has them."""
    if connection.capabilities.dialect == "sqlite":
        indexes = await connection.execute_query_dict(f"PRAGMA index_list({table})")
        names = [row["name"] for row in indexes if row["unique"]]
        infos = [await connection.execute_query_dict(f'PRAGMA index_info("{name}")') for name in names]
        return {tuple(row["name"] for row in info) for info in infos}
    rows = await connection.execute_query_dict(
        "SELECT ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place) "  # noqa: S608
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place) AS columns "
        f"FROM pg_index i WHERE i.indrelid = '{table}'::regclass AND i.indisunique"
    )
    return {tuple(row["columns"]) for row in rows}


async def test_every_key_that_a_model_declares_is_in_the_database(empty_database: str) -> None:
    """Tortoise loses them where SQLite's table is made anew; a migration then has to give them back."""
    async with open_store(empty_database, TABLES) as store:
        for meta in [model._meta for model in (store.context.apps or {})["mobile_push"].values()]:
            declared = {tuple(one) for one in meta.unique_together}
            declared |= {
                (field.model_field_name,) for field in meta.fields_map.values() if field.unique and not field.pk
            }
            missing = declared - await keys(store.connection, meta.db_table)
            assert not missing, f"{meta.db_table}: {missing}"
