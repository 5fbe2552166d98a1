"""What code of this process sends to the API for somebody is theirs, as if they had sent it with a token."""

from __future__ import annotations

from pathlib import Path

from banshi.kernel.contract.principals import Principal
from banshi.kernel.http.api_reader import ApiReader
from banshi.kernel.tables.cases import Case
from tests.town.parts import UNNAMED, appeals
from tests.town.town import open_town


async def test_what_somebody_with_a_name_sends_bears_it_where_others_need_none(tmp_path: Path, database: str) -> None:
    """An appeal that may be handed in without a name: sent for a citizen, it once became a tip of nobody's."""
    async with open_town(tmp_path, appeals(UNNAMED), database=database) as offices:
        reader, address = ApiReader(offices.door.platform), "/v1/items/ask-parks/begin"
        body = {"answers": {"text": "有人偷路灯"}}
        named = (await reader.get("/v1/items/ask-parks", None, "en"))["links"]["begin"]
        assert named == address
        for principal in (Principal(subject="wang"), None):
            await reader.send("POST", address, principal, "en", body)
        assert sorted(await Case.all().values_list("person", flat=True)) == ["", "wang"]
