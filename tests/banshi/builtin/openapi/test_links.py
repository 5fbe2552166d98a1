"""The description's links: what an answer holds leads to the next operation, over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from banshi.testing import Door, Person, Reply
from tests.banshi.builtin.openapi.link_bodies import body_of

Operation = dict[str, Any]
Answers = Callable[..., Awaitable[dict[str, Any]]]


class Described:
    """The API as somebody sees it who has its description and nothing else."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: dict[str, tuple[str, str, Operation]] = {
            told["operationId"]: (method.upper(), path, told)
            for path, verbs in document["paths"].items()
            for method, told in verbs.items()
        }

    def links(self, operation: str, status: int) -> dict[str, Any]:
        """The links of an answer by name, with what they refer to."""
        _, _, told = self.operations[operation]
        links = told["responses"][str(status)].get("links", {})
        shared = self.document.get("components", {}).get("links", {})
        return {
            name: shared[link["$ref"].rpartition("/")[2]] if "$ref" in link else link for name, link in links.items()
        }

    def every(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for operation, (_, _, told) in self.operations.items():
            for status in told["responses"]:
                for link in self.links(operation, int(status)).values():
                    yield operation, status, link

    async def follow(self, person: Person, operation: str, answer: Reply, name: str, **asked: Any) -> Reply:
        """Do what a link says with an answer and the parameters and body of its request."""
        link = self.links(operation, answer.status)[name]
        method, path, told = self.operations[link["operationId"]]
        given = {name: value_of(one, answer, asked) for name, one in link.get("parameters", {}).items()}
        places = {one["name"]: one["in"] for one in told["parameters"]}
        for name in (name for name in given if places[name] == "path"):
            path = path.replace(f"{{{name}}}", str(given[name]))
        query = {name: str(value) for name, value in given.items() if places[name] == "query" and value is not None}
        body = {name: value_of(one, answer, asked) for name, one in body_of(link).items()}
        sent = {"json": body} if "requestBody" in told else {}
        return await person.call(method, path, params=query, **sent)


def value_of(expression: str, answer: Reply, asked: dict[str, Any]) -> Any:
    """What a runtime expression of OpenAPI stands for; None where it is not there."""
    place, _, pointer = expression.partition("#")
    if not pointer:
        return asked.get(place.rpartition(".")[2])
    value = answer.document if place == "$response.body" else asked
    for part in pointer[1:].split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


async def described(door: Door) -> Described:
    return Described((await door.anyone.get("/openapi.json")).ok())


async def test_every_link_names_an_operation_of_the_document_and_parameters_that_it_has(door: Door) -> None:
    document = await described(door)
    seen = 0
    for operation, status, link in document.every():
        where = f"{operation} {status} -> {link['operationId']}"
        _, _, target = document.operations[link["operationId"]]
        there = {one["name"]: one for one in target["parameters"]}
        assert link.get("parameters", {}).keys() <= there.keys(), where
        needed = {name for name, one in there.items() if one.get("required")}
        assert needed <= link.get("parameters", {}).keys(), where
        assert "requestBody" in target or "requestBody" not in link, where
        seen += 1
    assert seen > 100


async def test_a_department_s_description_links_to_nothing_that_it_leaves_out(door: Door) -> None:
    part = Described((await door.anyone.get("/openapi.json?department=traffic")).ok())
    assert {link["operationId"] for _, _, link in part.every()} <= part.operations.keys()


async def test_from_the_list_of_departments_links_lead_to_an_item_and_what_it_needs(door: Door) -> None:
    document, anyone = await described(door), door.anyone
    departments = await anyone.get("/v1/departments")
    items = await document.follow(anyone, "list_departments", departments, "list_items")
    item = await document.follow(anyone, "list_items", items, "show_item")
    assert item.ok()["code"] == items.ok()["items"][0]["code"]
    materials = await document.follow(door.citizen("wang"), "show_item", item, "list_materials")
    assert materials.ok()["item"]["code"] == item.ok()["code"]


async def test_from_a_submission_links_lead_to_the_case_its_file_and_its_next_step(
    door: Door, answers: Answers
) -> None:
    document, wang = await described(door), door.citizen("wang", "王小明")
    made = await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})
    shown = await document.follow(wang, "submit_zone_pass", made, "show_case")
    assert shown.ok()["id"] == made.created()["id"]
    file = await document.follow(wang, "show_case", shown, "download")
    assert file.status == 200
    moved = await document.follow(wang, "show_case", shown, "act")
    assert moved.ok()["state"] == shown.ok()["permitted_actions"][0]["leads_to"]
    again = await document.follow(wang, "act", moved, "show_case")
    assert again.ok()["state"] == moved.ok()["state"]


async def test_a_list_leads_to_its_next_page_and_keeps_to_what_was_asked(door: Door) -> None:
    document = await described(door)
    asked = {"department": "traffic", "limit": "1"}
    first = await door.anyone.call("GET", "/v1/items", params=asked)
    second = await document.follow(door.anyone, "list_items", first, "next", **asked)
    assert len(second.ok()["items"]) == 1
    assert second.ok()["items"] != first.ok()["items"]


async def test_a_notice_leads_to_what_may_be_done_with_it(door: Door) -> None:
    document, staff = await described(door), door.staff("li", "traffic:publisher")
    notice = {"department": "traffic", "audience": {"everyone": True}, "title": {"zh-CN": "通知", "en": "Notice"}}
    made = await staff.post("/v1/notices", {**notice, "draft": True})
    shown = await document.follow(staff, "create_notice", made, "show_notice")
    action = shown.ok()["permitted_actions"][0]
    moved = await document.follow(staff, "show_notice", shown, "act_on_notice")
    assert moved.ok()["version"] > shown.ok()["version"], action


async def test_a_phone_leads_to_its_forgetting(door: Door) -> None:
    document, wang = await described(door), door.citizen("wang")
    made = await wang.post("/v1/devices", {"provider": "stream", "platform": "android", "token": "t" * 32})
    gone = await document.follow(wang, "register_device", made, "forget_device")
    assert gone.status == 204
    assert (await wang.get("/v1/devices")).ok()["items"] == []
