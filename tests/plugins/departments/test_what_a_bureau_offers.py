"""What a police bureau looks for first: the items that there have to be, the laws they name, and nothing made up."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from banshi.builtin.catalogue.elements import elements_of
from banshi.builtin.catalogue.remedies import remedy_of, remedy_text
from banshi.kernel.contract.values import LANGUAGES, Item
from banshi.kernel.loading.registry import Registry
from tests.plugins.test_departments import FOLDERS, registry_of

#: Item → laws that it names, without their articles.
CITED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("driving-test", "licence-replacement", "licence-renewal", "foreign-licence-exchange", "learner-permit"),
        frozenset({"机动车驾驶证申领和使用规定"}),
    ),
    "contact-change": frozenset({"机动车驾驶证申领和使用规定"}),
    **dict.fromkeys(
        ("vehicle-registration", "vehicle-transfer", "vehicle-mortgage", "vehicle-deregistration", "plate-replacement"),
        frozenset({"机动车登记规定"}),
    ),
    "network-protection-filing": frozenset({"中华人民共和国网络安全法", "信息安全等级保护管理办法"}),
    **dict.fromkeys(("dangerous-goods-permit", "toxic-goods-permit"), frozenset({"中华人民共和国危险化学品安全法"})),
    "household-facts-certificate": frozenset({"关于改进和规范公安派出所出具证明工作的意见（公通字〔2016〕21号）"}),
    "rehabilitation-place-change": frozenset({"戒毒条例"}),
    "drug-test-objection": frozenset({"吸毒检测程序规定"}),
    "seal-maker-licence": frozenset({"印铸刻字业暂行管理规则"}),
    "complain-police": frozenset({"公安机关督察条例"}),
}

#: Law and article.
ARTICLES = {
    "appraisal-copy": {("中华人民共和国刑事诉讼法", "148"), ("公安机关办理行政案件程序规定", "97")},
    "petition-request": {("信访工作条例", one) for one in ("34", "35", "36")},
    "lost-and-found": {("中华人民共和国民法典", "318")},
    "criminal-record-inquiry-organisation-foreigner": {("公安机关办理犯罪记录查询工作规定", "5")},
    "fireworks-transport-permit": {("烟花爆竹安全管理条例", "24")},
}

#: What a bureau offers and what was missing once.
OFFERED = {
    *("hk-macau-permit-renewal", "taiwan-permit-renewal", "mainland-permit-hk-macau-residents"),
    *("hmt-residence-permit", "stay-permit", "title-certificate-replacement", "vehicle-move-out"),
    *("violation-handling", "points-reduction", "inspection-mark-replacement", "household-correction"),
    *("household-split", "temporary-identity-proof", "website-filing", "assembly-permit", "explosive-precursor-filing"),
    *("precursor-first-class-purchase", "blasting-operator-licence", "blasting-unit-licence", "financial-security"),
    *("school-bus-driver", "road-works", "road-conditions", "police-offices", "complain-police", "lawyer-visit"),
    *("no-criminal-record-by-proxy", "no-criminal-record-foreigner", "criminal-record-inquiry-organisation"),
    "criminal-record-inquiry-organisation-foreigner",
    *("police-report-progress", "frozen-account-objection", "tenant-reporting", "licence-changes", "accident-review"),
    *("vehicle-changes", "border-area-pass", "foreigner-document-reissue"),
}

#: Those with certificates, of which an office issues another paper: the licence, the plate.
NOTICES = {
    *("vehicle-registration", "vehicle-transfer", "vehicle-mortgage", "plate-replacement", "temporary-plate"),
    *("ebike-registration", "licence-replacement", "licence-renewal", "foreign-licence-exchange"),
}


@pytest.fixture(scope="module")
def city() -> Registry:
    return registry_of(FOLDERS)


def items(city: Registry) -> list[Item]:
    return list(city.items.values())


def test_what_was_missing_is_offered(city: Registry) -> None:
    assert city.items.keys() >= OFFERED
    assert city.items["lawyer-visit"].department == "detention"
    assert city.items["complain-police"].department == "supervision"


@pytest.mark.parametrize("code", sorted({*CITED, *ARTICLES}))
def test_an_item_names_the_law_that_it_rests_on(code: str, city: Registry) -> None:
    basis = city.items[code].legal_basis
    assert {one.title["zh-CN"] for one in basis} >= CITED.get(code, frozenset())
    assert {(one.title["zh-CN"], one.article) for one in basis} >= ARTICLES.get(code, set())


def test_a_paper_that_another_office_prints_is_a_notice_here_and_says_what_it_is_no_substitute_for(
    city: Registry,
) -> None:
    for code in NOTICES:
        certificate = city.items[code].certificate
        assert certificate is not None
        assert certificate.title is not None
        assert certificate.title["zh-CN"].endswith("业务办结告知单"), code
        assert re.search("不能代替.+使用", certificate.body["zh-CN"]), code
        assert re.search("take (?:the |their |its ).*place", certificate.body["en"]), code


def test_no_code_of_the_national_list_is_made_up(city: Registry) -> None:
    for item in items(city):
        assert not item.elements.basic_code, item.code
        assert not item.elements.implementation_code, item.code


#: What the law gives to the province's authority, wherever it is handed in.
OF_THE_PROVINCE = {"precursor-first-class-purchase"}


def test_the_level_is_the_departments_own_and_complaints_of_the_police_go_where_all_of_china_calls(
    city: Registry,
) -> None:
    """支队 are of a city; of what has another name the level is not known here."""
    for item in items(city):
        department = city.departments[item.department]
        elements = elements_of(item, department)
        of_a_city = "支队" in department.title["zh-CN"]
        if item.code not in OF_THE_PROVINCE:
            assert elements.exercise_level == ("city" if of_a_city else None), item.code
        # The fire brigade is no police since 2018.
        told = elements.complaints or {}
        assert all(("12389" in told.get(one, "")) == (department.code != "fire") for one in LANGUAGES), item.code


def test_a_type_of_result_is_said_where_the_items_own_words_name_the_paper(city: Registry) -> None:
    said = {item.code: item.elements.result_type for item in items(city) if item.elements.result_type}
    assert set(said.values()) == {"licence", "document"}
    for code, sort in said.items():
        item = city.items[code]
        assert item.details.permit, code
        named = " ".join(
            one["zh-CN"] for one in (item.title, item.summary, item.result.title, *item.process, *item.conditions)
        )
        assert re.search("批准文件" if sort == "document" else "许可证|通行证", named), code


def test_an_electric_bicycle_has_fifteen_signs_and_an_organisation_may_own_one(city: Registry) -> None:
    form = city.items["ebike-registration"].form
    assert form is not None
    schema = form.schema["properties"]
    pattern = schema["frame_number"]["pattern"]
    assert [bool(re.fullmatch(pattern, "A" * count)) for count in (14, 15, 16)] == [False, True, False]
    assert "organisation" in schema["document"]["enum"]


#: What a decision on an item says of whom to turn to, where that isn't the department's.
REMEDIES = {
    **dict.fromkeys(("visa-extension", "foreigner-residence-permit", "stay-permit"), ("第三十六条", "最终决定")),
    "assembly-permit": ("三日内", "三日内作出决定", "复议"),
    "petition-review": ("三十日内", "复核", "终结"),
    "state-compensation": ("三个月内", "诉讼", "三十日内", "上一级机关申请复议"),
    "seized-property-return": ("申诉或者控告", "同级人民检察院"),
    "appraisal-copy": ("重新鉴定", "同级人民检察院"),
    "family-visit": ("人民检察院",),
    "violation-handling": ("六十日内", "当场作出的决定，应当先申请行政复议"),
}


@pytest.mark.parametrize("code", REMEDIES)
def test_a_decision_names_the_remedy_that_its_law_has(city: Registry, code: str) -> None:
    """Each of them told of sixty days and six months, whatever its law said."""
    remedy = remedy_of(city, city.items[code])
    assert remedy is not None
    told = remedy_text(remedy)["zh-CN"]
    assert all(words in told for words in REMEDIES[code]), told
    assert remedy.basis
    if code != "violation-handling":
        assert "六十日" not in told
        assert "六个月" not in told


def test_what_cannot_be_refused_names_nobody_and_a_penalty_does_when_it_is_made(city: Registry) -> None:
    assert remedy_of(city, city.items["administrative-reconsideration"]) is None
    for code in ("violation-handling", "petition-review", "state-compensation"):
        (approve,) = {step.mentions for step in city.items[code].steps if step.action == "approve"}
        assert "remedy" in approve
    told = city.items["violation-handling"].messages["approve"].body
    assert told is not None
    assert all(words in told["zh-CN"] for words in ("十五日内", "百分之三", "{remedy}"))
