"""On SQLite each moment has one text, in UTC: what was written in another zone compared as another moment."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from banshi.foundation.database.sqlite import respell


async def in_utc(_: Any, editor: Any) -> None:
    if editor.DIALECT == "sqlite":
        await respell(editor.client)


class Migration(migrations.Migration):
    dependencies = [("banshi", "0014_phone_of_a_pass")]

    initial = False

    operations = [ops.RunPython(in_utc)]
