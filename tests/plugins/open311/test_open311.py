"""Open311 GeoReport v2, as programs of others speak it: they discover, report and follow without being changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from civicbot.http import HttpError, HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from georeport import GeoReport
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from banshi.testing import Door
from tests.plugins.open311_city import (
    BASE,
    GOOD,
    WHO,
    got,
    key_of,
    made,
    moved,
    open_city,
    published_schemas,
    sent,
    xml_of,
)

together = pytest.mark.asyncio(loop_scope="module")

SERVICES = {"consult-police", "suggest-police", "fire-consultation", "pothole", "light"}
PUBLIC = {"pothole": {"public": ["address", "position", "description", "media_url"]}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    settings = {"jurisdiction": "city.example", "per_minute": 1000, "services": PUBLIC}
    async with open_city(tmp_path_factory.mktemp("open311"), **settings) as door:
        await key_of(door, "open311:streets", "open311:petitions", key="bak_city")
        yield door


KEY = "bak_city"


# -- clients that aren't ours ------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("written", ["json", "xml"])
async def test_georeport_lists_the_services_and_reads_requests_back_in_either_format(city: Door, written: str) -> None:
    """PyPI's `georeport`, unmodified. It reads alone: it says of itself that it can't create requests."""
    number = await made(city, KEY, address_string=f"West Gate, {written}")
    other = await made(city, KEY, address_string=f"North Gate, {written}")
    await moved(city, number, "assign", "answer")
    client = GeoReport(city.url + BASE, jurisdiction="city.example", output_format=written)
    services = await asyncio.to_thread(client.get_service_list)
    assert {one["service_code"] for one in services} == SERVICES
    asked = await asyncio.to_thread(client.get_service_definition, "pothole")
    attributes = asked["attributes"] if written == "json" else asked["attributes"]["attribute"]
    assert {one["code"] for one in attributes} > {"size", "dangers", "owner.plate"}
    one = await asyncio.to_thread(client.get_service_request, number)
    assert (one["status"], one["address"], one["service_code"]) == ("closed", f"West Gate, {written}", "pothole")
    found = await asyncio.to_thread(client.get_service_requests, f"{number},{other}")
    assert {row["service_request_id"]: row["status"] for row in found} == {number: "closed", other: "open"}
    found = await asyncio.to_thread(client.get_service_requests, None, "pothole", None, None, "closed")
    assert all(row["status"] == "closed" for row in (found if isinstance(found, list) else [found]))


@together
async def test_civicbot_checks_a_report_against_the_definition_posts_it_and_follows_it(city: Door) -> None:
    """PyPI's `civicbot`, unmodified: another's client that creates requests, too."""
    endpoint = Endpoint(id="city", name="City", base_url=city.url + BASE, write=True)
    transport = HttpTransport(rate_limiter=RateLimiter(min_interval=0))
    client = Open311Client(endpoint, transport, jurisdiction_id="city.example")

    def report(**changes: Any) -> Any:
        given = {
            "lat": 31.4675012,
            "lng": 104.6811987,
            "description": "A hole as large as a cart",
            "email": "a@b.example",
        }
        given["attributes"] = {"size": "small", "dangers": ["water", "children"], "depth": 7.5}
        sending = {"dry_run": False, "confirm": "SEND", "validate_remote": True, "api_key": KEY}
        return client.create_request("pothole", **{**given, **sending, **changes})

    receipt = (await asyncio.to_thread(report)).response[0]
    assert "service_notice" in receipt
    number = receipt["service_request_id"]
    assert (await asyncio.to_thread(client.get_token, number))[0]["service_request_id"] == number
    assert (await asyncio.to_thread(client.get_request, number))["status"] == "open"
    case = await moved(city, number, "assign")
    answers = (await city.staff("li", "streets:reviewer").get(f"/v1/cases/{case}")).ok()["answers"]
    assert answers == {
        "what": "A hole as large as a cart",
        "where": "31.467501, 104.681199",
        "lat": 31.467501,
        "lng": 104.681199,
        "size": "small",
        "dangers": ["water", "children"],
        "depth": 7.5,
    }
    found = await asyncio.to_thread(lambda: client.list_requests(service_code="pothole", status="open", page_size=5))
    assert number in {row["service_request_id"] for row in found}
    with pytest.raises(HttpError) as caught:
        await asyncio.to_thread(lambda: report(api_key="bak_wrong"))
    assert caught.value.status == 403


# -- the published schemas ---------------------------------------------------------------------------------------------


@together
async def test_what_is_answered_fits_the_published_schemas(city: Door) -> None:
    folder = published_schemas()
    number = await made(city, KEY, address_string="South Gate")
    await moved(city, number, "assign")
    read = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")}
    known = Registry().with_resources((name, Resource(one, DRAFT4)) for name, one in read.items())
    answers = {
        "services.json": await got(city, "/services.json"),
        "requests.json": await got(city, "/requests.json"),
        "service-definition.json": await got(city, "/services/pothole.json"),
        "request.json": (await got(city, f"/requests/{number}.json"))[0],
    }
    for name, answer in answers.items():
        assert answer
        errors = list(Draft4Validator(read[name], registry=known, format_checker=FormatChecker()).iter_errors(answer))
        assert errors == [], (name, errors[:3])
    # … which the same schemas don't say of everything.
    assert list(Draft4Validator(read["request.json"], registry=known).iter_errors({"status": "perhaps"}))


@together
async def test_every_path_of_the_published_description_is_served(city: Door) -> None:
    """But for `/request/{id}`: the standard's text and every client say `/requests/{id}`."""
    told = json.loads((published_schemas() / "swagger.json").read_text(encoding="utf-8"))["paths"]
    served = (await city.anyone.get("/openapi.json")).ok()["paths"]
    for path, verbs in told.items():
        own = path.replace("/request/", "/requests/").replace("{token_id}", "{token}")
        for written in ("xml", "json"):
            there = served[BASE + own.replace("{response_format}", written)]
            assert verbs.keys() <= there.keys(), path


# -- the way of a request ----------------------------------------------------------------------------------------------


@together
async def test_both_formats_say_the_same(city: Door) -> None:
    """A list is a bare array in JSON, and an element with one for each member in XML."""
    number = await made(city, KEY, address_string="Gate of <both> & all")
    await moved(city, number, "assign")
    for path, root, member in (
        ("/services", "services", "service"),
        (f"/requests/{number}", "service_requests", "request"),
        ("/requests", "service_requests", "request"),
        (f"/tokens/{number}", "service_requests", "request"),
        ("/servicerequestupdates", "service_request_updates", "request_update"),
    ):
        listed = await got(city, f"{path}.json")
        element = xml_of(await city.anyone.get(f"{BASE}{path}.xml"))
        assert element.tag == root
        assert [one.tag for one in element] == [member] * len(listed)
        for one, other in zip(element, listed, strict=True):
            told = {child.tag: child.text for child in one}
            assert told == {name: _as_xml(value) for name, value in other.items()}


def _as_xml(value: Any) -> str | None:
    return None if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)


@together
async def test_discovery_names_the_endpoint_its_formats_and_its_specification(city: Door) -> None:
    told = await got(city, "/discovery.json")
    endpoint = told["endpoints"][0]
    assert (endpoint["url"], endpoint["type"]) == (city.url + BASE, "production")
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    element = xml_of(await city.anyone.get(f"{BASE}/discovery.xml"))
    assert [one.text for one in element.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


@together
async def test_appeals_with_a_place_are_services_and_no_others(city: Door) -> None:
    services = {one["service_code"]: one for one in await got(city, "/services.json")}
    assert services.keys() == SERVICES
    hole = services["pothole"]
    assert (hole["type"], hole["metadata"], hole["keywords"]) == ("realtime", True, "坑")
    told = {"Accept-Language": "en"}
    english = (await city.anyone.get(f"{BASE}/services.json", headers=told)).ok()
    assert [one["group"] for one in english if one["service_code"] == "pothole"] == ["Streets & <Roads>"]


@together
async def test_a_form_becomes_attributes_by_its_own_types(city: Door) -> None:
    told = await got(city, "/services/pothole.json")
    asked = {one["code"]: one for one in told["attributes"]}
    assert {code: one["datatype"] for code, one in asked.items()} == {
        "size": "singlevaluelist",
        "dangers": "multivaluelist",
        "depth": "number",
        "lanes": "number",
        "again": "singlevaluelist",
        "since": "datetime",
        "seen_at": "datetime",
        "note": "text",
        "owner.plate": "string",
    }
    assert [one["order"] for one in told["attributes"]] == list(range(1, 10))
    assert {code for code, one in asked.items() if one["required"]} == {"size"}
    assert asked["size"]["values"] == [{"key": "small", "name": "small"}, {"key": "large", "name": "large"}]
    assert [one["key"] for one in asked["again"]["values"]] == ["true", "false"]


@together
async def test_what_is_sent_arrives_with_the_types_of_the_form(city: Door) -> None:
    given = {
        "attribute[dangers][]": ["traffic", "water"],
        "attribute[depth]": "12.5",
        "attribute[lanes]": "2",
        "attribute[again]": "true",
        "attribute[since]": "2026-11-23T20:00:00Z",
        "attribute[seen_at]": "2026-11-24T09:30:00",
        "attribute[owner.plate]": "X1",
        "address_string": "Gate of types",
    }
    number = await made(city, KEY, **given)
    case = await moved(city, number, "assign")
    seen = (await city.staff("li", "streets:reviewer").get(f"/v1/cases/{case}")).ok()["answers"]
    assert seen == {
        "what": GOOD["description"],
        "where": "Gate of types",
        "lat": 31.467501,
        "lng": 104.681199,
        "size": "large",
        "dangers": ["traffic", "water"],
        "depth": 12.5,
        "lanes": 2,
        "again": True,
        "since": "2026-11-24",
        "seen_at": "2026-11-24T09:30:00+08:00",
        "owner": {"plate": "X1"},
    }


@together
@pytest.mark.parametrize(
    ("place", "written"),
    [
        ({"lat": "31.5", "long": "104.5"}, "31.5, 104.5"),
        ({"address_string": "Gate 1"}, "Gate 1"),
        ({"address_id": "A-77"}, "A-77"),
    ],
)
async def test_any_one_of_the_standard_s_three_places_is_enough(
    city: Door, place: dict[str, str], written: str
) -> None:
    form = {name: value for name, value in GOOD.items() if name not in {"lat", "long", "address_string"}}
    number = (await sent(city, {**form, **place, "api_key": KEY})).ok()[0]["service_request_id"]
    case = await moved(city, number, "assign")
    assert (await city.staff("li", "streets:reviewer").get(f"/v1/cases/{case}")).ok()["answers"]["where"] == written


@together
async def test_a_request_is_followed_from_open_to_closed_with_a_note_and_an_update_each(city: Door) -> None:
    number = await made(city, KEY, address_string="Gate of updates")
    one = (await got(city, f"/requests/{number}.json"))[0]
    assert (one["status"], one["agency_responsible"]) == ("open", "道路处")
    begun = datetime.fromisoformat(one["requested_datetime"])
    assert datetime.fromisoformat(one["expected_datetime"]) > begun
    await moved(city, number, "assign", "answer")
    told = {"Accept-Language": "en"}
    answer = (await city.anyone.get(f"{BASE}/requests/{number}.json", headers=told)).ok()[0]
    assert (answer["status"], answer["status_notes"]) == ("closed", "Answered.")
    updates = await got(city, "/servicerequestupdates.json", service_request_id=number)
    assert [(row["status"], row["description"]) for row in updates] == [
        ("open", "已收到，等待工作人员阅读。"),
        ("open", "正在办理。"),
        ("closed", "已答复。"),
    ]
    assert len({row["update_id"] for row in updates}) == 3
    later = (begun + timedelta(days=1)).isoformat()
    assert await got(city, "/servicerequestupdates.json", start_date=later) == []


@together
async def test_a_search_narrows_by_service_state_time_and_page(city: Door) -> None:
    numbers = [await made(city, KEY, address_string=f"Gate of search {index}") for index in range(3)]
    light = await made(city, KEY, service_code="light")
    await moved(city, numbers[0], "assign", "answer")

    async def listed(**query: str) -> list[str]:
        return [row["service_request_id"] for row in await got(city, "/requests.json", **query)]

    assert await listed(service_code="light") == [light]
    assert set(numbers) <= set(await listed(service_code="pothole,light", status="open,closed"))
    assert numbers[0] in await listed(status="closed")
    assert numbers[0] not in await listed(status="open")
    everything = await listed()
    assert everything[:4] == [light, *reversed(numbers)], "the newest first"
    assert await listed(page="2", page_size="2") == everything[2:4]
    now = city.platform.now()
    assert await listed(start_date=(now + timedelta(minutes=1)).isoformat()) == []
    assert await listed(end_date="2020-01-01T00:00:00Z") == []
    assert await listed(updated_after=(now + timedelta(hours=1)).isoformat()) == []
    assert await listed(updated_before=(now + timedelta(hours=1)).isoformat(), status="") == everything
    assert await listed(service_request_id=f"{light}, {numbers[1].lower()}", status="closed") == [light, numbers[1]]
    twice = (await city.anyone.get(f"{BASE}/requests.json?status=open&status=closed")).ok()
    assert len(twice) == len(everything)


@together
async def test_what_a_test_client_reports_is_made_up_and_found_by_its_id_alone(city: Door) -> None:
    key = await key_of(city, "open311:streets", client="bc_trying", mode="test")
    number = await made(city, key, address_string="Gate of trying out")
    for path in ("/requests.json", "/servicerequestupdates.json"):
        assert number not in (await city.anyone.get(f"{BASE}{path}")).body.decode()
    assert (await got(city, f"/requests/{number}.json"))[0]["service_request_id"] == number
    staff = city.staff("li", "streets:reviewer")
    marked = [
        one["mode"] for one in (await staff.get("/v1/worklist?limit=100")).ok()["items"] if one["number"] == number
    ]
    assert marked == ["test"]


@together
async def test_staff_see_whom_a_client_speaks_for_and_nobody_else_does(city: Door) -> None:
    number = await made(city, KEY, address_string="Gate of names")
    case = await moved(city, number, "assign")
    staff = (await city.staff("li", "streets:reviewer").get(f"/v1/cases/{case}")).ok()
    enclosed = staff["enclosures"]["open311"]
    assert enclosed["contact"] == {
        name: GOOD[name] for name in ("first_name", "last_name", "email", "phone", "device_id", "account_id")
    }
    assert (enclosed["client"], enclosed["media_url"]) == ("bc_1", GOOD["media_url"])
    assert staff["applicant"] == {"name": "Street app"}
    for path in (f"/requests/{number}", "/requests", "/servicerequestupdates", f"/tokens/{number}", "/services"):
        for written in ("json", "xml"):
            body = (await city.anyone.get(f"{BASE}{path}.{written}")).body.decode()
            assert not [word for word in (*WHO, "Street app", "bc_1") if word in body], path
    (await city.staff("wu", "fire:reviewer").get(f"/v1/cases/{case}")).problem(404, "not-found")


@together
async def test_a_multipart_form_is_a_form_too(city: Door) -> None:
    """As others' clients send it that could also send a file."""
    parts = {**GOOD, "api_key": KEY, "address_string": "Gate of parts"}
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    ]
    body = ("".join(lines) + "--x--\r\n").encode()
    told = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await city.anyone.call("POST", f"{BASE}/requests.xml", data=body, headers=told)
    assert answer.status == 200, answer.body
    assert xml_of(answer).findtext("request/service_request_id")
    file = body.replace(b'name="media_url"', b'name="media"; filename="a.jpg"')
    answer = await city.anyone.call("POST", f"{BASE}/requests.json", data=file, headers=told)
    assert (answer.status, answer.document[0]["code"]) == (400, 400)
    assert "media_url" in answer.document[0]["description"]


@together
async def test_the_arguments_may_stand_in_the_address_as_the_published_description_has_it(city: Door) -> None:
    query = {**GOOD, "api_key": KEY, "address_string": "Gate of the address"}
    told = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await city.anyone.call("POST", f"{BASE}/requests.json", params=query, data=b"", headers=told)
    assert answer.ok()[0]["service_request_id"]


@together
async def test_any_page_may_read_and_a_reader_who_has_it_is_told_so(city: Door) -> None:
    for path in ("/services.xml", "/requests.json", "/discovery.json", "/services/nothing.json"):
        answer = await city.anyone.get(BASE + path)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        if answer.status == 200:
            again = await city.anyone.get(BASE + path, headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status, again.body) == (304, b"")


async def test_what_came_in_is_read_back_on_either_database(database: str, tmp_path: Path) -> None:
    async with open_city(tmp_path, database=database, services=PUBLIC) as door:
        key = await key_of(door, "open311")
        number = await made(door, key)
        await moved(door, number, "assign", "answer")
        for query in ({"status": "closed"}, {"service_request_id": number}, {"updated_after": "2026-01-01"}):
            one = (await got(door, "/requests.json", **query))[0]
            assert (one["service_request_id"], one["lat"], one["long"]) == (number, 31.468, 104.681)
        assert len(await got(door, "/servicerequestupdates.json")) == 3
        assert await got(door, "/requests.json", status="open") == []
