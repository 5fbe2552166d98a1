"""Who has no ID card, and an organisation: each kind of document has its number, and no other is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.plugins.filling import NUMBER, filled
from tests.plugins.test_departments import FOLDERS, registry_of

#: Item → where its document is asked for: inside which field, what the names begin with, and the plain number's name.
PEOPLE = {
    "licence-replacement": ("", "", "licence_number"),
    "licence-renewal": ("", "", "licence_number"),
    "driving-test": ("", "", "resident_id"),
    "learner-permit": ("", "", "resident_id"),
    "foreign-licence-exchange": ("", "", "resident_id"),
    "violation-handling": ("", "", "resident_id"),
    "points-reduction": ("", "", "resident_id"),
    "school-bus-driver": ("", "", "resident_id"),
    "fire-training-enrolment": ("", "", "resident_id"),
    "assembly-permit": ("", "", "resident_id"),
    "security-company-licence": ("legal_representative", "", "id_number"),
    "missing-person": ("person", "", "id_number"),
    "contact-change": ("", "", "resident_id"),
    "licence-changes": ("", "", "resident_id"),
    "accident-review": ("", "", "resident_id"),
    "blasting-operator-licence": ("", "", "resident_id"),
    "fire-control-room-operator-assessment": ("", "", "resident_id"),
}
ORGANISATIONS_TOO = {
    "ebike-registration": ("", "", "resident_id"),
    "vehicle-registration": ("", "", "resident_id"),
    "vehicle-mortgage": ("", "lender_", "lender_resident_id"),
    "vehicle-transfer": ("new_owner", "", "resident_id"),
    "vehicle-transfer, the seller": ("", "owner_", "owner_resident_id"),
    "accident-record": ("", "", "resident_id"),
}
#: Which are about somebody of whom it is known what they have: no citizen, or no foreigner.
SOME = {
    "no-criminal-record-by-proxy": ("id-card", "hmt-residence-permit", "passport", "hk-macau-permit", "taiwan-permit"),
    "no-criminal-record-foreigner": ("permanent-residence-card", "passport"),
}
PLACES = PEOPLE | ORGANISATIONS_TOO | dict.fromkeys(SOME, ("", "", "resident_id"))
#: Forms that ask for a citizen's number alone, since nobody else has what they are about.
CITIZENS = {
    # Passports, and permits and endorsements of citizens to travel to Hong Kong, Macao and Taiwan.
    *("passport-first", "passport-renewal", "passport-annotation", "passport-progress"),
    *("hk-macau-permit-first", "hk-macau-permit-renewal", "hk-macau-endorsement", "hk-macau-permit-progress"),
    *("taiwan-permit-first", "taiwan-permit-renewal", "taiwan-endorsement", "taiwan-permit-progress"),
    # The household register, ID cards, and the residence permit of citizens from elsewhere.
    *("birth-registration", "death-registration", "household-book-replacement", "household-correction"),
    *("household-facts-certificate", "household-move-in", "household-move-out", "household-split", "name-change"),
    *("id-card-first-issue", "id-card-progress", "id-card-renewal", "id-card-replacement", "temporary-id-card"),
    *("residence-permit", "residence-permit-endorsement", "temporary-residence-registration"),
    "temporary-identity-proof",
    # Passes of residents of the mainland.
    "border-area-pass",
    # 保安服务管理条例 16 says citizens.
    "security-guard-certificate",
}
#: Forms that take the number with which somebody signed in, whatever document it is of.
VERIFIED = {"driver-record", "exit-entry-record", "no-criminal-record-certificate", "police-report-progress"}
#: Kind → what its field's name ends in, a right number, a wrong one.
DOCUMENTS = {
    "id-card": ("", NUMBER, "110105194912310021"),
    "permanent-residence-card": ("", NUMBER, "E12345678"),
    "hmt-residence-permit": ("", NUMBER, "H12345678"),
    "passport": ("passport_number", "E12345678", "e 1"),
    "hk-macau-permit": ("hk_macau_permit_number", "H1234567801", "K12345678"),
    "taiwan-permit": ("taiwan_permit_number", "12345678", "1234567"),
    "organisation": ("", "91510700MA0000000G", "91510700MA0000000H"),
}


def files() -> Iterator[str]:
    while True:
        yield str(uuid4())


def form_of(code: str) -> Any:
    return next(one for one in registry_of(FOLDERS).items.values() if one.code == code.split(",")[0]).form


def asked(answers: dict[str, Any], code: str, kind: str, number: str) -> tuple[dict[str, Any], str]:
    """The answers with that document, and the pointer of its number."""
    within, pre, plain = PLACES[code]
    inside = answers[within] if within else answers
    uscc = "lender_code" if pre == "lender_" else f"{pre}uscc"
    named = {"": plain, **{told: f"{pre}{told}" for told, _, _ in DOCUMENTS.values() if told}}
    for one in (*named.values(), *([uscc] if code in ORGANISATIONS_TOO else [])):
        inside.pop(one, None)
    name = uscc if kind == "organisation" else named[DOCUMENTS[kind][0]]
    inside[f"{pre}document"], inside[name] = kind, number
    return answers, f"/{within}/{name}" if within else f"/{name}"


KINDS = [
    (code, kind)
    for code in PLACES
    for kind in SOME.get(code, DOCUMENTS)
    if kind != "organisation" or code in ORGANISATIONS_TOO
]


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_each_document_is_taken_by_its_own_number(code: str, kind: str) -> None:
    form = form_of(code)
    for number, right in zip(DOCUMENTS[kind][1:], (True, False), strict=True):
        answers, pointer = asked(filled(form.schema, files()), code, kind, number)
        told = [one.pointer for one in form.problems(answers)]
        assert told == ([] if right else [pointer])


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_the_number_of_another_document_is_not_asked_for(code: str, kind: str) -> None:
    form, other = form_of(code), "passport"
    if kind == other:
        other = "taiwan-permit" if "taiwan-permit" in SOME.get(code, DOCUMENTS) else "permanent-residence-card"
    answers, _ = asked(filled(form.schema, files()), code, kind, DOCUMENTS[kind][1])
    _, pointer = asked(filled(form.schema, files()), code, other, DOCUMENTS[other][1])
    within = PLACES[code][0]
    (answers[within] if within else answers)[pointer.rpartition("/")[2]] = DOCUMENTS[other][1]
    assert [(one.pointer, one.code) for one in form.problems(answers)] == [(pointer, "x-when")]


@pytest.mark.parametrize("code", [*PEOPLE, *SOME])
def test_an_organisation_drives_no_car(code: str) -> None:
    within, schema = PLACES[code][0], form_of(code).schema
    fields = schema["properties"][within]["properties"] if within else schema["properties"]
    assert "organisation" not in fields["document"]["enum"]


def numbers_in(schema: Any) -> list[tuple[str, Any]]:
    """The fields that take an ID number, each with its schema."""
    own = [(name, one) for name, one in schema.get("properties", {}).items() if one.get("format") == "cn-resident-id"]
    below = [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]
    return [*own, *(found for one in below for found in numbers_in(one))]


def test_no_form_asks_for_a_citizens_number_where_somebody_else_may_use_the_item() -> None:
    """Each such field hangs on the kind of document, or its item is one of those that are for citizens alone."""
    asking = {
        item.code: numbers_in(item.form.schema)
        for item in registry_of(FOLDERS).items.values()
        if item.form is not None and numbers_in(item.form.schema)
    }
    plain = {code for code, fields in asking.items() if any("x-when" not in one for _, one in fields)}
    assert plain - VERIFIED - CITIZENS == set()
    assert asking.keys() >= CITIZENS | VERIFIED


def test_an_organisation_gives_new_contact_details_as_an_owner_and_never_as_a_driver() -> None:
    """It could choose to be a driver, with its code as the document."""
    form = form_of("contact-change")
    answers = filled(form.schema, files())
    for name in ("document", "resident_id"):
        del answers[name]
    answers |= {"role": "vehicle-owner-organisation", "uscc": "91510700MA0000000G", "name": "示例运输有限公司"}
    assert form.problems(answers) == ()
    for role in ("driver", "vehicle-owner"):
        told = {(one.pointer, one.code) for one in form.problems(answers | {"role": role})}
        assert told == {("/document", "required"), ("/uscc", "x-when")}
    told = {(one.pointer, one.code) for one in form.problems(answers | {"document": "passport"})}
    assert ("/document", "x-when") in told


@pytest.mark.parametrize(
    ("code", "person", "documents"),
    [
        (
            "criminal-record-inquiry-organisation-foreigner",
            {"name": "JOHN SAMPLE", "nationality": "GBR", "birth_date": "1990-05-01"},
            [("passport", "passport_number", "E12345678"), ("permanent-residence-card", "resident_id", NUMBER)],
        ),
        (
            "criminal-record-inquiry-organisation",
            {"name": "王小明"},
            [("id-card", "resident_id", NUMBER), ("hk-macau-permit", "hk_macau_permit_number", "H1234567801")],
        ),
    ],
    ids=["foreigners", "citizens"],
)
def test_an_organisation_asks_about_people_by_whatever_document_they_have(
    code: str, person: dict[str, str], documents: list[tuple[str, str, str]]
) -> None:
    """One by one, and an employer says what they are to it, a notary doesn't."""
    form = form_of(code)
    answers = filled(form.schema, files())
    assert form.problems(answers) == ()
    wrong = ("passport", "resident_id", NUMBER)
    answers["subjects"] = [{**person, "document": kind, field: number} for kind, field, number in [*documents, wrong]]
    told = {(one.pointer, one.code) for one in form.problems(answers)}
    assert told == {("/subjects/2/passport_number", "required"), ("/subjects/2/resident_id", "x-when")}
    del answers["subjects"][2]
    answers["sort"] = "notary"
    assert {one.pointer for one in form.problems(answers)} == {"/relation", "/relation_proof"}


def test_a_proxy_hands_in_an_authorisation_and_somebody_of_themselves_none() -> None:
    form = form_of("no-criminal-record-foreigner")
    answers = filled(form.schema, files())
    answers["applicant"] = "self"
    assert {one.pointer for one in form.problems(answers)} == {"/authorisation", "/proxy_document"}
    del answers["authorisation"], answers["proxy_document"]
    assert form.problems(answers) == ()
    answers["applicant"] = "proxy"
    assert {one.pointer for one in form.problems(answers)} == {"/authorisation", "/proxy_document"}


@pytest.mark.parametrize(("ago", "right"), [(181, True), (180, True), (179, False)])
def test_a_foreigner_who_came_less_than_180_days_ago_is_told_so(ago: int, right: bool) -> None:
    form = form_of("no-criminal-record-foreigner")
    now = datetime(2026, 11, 28, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    answers = filled(form.schema, files()) | {"until": "2026-11-28"}
    answers["from"] = (now.date() - timedelta(days=ago)).isoformat()
    assert [one.pointer for one in form.problems(answers, at=now)] == ([] if right else ["/from"])


def test_whoever_signed_in_with_a_passport_may_give_its_number_where_a_number_is_verified() -> None:
    form = form_of("driver-record")
    answers = {"licence_number": "E12345678", "file_number": "510000000001"}
    assert [one.pointer for one in form.problems(answers)] == ["/licence_number"]
    assert form.problems(answers, verified="E12345678") == ()
