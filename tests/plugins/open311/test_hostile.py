"""What Open311 promises to whoever sends nonsense, too much, twice, or what is none of their business."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio
from lxml import etree

from banshi.kernel.tables.cases import Case
from banshi.sdk.catalogue import Joining, RuntimeItems
from banshi.testing import Door
from tests.plugins.beside import commanded
from tests.plugins.open311_city import (
    BASE,
    DEPARTMENTS,
    GOOD,
    PLUGINS,
    WHO,
    got,
    key_of,
    made,
    moved,
    open_city,
    part,
    refused,
    sent,
    xml_of,
)
from tests.waiting import within_a_minute

together = pytest.mark.asyncio(loop_scope="module")

KEY = "bak_city"
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}
#: A moment, whose seconds may be the digits of a latitude.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*")
#: A charset that makes signs of what is no text.
ESCAPED = b"Content-Type: text/plain; charset=unicode_escape\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    settings = {"jurisdiction": "city.example", "per_minute": 10_000}
    async with open_city(tmp_path_factory.mktemp("open311"), **settings) as door:
        await key_of(door, "open311:streets", key=KEY)
        yield door


async def rows() -> int:
    return int(await Case.all().count()) + int(await part("open311", "models").ServiceRequest.all().count())


# -- keys --------------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("key", ["", "bak_", "bak_city ", "nonsense", "bat_city", "BAK_CITY", "é" * 50, "x" * 5000])
async def test_a_request_without_a_good_key_is_403_and_stores_nothing(city: Door, key: str) -> None:
    before = await rows()
    if key != "bak_city ":  # what stands around a value is left out
        (told,) = refused(await sent(city, {**GOOD, "api_key": key}, **{"Accept-Language": "en"}), 403)
        assert told == "api_key is missing, or it is not valid."
    assert await rows() == before


@together
async def test_a_person_s_token_is_no_key_and_stores_nothing(city: Door) -> None:
    before = await rows()
    for person in (city.citizen("wang"), city.staff("li", "streets:reviewer")):
        refused(await sent(city, {**GOOD, "api_key": person.token}), 403)
        # Nor does it open anything in the header, where it would be looked for elsewhere.
        refused(await sent(city, GOOD, Authorization=f"Bearer {person.token}"), 403)
    assert await rows() == before


@together
async def test_a_key_is_for_its_departments_alone(city: Door) -> None:
    form = {**GOOD, "api_key": KEY, "service_code": "suggest-police", "attribute[field]": "traffic"}
    (told,) = refused(await sent(city, form, **{"Accept-Language": "en"}), 403)
    assert told == "This api_key may not send requests to petitions."
    nothing = await key_of(city, client="bc_nothing")
    (told,) = refused(await sent(city, {**GOOD, "api_key": nothing}, **{"Accept-Language": "en"}), 403)
    assert told == "This api_key may not send requests."


async def test_the_commands_give_a_key_once_list_it_and_end_it_beside_a_server(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        plugins = {**PLUGINS, **DEPARTMENTS, "streets": tmp_path / "streets"}
        banshi = commanded(door, tmp_path, plugins, "client")
        said, _ = await banshi("add", "Street app", "--contact", "ops@example.com", "--scope", "open311:streets")
        client = said.split()[1]
        assert "--scope open311: bc_" in (await banshi("key", "add", client, "--scope", "open311"))[0]
        said, _ = await banshi("key", "add", client)
        name, key = said.split()[1], said.split()[3]
        assert key.startswith("bak_")
        assert "never used" in (await banshi("list"))[0].partition(name)[2]
        number = await made(door, key)
        listed, _ = await banshi("list")
        assert "last used" in listed.partition(name)[2]
        assert key not in listed
        shown = (await door.bearing(key).get("/v1/client")).ok()
        assert (shown["id"], shown["scopes"], shown["token_expires_at"]) == (client, ["open311:streets"], None)
        assert (await banshi("key", "revoke", name))[1] == 0
        refused(await sent(door, {**GOOD, "api_key": key}), 403)
        assert "there is no key" in (await banshi("key", "revoke", name))[0]
        said, _ = await banshi("key", "add", client)
        again = said.split()[3]
        assert await made(door, again) == number, "the same client's, whichever key it came with"
        await banshi("revoke", client)
        refused(await sent(door, {**GOOD, "api_key": again}), 403)
        connection = door.platform.store.connection
        for table in ("clients_key", "open311_request", "banshi_case"):
            kept = repr(await connection.execute_query_dict(f"SELECT * FROM {table}"))  # noqa: S608
            assert key not in kept
            assert again not in kept


async def test_a_client_that_sends_too_much_waits_and_holds_up_no_other(tmp_path: Path) -> None:
    async with open_city(tmp_path, per_minute=3) as door:
        first, second = await key_of(door, "open311"), await key_of(door, "open311", client="bc_2")
        await within_a_minute(10)
        for index in range(3):
            await made(door, first, address_string=f"Gate {index}")
        answer = await sent(door, {**GOOD, "api_key": first})
        refused(answer, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "429" in xml_of(await sent(door, {**GOOD, "api_key": first}, "/requests.xml")).findtext("error/code", "")
        await made(door, second)


# -- again -------------------------------------------------------------------------------------------------------------


@together
async def test_what_is_sent_again_is_the_same_request_even_at_once(city: Door) -> None:
    form = {**GOOD, "api_key": KEY, "address_string": "Gate of twins"}
    before = await rows()
    answers = await asyncio.gather(*(sent(city, form) for _ in range(8)))
    assert len({answer.ok()[0]["service_request_id"] for answer in answers}) == 1
    assert await rows() == before + 2
    number = answers[0].ok()[0]["service_request_id"]
    assert await made(city, KEY, address_string="Gate of twins", phone="13900000000") != number
    again = await sent(city, form, **{"Idempotency-Key": "meant"})
    assert again.ok()[0]["service_request_id"] != number, "a client can say that it means it"
    other = await key_of(city, "open311", client="bc_other")
    assert await made(city, other, address_string="Gate of twins") != number


@together
async def test_a_header_that_is_no_text_is_a_key_like_any_other(city: Door) -> None:
    form = urlencode({**GOOD, "api_key": KEY, "address_string": "Gate of bytes"}).encode()
    numbers = []
    for key in (b"\xff", b"\xfe", b"\xff", b"k" * 300 + b"1", b"k" * 300 + b"2"):
        head = b"POST /open311/v2/requests.json HTTP/1.1\r\nHost: city\r\nConnection: close\r\nIdempotency-Key: " + key
        about = b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form)
        answer = await by_hand(city, head + about + form)
        numbers.append(json.loads(answer.partition(b"\r\n\r\n")[2])[0]["service_request_id"])
    assert numbers[0] == numbers[2]
    assert len(set(numbers)) == 4


async def by_hand(door: Door, sent: bytes) -> bytes:
    """What is answered to these bytes."""
    address = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    async with asyncio.timeout(10):
        writer.write(sent)
        answer = await reader.read()
    writer.close()
    return answer


@together
async def test_what_a_client_made_up_while_trying_out_is_no_answer_to_what_it_sends_live(city: Door) -> None:
    key = await key_of(city, "open311:streets", client="bc_going_live", mode="test")
    made_up = await made(city, key, address_string="Gate of going live")
    await part("clients", "models").ApiClient.filter(id="bc_going_live").update(mode="live")
    real = await made(city, key, address_string="Gate of going live")
    assert real != made_up
    assert [(await Case.get(number=number)).mode for number in (made_up, real)] == ["test", "live"]


async def test_after_a_day_the_same_is_a_new_request(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        key = await key_of(door, "open311")
        number, now = await made(door, key), door.platform.now()
        door.platform.now = lambda: now + timedelta(hours=23)
        assert await made(door, key) == number
        door.platform.now = lambda: now + timedelta(hours=25)
        assert await made(door, key) != number


# -- what is wrong -----------------------------------------------------------------------------------------------------


@together
async def test_everything_that_is_wrong_is_told_at_once_by_the_argument_s_own_name(city: Door) -> None:
    form = {
        **GOOD,
        "api_key": KEY,
        "lat": "91",
        "long": "east",
        "media_url": "javascript:alert(1)",
        "description": "x",
        "attribute[size]": "huge",
        "attribute[depth]": "-1",
        "attribute[nonsense]": "1",
        "attribute[lanes]": ["1", "2"],
        "attribute[since]": "yesterday",
        "email": "e" * 300,
        "phone": "1\x002",
    }
    told = refused(await sent(city, form, **{"Accept-Language": "en"}), 400)
    named = {one.partition(": ")[0] for one in told}
    assert named == {
        *("lat", "long", "media_url", "description", "attribute[size]", "attribute[depth]", "attribute[nonsense]"),
        *("attribute[lanes]", "attribute[since]", "email", "phone"),
    }
    (chinese,) = refused(await sent(city, {**GOOD, "api_key": KEY, "description": ""}), 400)
    assert chinese.startswith("description: ")


@together
async def test_the_department_s_own_check_is_told_as_an_attribute_too(city: Door) -> None:
    (told,) = refused(await sent(city, {**GOOD, "api_key": KEY, "attribute[depth]": "101"}), 400)
    assert told == "attribute[depth]: Nothing is that deep."


@together
@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"service_code": ""}, 400, "service_code: say which"),
        ({"service_code": "nothing"}, 404, "service_code was not found"),
        ({"service_code": "zone-pass"}, 404, "service_code was not found"),
        ({"service_code": "tip"}, 404, "service_code was not found"),
        ({"service_code": "damage"}, 404, "service_code was not found"),
        ({"jurisdiction_id": "elsewhere.example"}, 404, "jurisdiction_id was not found"),
        ({"lat": "", "long": "", "address_string": " "}, 400, "lat: say where"),
        ({"lat": "31"}, 0, ""),
        ({"long": ""}, 400, "long: it has to be degrees"),
        ({"lat": "nan"}, 400, "lat: it has to be degrees"),
        ({"lat": "inf"}, 400, "lat: it has to be degrees"),
        ({"lat": "3_1"}, 400, "lat: it has to be degrees"),
        ({"lat": "٣١"}, 400, "lat: it has to be degrees"),
        ({"description": "d" * 4001}, 400, "description: it has at most 4000"),
        ({"media_url": "http://"}, 400, "media_url"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"media_url": "http://[::1"}, 400, "media_url"),
        ({"first_name": ["A", "B"]}, 400, "first_name: give it once"),
        ({"attribute[size][]": "large"}, 400, "attribute[size]: give it once"),
        ({"attribute[lanes]": "9" * 400}, 400, "attribute[lanes]"),
        ({"attribute[depth]": "1e999"}, 400, "attribute[depth]"),
        ({"attribute[note]": "a\x00b"}, 400, "attribute[note]: it has control characters"),
        ({"attribute[dangers][]": ["water", "\x00"]}, 400, "attribute[dangers]: it has control characters"),
    ],
)
async def test_a_wrong_argument_is_told_and_loses_nothing(
    city: Door, changes: dict[str, Any], status: int, told: str
) -> None:
    before = await rows()
    answer = await sent(city, {**GOOD, "api_key": KEY, **changes}, **{"Accept-Language": "en"})
    if status:
        assert any(one.startswith(told) for one in refused(answer, status)), answer.body
        assert await rows() == before
    else:
        answer.ok()


@together
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"\xff\xfe=\xff", {}),
        (b"%ff%fe=1", {}),
        (b"a=1&" * 300, {}),
        (b"description=" + b"x" * 200_000, {}),
        (b"api_key=bak_city", {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}),
        (b"api_key=bak_city", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}),
        (b"api_key=bak_city&a=\\ud800", {"Content-Type": "application/x-www-form-urlencoded; charset=unicode_escape"}),
        (b"--x\r\n" + ESCAPED + b'Content-Disposition: form-data; name="a"\r\n\r\n\\ud800\r\n--x--\r\n', PARTS),
        (b'{"api_key": "bak_city"}', {"Content-Type": "application/json"}),
        (b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>", {"Content-Type": "text/xml"}),
        (b"api_key=bak_city", {"Content-Encoding": "gzip"}),
        (b"", {"Content-Type": "multipart/form-data"}),
        (b"--x\r\n", PARTS),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: y\r\n\r\n1\r\n--x--\r\n',
            PARTS,
        ),
        (b'--x\r\nContent-Disposition: form-data; name="\x12"\r\n\r\n1\r\n--x--', PARTS),
        (b"--x\r\n" + b"A: b\r\n" * 9000 + b"\r\n1\r\n--x--", PARTS),
        (b"--x\r\n" + b"A" * 70_000 + b"\r\n\r\n1\r\n--x--", PARTS),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            PARTS,
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 200_000 + b"\r\n--x--\r\n",
            PARTS,
        ),
        (
            b'--x\r\nContent-Type: multipart/mixed; boundary=y\r\nContent-Disposition: form-data; name="a"\r\n\r\n--y',
            PARTS,
        ),
    ],
)
async def test_a_body_that_is_no_form_is_refused_in_the_standard_s_shape(
    city: Door, body: bytes, headers: dict[str, str]
) -> None:
    before = await rows()
    for path in ("/requests.json", "/requests.xml"):
        answer = await sent(city, body, path, **headers)
        assert answer.status in {400, 403}, (answer.status, answer.body)
        if path.endswith("xml"):
            element = xml_of(answer)
            assert element.tag == "errors"
            assert element.findtext("error/code") == str(answer.status)
            assert element.findtext("error/description")
        else:
            refused(answer, answer.status)
    assert await rows() == before


@together
@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/requests", {"status": "perhaps"}, 400),
        ("/requests", {"start_date": "yesterday"}, 400),
        ("/requests", {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ("/requests", {"page": "0"}, 400),
        ("/requests", {"page": "9" * 30}, 400),
        ("/requests", {"page_size": "1001"}, 400),
        ("/requests", {"service_code": "nothing"}, 404),
        ("/requests", {"service_request_id": ",".join("x" * 9 for _ in range(101))}, 400),
        ("/requests", {"jurisdiction_id": "elsewhere"}, 404),
        ("/requests", {"service_code": "a\x00"}, 400),
        ("/requests/20260101-0000-0000", {}, 404),
        ("/requests/x%00y", {}, 404),
        ("/tokens/unknown", {}, 404),
        (f"/tokens/{'0' * 100}", {}, 404),
        (f"/requests/{'0' * 100}", {}, 404),
        ("/services/nothing", {}, 404),
        ("/services", {"jurisdiction_id": "elsewhere"}, 404),
        ("/servicerequestupdates", {"end_date": "never"}, 400),
    ],
)
async def test_a_wrong_question_is_told_in_the_standard_s_shape(
    city: Door, path: str, query: dict[str, str], status: int
) -> None:
    refused(await city.anyone.get(f"{BASE}{path}.json", params=query), status)
    element = xml_of(await city.anyone.get(f"{BASE}{path}.xml", params=query))
    assert [one.findtext("code") for one in element] == [str(status)]


@together
async def test_an_id_that_can_be_none_finds_nothing(city: Door) -> None:
    for path in ("/requests.json", "/servicerequestupdates.json"):
        for named in ("0" * 1900, "x" * 30, "公园", "1;--"):
            assert (await city.anyone.get(f"{BASE}{path}", params={"service_request_id": named})).ok() == []


@together
async def test_times_at_the_ends_of_the_calendar_and_empty_or_unknown_arguments_are_no_faults(city: Door) -> None:
    for path in ("/requests.json", "/servicerequestupdates.json"):
        for date in ("0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31T23:59:59-12:00", "9999-12-31"):
            for name in ("start_date", "end_date"):
                answer = await city.anyone.get(BASE + path, params={name: date})
                assert answer.status in {200, 400}, (path, name, date, answer.body)
        told = {"extensions": "true", "status": "", "api_key": "x", "nonsense": "1", "start_date": ""}
        assert await got(city, path, **told) == await got(city, path)
    space = (await city.anyone.get(f"{BASE}/requests.json?start_date=2026-11-01T00:00:00+08:00")).ok()
    assert isinstance(space, list)


@together
async def test_signs_that_xml_does_not_have_never_break_an_answer(city: Door) -> None:
    """What others' forms and catalogues say is theirs; an answer is well-formed whatever it is."""
    written = part("open311", "wire.formats").XML.write(
        "services", [{"service_name": "a\x00\x0b\ud83d<b>&\ufffe]]>\u2028"}]
    )
    assert b"<b>" not in written
    assert etree.fromstring(written)[0].findtext("service_name").endswith("<b>&\ufffd]]>\u2028")


# -- what is public ----------------------------------------------------------------------------------------------------


@together
async def test_by_default_anybody_reads_neither_what_was_written_nor_where(city: Door) -> None:
    number = await made(city, KEY, address_string="Secret Gate 7", address_id="SG7")
    await moved(city, number, "assign", "answer")
    for path in (f"/requests/{number}", "/requests", "/servicerequestupdates"):
        for written in ("json", "xml"):
            body = MOMENT.sub("", (await city.anyone.get(f"{BASE}{path}.{written}")).body.decode())
            for word in (
                "Secret Gate",
                "SG7",
                "31.46",
                "104.68",
                "deep hole",
                "pictures.example",
                "It is filled",
                *WHO,
            ):
                assert word not in body, (path, word)


async def test_what_the_settings_make_public_is_so_once_staff_have_read_it_and_without_anybody_s_number(
    tmp_path: Path,
) -> None:
    public = {"pothole": {"public": ["address", "position", "description", "media_url"]}}
    async with open_city(tmp_path, services=public, decimals=2) as door:
        key = await key_of(door, "open311")
        number = await made(door, key)
        hidden = (await got(door, f"/requests/{number}.json"))[0]
        names = ("description", "address", "lat", "long", "media_url")
        assert [hidden[name] for name in names] == [None] * 5
        await moved(door, number, "assign")
        shown = (await got(door, f"/requests/{number}.json"))[0]
        assert [shown[name] for name in names] == [
            *(GOOD["description"], GOOD["address_string"], 31.47, 104.68, GOOD["media_url"]),
        ]
        calls = {"description": "Call me: 138 0000 0000, it is deep", "address_string": "a@b.example"}
        other = await made(door, key, **calls, address_id="13800000000")
        await moved(door, other, "assign")
        shown = (await got(door, f"/requests/{other}.json"))[0]
        assert [shown[name] for name in ("description", "address", "address_id")] == [None] * 3


@together
async def test_only_what_came_in_by_open311_is_listed(city: Door) -> None:
    """Whoever hands the same in from their phone has not asked for it to be seen."""
    answers = {"answers": {"what": "A hole again", "size": "small", "where": "Phone Gate"}}
    case = (await city.citizen("wang").post("/v1/items/pothole/cases", answers)).created()
    refused(await city.anyone.get(f"{BASE}/requests/{case['number']}.json"), 404)
    assert case["number"] not in {row["service_request_id"] for row in await got(city, "/requests.json")}
    assert await got(city, "/requests.json", service_request_id=case["number"]) == []
    assert await got(city, "/servicerequestupdates.json", service_request_id=case["number"]) == []
    seen = (await city.staff("li", "streets:reviewer").get(f"/v1/cases/{case['id']}")).ok()
    assert "enclosures" not in seen


@together
async def test_a_client_reads_no_case_and_no_citizen_gets_at_what_a_client_handed_in(city: Door) -> None:
    number = await made(city, KEY, address_string="Gate of clients")
    case = await moved(city, number, "assign")
    (await city.bearing(KEY).get(f"/v1/cases/{case}")).problem(403, "forbidden")
    (await city.citizen("bc_1").get(f"/v1/cases/{case}")).problem(404, "not-found")


@together
async def test_a_request_goes_when_its_case_goes(city: Door) -> None:
    number = await made(city, KEY, address_string="Gate of going")
    case = await Case.get(number=number)
    connection = city.platform.store.connection
    for table, column in (("banshi_case_event", "case_id"), ("appeal", "case_id"), ("banshi_case", "id")):
        await connection.execute_query(f"DELETE FROM {table} WHERE {column} = ?", [str(case.id)])  # noqa: S608
    assert not await part("open311", "models").ServiceRequest.filter(case_id=case.id).exists()
    refused(await city.anyone.get(f"{BASE}/requests/{number}.json"), 404)


async def test_services_come_and_go_while_the_platform_runs(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        key, items = await key_of(door, "open311"), door.platform.registry.items
        kept = await made(door, key)
        joined = RuntimeItems(door.platform)
        one = replace(items["pothole"], code="joined", title={"zh-CN": "新来的", "en": "Joined"})
        joined.replace([Joining(owner="service streets", items=(one,))])
        codes = [service["service_code"] for service in await got(door, "/services.json")]
        assert {"joined", "pothole"} <= set(codes)
        number = await made(door, key, service_code="joined")
        assert {row["service_request_id"] for row in await got(door, "/requests.json")} == {kept, number}
        joined.replace([Joining(owner="service streets", ended=(one,))])
        assert "joined" not in {service["service_code"] for service in await got(door, "/services.json")}
        assert [row["service_request_id"] for row in await got(door, "/requests.json")] == [kept]
        for path in (f"/requests/{number}", "/services/joined"):
            refused(await door.anyone.get(f"{BASE}{path}.json"), 404)
        refused(await sent(door, {**GOOD, "api_key": key, "service_code": "joined"}), 404)
