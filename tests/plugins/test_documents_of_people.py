"""Who has no ID card, and an organisation: each kind of document has its number, and no other is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.plugins.filling import filled
from tests.plugins.test_departments import FOLDERS, registry_of

PEOPLE = ("licence-replacement", "licence-renewal", "driving-test")
ORGANISATIONS_TOO = ("ebike-registration", "vehicle-registration", "vehicle-mortgage", "vehicle-transfer")
#: Kind → what its field's name ends in, a right number, a wrong one.
DOCUMENTS = {
    "id-card": ("", "11010519491231002X", "110105194912310021"),
    "permanent-residence-card": ("", "11010519491231002X", "E12345678"),
    "hmt-residence-permit": ("", "11010519491231002X", "H12345678"),
    "passport": ("passport_number", "E12345678", "e 1"),
    "hk-macau-permit": ("hk_macau_permit_number", "H1234567801", "K12345678"),
    "taiwan-permit": ("taiwan_permit_number", "12345678", "1234567"),
    "organisation": ("", "91510700MA0000000G", "91510700MA0000000H"),
}


def files() -> Iterator[str]:
    while True:
        yield str(uuid4())


def form_of(code: str) -> Any:
    return next(one for one in registry_of(FOLDERS).items.values() if one.code == code).form


def asked(answers: dict[str, Any], code: str, kind: str, number: str) -> tuple[dict[str, Any], str]:
    """The answers with that document, and the pointer of its number."""
    inside = answers["new_owner"] if code == "vehicle-transfer" else answers
    pre = "lender_" if code == "vehicle-mortgage" else ""
    plain = {"licence-replacement": "licence_number", "licence-renewal": "licence_number"}.get(code, "resident_id")
    name = pre + (DOCUMENTS[kind][0] or plain)
    if kind == "organisation":
        name = "lender_code" if pre else "uscc"
    for one in [one for one in inside if one.startswith(pre) and one != "phone"]:
        if one.removeprefix(pre) in {plain, "uscc", "code", *(told for told, _, _ in DOCUMENTS.values())}:
            del inside[one]
    inside[f"{pre}document"], inside[name] = kind, number
    return answers, ("/new_owner/" if code == "vehicle-transfer" else "/") + name


KINDS = [
    (code, kind)
    for code in (*PEOPLE, *ORGANISATIONS_TOO)
    for kind in DOCUMENTS
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
    form, other = form_of(code), "taiwan-permit" if kind == "passport" else "passport"
    answers, _ = asked(filled(form.schema, files()), code, kind, DOCUMENTS[kind][1])
    _, pointer = asked(filled(form.schema, files()), code, other, DOCUMENTS[other][1])
    inside = answers["new_owner"] if code == "vehicle-transfer" else answers
    inside[pointer.rpartition("/")[2]] = DOCUMENTS[other][1]
    assert [(one.pointer, one.code) for one in form.problems(answers)] == [(pointer, "x-when")]


@pytest.mark.parametrize("code", PEOPLE)
def test_an_organisation_drives_no_car(code: str) -> None:
    assert "organisation" not in form_of(code).schema["properties"]["document"]["enum"]


def test_whoever_signed_in_with_a_passport_may_give_its_number_where_a_number_is_verified() -> None:
    form = form_of("driver-record")
    answers = {"licence_number": "E12345678", "file_number": "510000000001"}
    assert [one.pointer for one in form.problems(answers)] == ["/licence_number"]
    assert form.problems(answers, verified="E12345678") == ()
