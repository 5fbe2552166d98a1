"""categories.toml: the sample is right, and every mistake of an author is told with its category and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import open_door
from insights.figures.categories import CATEGORIES, SAMPLE, read_categories
from insights.settings import SETTINGS, InsightsSettings, Rise
from tests.insights.figures.bureau import FILE, NOW, at, bring, bureau
from tests.town.registers import DEPARTMENTS

DOCUMENTED = Path(__file__).resolve().parents[3] / "docs" / "insights.md"

#: What is written in place of what, and what is then told, of the sample.
MISTAKES = {
    ('group = "traffic"', 'gruop = "traffic"'): "wrong-value: {file}: categories.accidents.gruop is not a known key; "
    "did you mean 'group'?",
    ('department = "fire"', 'department = "fier"'): "wrong-category: {file}: categories.fires: department 'fier': "
    "did you mean 'fire'?",
    ('group = "safety"', 'group = "savety"'): "wrong-category: {file}: categories.drowning: group 'savety': "
    "did you mean 'safety'?",
    ('"missing-person"', '"missing-persons"'): "wrong-category: {file}: categories.missing-people: counts.postings: "
    "there is no item 'missing-persons': did you mean 'missing-person'?",
    ("report/fraud", "report/frauds"): "wrong-category: {file}: categories.online-fraud-reports: counts.appeals: "
    "internet-crime-report has no 'frauds': did you mean 'fraud'?",
    ("found/lost", "found/gone"): "wrong-category: {file}: categories.lost-things: counts.postings: lost-and-found "
    "has no 'gone': there are: lost, found",
    ("接报{count}起、损失", "接报{cuont}起、损失"): "wrong-category: {file}: categories.fraud-tasks: "
    "template.body.zh-CN: there is no {{cuont}}: did you mean 'count'?",
    ("接报{count}起、损失", "接报不少、损失"): "wrong-category: {file}: categories.fraud-tasks: template.body.zh-CN: "
    "{{count}} is missing, which another language has",
    ("防盗提醒：扒窃警情增多", "防盗提醒：近期全市公交站点扒窃警情增多"): "wrong-category: {file}: "
    "categories.theft-pickpockets: template.title.zh-CN: it may get 19 characters long, 18 at most: shorten it",
    (', en = "Noise" }', " }"): "wrong-category: {file}: categories.noise: title: write it in en, too",
    ("percent = 30 }", "percent = -30 }"): "wrong-value: {file}: categories.drowning.thresholds.hint.percent input "
    "should be greater than or equal to 0",
    ('code = "fires"', 'code = "noise"'): "wrong-category: {file}: categories.noise: code: another category has it "
    "already: rename one",
    ('code = "fires"', 'code = "safety"'): "wrong-category: {file}: categories.safety: code: 'safety' can't be a name: "
    "use a-z, 0-9 and hyphens, 32 at most; cases, appeals, postings, look-ups, all, elsewhere, fraud,",
    ('code = "fires"', 'code = "all"'): "wrong-category: {file}: categories.all: code: 'all' can't be a name: use",
    ('counts.imports = ["police-reports"]', ""): "wrong-value: {file}: categories.fraud-tasks.counts is missing",
    ('imports = ["police-reports"]', 'imports = ["cases"]'): "wrong-category: {file}: categories.fraud-tasks: "
    "counts.imports: 'cases' can't be a name: use a-z, 0-9 and hyphens",
    ("plain = {", "plane = {"): "wrong-value: {file}: categories.fraud-tasks.template.plane is not a known key",
}


async def test_the_sample_is_right_and_every_mistake_is_told(tmp_path: Path) -> None:
    names = ("criminal", "traffic", "public_order", "fire", "cyber")
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in names}
    async with open_door(tmp_path, {**plugins, "insights": "insights"}) as door:
        registry, text = door.platform.registry, SAMPLE.read_text(encoding="utf-8")
        assert len(door.platform[CATEGORIES]) == 28
        file = tmp_path / "own.toml"
        own = InsightsSettings(categories=file)
        file.write_text(text, encoding="utf-8")
        assert read_categories(own, registry).findings == []
        for (before, after), told in MISTAKES.items():
            assert before in text
            file.write_text(text.replace(before, after, 1), encoding="utf-8")
            found = [f"{one.rule}: {one.advice}" for one in read_categories(own, registry).findings]
            assert any(one.startswith(told.format(file=file)) for one in found), (told, found)
        # What the documentation shows can be handed in.
        example = re.search(r'csv title="police-reports.csv"\n(.*?)```', DOCUMENTED.read_text("utf-8"), re.DOTALL)
        assert example is not None
        at(door, NOW)
        await bring(door, tmp_path, example[1], "police-reports.csv")
        for text, told in {"a = [": "unreadable", "categories = 3": "wrong-value", "[more]": "unknown-table"}.items():
            file.write_text(text, encoding="utf-8")
            assert [one.rule for one in read_categories(own, registry).findings] == [told]


async def test_of_the_sample_a_city_counts_what_it_has(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "insights": "insights"}
    async with open_door(tmp_path, plugins) as door:
        assert sorted(door.platform[CATEGORIES]) == ["accidents", "drink-driving"]


async def test_a_file_of_an_operator_s_that_is_wrong_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"categories\.toml: categories\.theft: department 'park'"):
        async with bureau(tmp_path, file=FILE.replace('"parks"', '"park"', 1)):
            pass


async def test_thresholds_are_the_setting_s_but_for_what_a_category_says_itself(tmp_path: Path) -> None:
    own = "thresholds = { hint = { percent = 80 }, urgent = { count = 3 } }\n[categories.template]"
    settings = {"thresholds": {"hint": {"least": 7, "percent": 40}, "running": 3}}
    file = FILE.replace("[categories.template]", own, 1)
    async with bureau(tmp_path, settings=settings, file=file) as door:
        theft, fraud = (door.platform[CATEGORIES][code].thresholds for code in ("theft", "fraud"))
        assert (theft.hint, theft.urgent.count, theft.running) == (Rise(least=7, percent=80), 3, 3)
        assert (fraud.hint, fraud.urgent.count, fraud.warn) == (
            Rise(least=7, percent=40),
            0,
            Rise(least=10, percent=50),
        )
        assert door.platform[SETTINGS].thresholds == fraud
