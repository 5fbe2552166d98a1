"""The national item list as JSON and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.testing import Door, Reply, open_door
from tests.plugins.exports.city import DEPARTMENTS, LISTED, PARKS, PLUGIN, ROOT, events, write_department

JSON, CSV = "/v1/exports/item-list.json", "/v1/exports/item-list.csv"

#: A department that has no items yet.
BARE = """
[department]
code = "archive"
title = { zh-CN = "档案局", en = "Archive" }
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("city")
    plugins = {**DEPARTMENTS, "archive": write_department(folder, "archive", BARE), "catalogue_exports": PLUGIN}
    async with open_door(folder, plugins) as door:
        yield door


async def parks(folder: Path, text: str = PARKS) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The department's two items, as entries and as rows."""
    plugins = {"parks": write_department(folder, text=text), "catalogue_exports": PLUGIN}
    async with open_door(folder, plugins) as door:
        return (await door.anyone.get(JSON)).ok()["items"], rows(await door.anyone.get(CSV))


def rows(reply: Reply) -> list[dict[str, str]]:
    """The table as a spreadsheet reads it."""
    assert reply.status == 200, reply.body
    return list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"), newline=""), strict=True))


async def test_an_entry_has_the_lists_own_fields(tmp_path: Path) -> None:
    (event, word), _ = await parks(tmp_path)
    assert event == {
        "事项名称": "公园活动许可",
        "事项编码": "event",
        "事项版本": 3,
        "办件类型": "承诺件",
        "实施主体": "公园处",
        "承办机构": "活动科",
        "服务对象": ["自然人", "法人和其他组织"],
        "设定依据": [{"法律法规名称": "示例条例", "条款号": "12"}],
        "受理条件": ["不超过一百人。"],
        "申请材料": [
            {"材料名称": "场地租约", "材料必要性": "必要", "来源渠道": "政府部门核发"},
            {"材料名称": "方案", "材料必要性": "非必要", "来源渠道": "申请人自备"},
        ],
        "办理流程": ["网上提交。", "审核。"],
        "法定办结时限": 20,
        "法定办结时限单位": "工作日",
        "承诺办结时限": 7,
        "承诺办结时限单位": "工作日",
        "是否收费": "是",
        "收费标准": "120.50元；押金另计。",
        "办理形式": ["网上办理", "窗口办理"],
        "到办事现场次数": 1,
        "网上办理深度": "III",
        "网上办理深度代码表": "国家政务服务事项网上办理深度",
        "办理地点": [
            {"名称": "服务窗口", "地址": "示例路1号", "联系电话": "000-0000002", "办理时间": "工作日 9:00–17:00"}
        ],
        "咨询方式": ["000-0000001", "000-0000002"],
        "审批结果名称": "许可证",
    }
    # What is not known is not there.
    assert set(word) == {
        *("事项名称", "事项编码", "事项版本", "实施主体", "服务对象", "是否收费", "办理形式", "到办事现场次数"),
        "咨询方式",
    }


async def test_a_row_has_the_same_in_words(tmp_path: Path) -> None:
    _, (event, word) = await parks(tmp_path)
    assert event["申请材料"] == "场地租约（必要，政府部门核发）\n方案（非必要，申请人自备）"
    assert event["设定依据"] == "示例条例第12条"
    assert event["办理流程"] == "网上提交。\n审核。"
    assert event["办理地点"] == "服务窗口，示例路1号，000-0000002，工作日 9:00–17:00"
    assert event["法定办结时限"] == "20"
    assert word["法定办结时限"] == word["审批结果名称"] == ""
    assert word["到办事现场次数"] == "1"


FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", " =", "　=", "\\t=", "\\r=", "\\n=")


async def test_no_cell_begins_like_a_formula(tmp_path: Path) -> None:
    plain = PARKS.replace("公园活动许可", "HERE").replace("不超过一百人。", "HERE").replace("000-0000001", "+86-000")
    nasty = (f'{start}HYPERLINK(\\"http://evil.example\\")' for start in FORMULAS)
    entries, table = await parks(tmp_path, events(*(("HERE", one) for one in nasty), of=plain))
    assert len(table) == len(FORMULAS)
    for event, row in zip(entries, table, strict=True):
        assert row["事项名称"] == f"'{event['事项名称']}"
        assert row["受理条件"].startswith("'")
        assert row["咨询方式"] == "'+86-000\n000-0000002"
        # A program that reads JSON runs no formulas, and gets the text as it is.
        assert not event["事项名称"].startswith("'")


async def test_quotes_commas_and_lines_stay_in_their_cell(tmp_path: Path) -> None:
    _, (row, _) = await parks(tmp_path, PARKS.replace("公园活动许可", 'a\\"b,c\\r\\nd;e'))
    assert row["事项名称"] == 'a"b,c\r\nd;e'
    assert row["事项编码"] == "event"


async def test_a_fee_that_only_a_note_tells_is_neither_yes_nor_no(tmp_path: Path) -> None:
    (event, _), _ = await parks(tmp_path, PARKS.replace("amount = 12050, ", ""))
    assert "是否收费" not in event
    assert event["收费标准"] == "押金另计。"


@pytest.mark.asyncio(loop_scope="module")
async def test_both_forms_have_all_items_in_the_same_order(city: Door) -> None:
    entries = (await city.anyone.get(JSON)).ok()["items"]
    table = rows(await city.anyone.get(CSV))
    codes = [entry["事项编码"] for entry in entries]
    assert codes == [row["事项编码"] for row in table]
    assert sorted(codes) == sorted(city.platform.registry.items)
    assert len(codes) >= 98
    for entry, row in zip(entries, table, strict=True):
        assert {name for name, cell in row.items() if cell} == set(entry)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_departments_parts_are_the_whole(city: Door) -> None:
    entries, table = [], []
    for code in sorted(city.platform.registry.departments):
        part = await city.anyone.get(f"{JSON}?department={code}")
        assert int(part.headers["Content-Length"]) == len(part.body)
        entries += part.ok()["items"]
        table += rows(await city.anyone.get(f"{CSV}?department={code}"))
    assert entries == (await city.anyone.get(JSON)).ok()["items"]
    assert table == rows(await city.anyone.get(CSV))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_department_without_items_has_an_empty_list(city: Door) -> None:
    assert (await city.anyone.get(f"{JSON}?department=archive")).ok() == {"items": []}
    bare = await city.anyone.get(f"{CSV}?department=archive")
    assert bare.body.count(b"\r\n") == 1
    assert rows(bare) == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", [JSON, CSV, f"{JSON}?department=fire", f"{CSV}?department=fire"])
async def test_a_list_says_what_it_is_and_is_sent_once(city: Door, path: str) -> None:
    first = await city.anyone.get(path)
    assert first.headers["Content-Language"] == "zh-CN"
    assert first.headers["Content-Type"].startswith("text/csv; charset=utf-8" if CSV in path else "application/json")
    again = await city.anyone.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    other = await city.anyone.get(f"{path.partition('?')[0]}?department=cyber")
    assert other.headers["ETag"] != first.headers["ETag"]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_table_opens_as_utf_8_in_a_spreadsheet(city: Door) -> None:
    reply = await city.anyone.get(CSV)
    assert reply.body.startswith(b"\xef\xbb\xbf" + "事项名称,事项编码,".encode())
    assert reply.headers["Content-Disposition"] == 'attachment; filename="item-list.csv"'


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", [JSON, CSV])
@pytest.mark.parametrize("asked", ["department=nobody", "department=", "department=" + "x" * 65, "q=1"])
async def test_a_wrong_parameter_is_refused(city: Door, path: str, asked: str) -> None:
    (await city.anyone.get(f"{path}?{asked}")).problem(400, "invalid-parameter")


@pytest.mark.asyncio(loop_scope="module")
async def test_every_field_is_documented(city: Door) -> None:
    page = (ROOT / "docs" / "integrators.md").read_text("utf-8").split("## As the national item list")[1]
    head = (await city.anyone.get(f"{CSV}?department=archive")).body.decode("utf-8-sig").strip().split(",")
    assert len(head) == 32
    # A time limit's unit is told with it.
    assert not [name for name in head if name.removesuffix("单位") not in page]


async def test_a_permit_is_one_and_what_takes_days_is_promised_without_being_said(tmp_path: Path) -> None:
    unsaid = "\n".join(
        line
        for line in LISTED.splitlines()
        if "elements.item_type" not in line and "elements.handling_type" not in line
    )
    (event, _), (row, _) = await parks(tmp_path, unsaid)
    told = {"事项类型": "行政许可", "办件类型": "承诺件"}
    assert {name: event.get(name) for name in told} == told == {name: row[name] for name in told}
    assert event["办理形式"][0] == "网上办理"


async def test_the_national_elements_are_there_by_their_own_names_and_words(tmp_path: Path) -> None:
    (event, word), (row, _) = await parks(tmp_path, LISTED)
    elements = {
        "事项类型": "行政许可",
        "基本编码": "000109001000",
        "实施编码": "11330000MB0000000A4330109001000",
        "行使层级": "市级",
        "权力来源": "法定本级行使",
        "办件类型": "承诺件",
        "通办范围": "全省通办",
        "审批结果类型": "证照",
        "监督投诉方式": "000-0000003",
    }
    days = {"法定办结时限": 60, "法定办结时限单位": "自然日", "承诺办结时限单位": "工作日"}
    assert {name: event.get(name) for name in {**elements, **days}} == {**elements, **days}
    assert {name: row[name] for name in elements} == elements
    # Nothing is made up where nothing is said.
    assert not elements.keys() & word.keys()
