"""Servers need no more of PostgreSQL than to read and write rows; who migrates is another account."""

from __future__ import annotations

from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError

from banshi.testing import open_door
from tests.conftest import good_answers
from tests.places import ROOT, TRAFFIC
from tests.servers.postgres_servers import Server

PAGE = ROOT / "docs" / "operations" / "postgres-and-redis.md"


def told() -> list[str]:
    """The statements of the page, as an operator gives them."""
    section = PAGE.read_text(encoding="utf-8").partition("## Two accounts")[2]
    block = section.partition("```sql\n")[2].partition("```")[0]
    return [one.strip() for one in block.split(";") if one.strip()]


async def test_an_account_that_may_change_no_table_serves_a_case_from_the_phone_to_the_pass(
    own_postgres: Server, tmp_path: Path
) -> None:
    """OWASP ASVS 5: 13.2.2."""
    statements = told()
    assert len(statements) > 3
    own_postgres.execute(*statements)
    owner, serving = (own_postgres.url.replace("postgres@", f"{name}@") for name in ("banshi_owner", "banshi"))
    plugins = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"database": owner}):
        pass
    async with open_door(tmp_path, plugins, platform={"database": serving, "migrate_at_start": False}) as door:
        wang = door.citizen("wang", "王小明")
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
        await door.settled()
        li = door.staff("li", "traffic:reviewer", "traffic:approver")
        (await li.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
        await door.settled()
        assert (await wang.get(f"/v1/cases/{case['id']}/pass.txt")).status == 200
        for wrong in ("CREATE TABLE mine (id int)", "DROP TABLE banshi_case", "ALTER TABLE banshi_case ADD mine int"):
            with pytest.raises(OperationalError, match=r"permission denied|must be owner"):
                await door.platform.store.connection.execute_query(wrong)
