"""Who is signed in: what the token says, for whoever has come with it, and nothing that names them elsewhere."""

from __future__ import annotations

from pathlib import Path

from banshi.builtin.identity.development import development_token
from banshi.testing import Door
from tests.servers.issuer import platform_of, started_issuer

PATH = "/v1/me"


async def test_a_citizen_is_shown_a_name_and_what_was_verified_and_no_number(bare_door: Door) -> None:
    settings = bare_door.platform.settings
    known = {"name": "王小明", "resident_id": "11010519491231002X", "phone": "13800000000"}
    answer = await bare_door.bearing(development_token(settings, "wang-4711", **known)).get(PATH)
    shown = answer.ok()
    assert shown.pop("until").endswith("+08:00")
    assert shown == {
        "name": "王小明",
        "verified": {"document": True, "phone": True},
        "staff": False,
        "roles": [],
        "development": True,
        "links": {
            "cases": "/v1/cases",
            "drafts": "/v1/me/drafts",
            "passes": "/v1/me/passes",
            "data": "/v1/me/data",
        },
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [word for word in ("11010519491231002X", "13800000000", "wang-4711") if word.encode() in answer.body]


async def test_of_whom_nothing_is_known_nothing_is_said(bare_door: Door) -> None:
    shown = (await bare_door.citizen("li").get(PATH)).ok()
    assert (shown["name"], shown["verified"]) == (None, {"document": False, "phone": False})


async def test_staff_are_shown_their_roles_with_words_and_where_their_work_is(bare_door: Door) -> None:
    staff = bare_door.staff("zhao", "traffic/zone-office:reviewer", "traffic:officer", "traffic/no-such-unit:reviewer")
    shown = (await staff.get(PATH, headers={"Accept-Language": "zh-CN"})).ok()
    told = [(one["role_title"], one["department"]["code"], one["unit"]) for one in shown["roles"]]
    assert shown["staff"]
    assert shown["links"] == {"worklist": "/v1/worklist"}
    assert told[1:] == [
        ("凭证核验人员", "traffic", None),
        ("审核人员", "traffic", {"code": "no-such-unit", "title": "no-such-unit"}),
    ]
    assert told[0][2]["code"] == "zone-office" != told[0][2]["title"]
    in_the_street = (await bare_door.officer("p007", "traffic").get(PATH)).ok()
    assert (in_the_street["staff"], in_the_street["links"]) == (True, {})


async def test_a_department_that_is_not_here_is_called_by_its_code(bare_door: Door) -> None:
    roles = (await bare_door.staff("zhao", "nowhere:reviewer").get(PATH)).ok()["roles"]
    assert [one["department"] for one in roles] == [{"code": "nowhere", "title": "nowhere"}]


async def test_at_an_identity_provider_s_platform_nothing_is_for_development(tmp_path: Path) -> None:
    async with started_issuer() as issuer, platform_of(tmp_path, issuer.url) as door:
        shown = (await door.bearing(issuer.token(name="王小明")).get(PATH)).ok()
        assert (shown["name"], shown["development"]) == ("王小明", False)


async def test_a_token_that_ends_behind_the_calendar_is_shown(bare_door: Door) -> None:
    for lifetime in (2**40, 2**52):
        token = development_token(bare_door.platform.settings, "wang", lifetime=lifetime)
        assert (await bare_door.bearing(token).get(PATH)).ok()["until"].startswith("9999-01-01")


async def test_nobody_and_no_other_method_is_told_who_it_is(bare_door: Door) -> None:
    (await bare_door.anyone.get(PATH)).problem(401, "unauthenticated")
    (await bare_door.bearing("no.token.atall").get(PATH)).problem(401, "unauthenticated")
    (await bare_door.citizen("wang").get(f"{PATH}?subject=li")).problem(400, "invalid-parameter")
    (await bare_door.citizen("wang").post(PATH, {})).problem(405, "method-not-allowed")
