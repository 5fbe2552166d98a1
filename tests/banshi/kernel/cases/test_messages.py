"""What citizens are told: every step that tells says something in every language, templates reach nothing but text."""

from __future__ import annotations

import tomllib
import unicodedata
from calendar import month_name
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from banshi.builtin.checks.words import messages
from banshi.builtin.checks.words.messages import LONGEST_DAY, LONGEST_NUMBER
from banshi.default_plugins import default_kinds
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.case_queries import steps_of
from banshi.kernel.cases.submission import new_number
from banshi.kernel.contract import message_templates
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.contract.values import LANGUAGES, ClockEffect, Decision, Item, MessageTemplates, Step, Who
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.application.permits import RECEIPT
from banshi.kinds.application.steps import TABLE, TABLES
from banshi.testing import Door, Person, open_door
from tests.places import TRAFFIC
from tests.town import departments
from tests.town.departments import NOTHING, PASS, both, claim, department, write
from tests.town.zone_pass import FIRST_DAY, LAST_DAY

TODAY = date(2026, 11, 24)

#: Everything that a message can mention, as the values that a step gives.
VALUES: dict[str, message_templates.Value] = {
    "item": {"zh-CN": "禁区通行证", "en": "Vehicle pass"},
    "number": "20261124-7K3M-9QXC",
    "department": {"zh-CN": "交警支队", "en": "Traffic Police"},
    "phone": "000-0000122",
    "result": {"zh-CN": "二维码通行证", "en": "QR pass"},
    "date": TODAY,
    "reason": {"zh-CN": "照片不清", "en": "The photo is unclear"},
    "deadline": date(2026, 11, 27),
    "valid_from": date(2026, 12, 1),
    "certified_until": date(2027, 11, 30),
    "valid_until": date(2027, 1, 31),
    "remedy": {"zh-CN": "可以申请行政复议。", "en": "You may apply for reconsideration."},
}

#: Text as people, and those who try something, write it.
TEXT = st.text(st.characters(exclude_categories=[]), max_size=300)


def step_that_tells(body: str, title: str = "{item}", **changes: Any) -> Step:
    tells = MessageTemplates(title=dict.fromkeys(LANGUAGES, title), body=dict.fromkeys(LANGUAGES, body))
    return Step(state="a", action="go", who=frozenset({Who.STAFF}), to="b", tells=tells, **changes)


def item(**own: MessageTemplates) -> Item:
    """An item with messages of its own, as far as they are asked for it."""
    both = dict.fromkeys(LANGUAGES, "x")
    result: Any = None
    return Item(
        code="x",
        department="x",
        plugin="x",
        kind="x",
        title=both,
        summary=both,
        audience=("person",),
        result=result,
        messages=own,
    )


def body_of(template: str, values: Mapping[str, message_templates.Value], language: str = "zh-CN") -> str:
    return message_templates.written(step_that_tells(template), item(), values)[1][language]


# -- every step that the state table says a citizen hears of ---------------------------------------------------------


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Door]:
    """The plugins of the house, one more whose items rely on the defaults, with a second person and without."""
    plugins: dict[str, Path | str] = {"parks": write(folder, PARKS), "traffic": TRAFFIC, "mobile_push": "mobile_push"}
    database = f"sqlite://{folder / 'banshi.sqlite3'}?synchronous=OFF&busy_timeout=5000"
    async with open_door(folder, plugins, platform={"database": database}) as door:
        yield door


PARKS = (
    department()
    + departments.item(result=NOTHING)
    + departments.item(
        "hall",
        "大厅",
        "Hall",
        promised_days=5,
        result=PASS,
        credential={"claims": [claim("day", "日期", "Day", source="/day")], "longest_days": 10},
        application={"second_person": True},
        fields={"day": {"type": "string", "format": "date"}},
        messages={"approve": {"title": both("大厅归您使用", "The hall is yours")}},
    )
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as door:
        yield door


async def told_by(door: Door, case: Case, step: Step, reason: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """Take a step as somebody who may; the messages that were promised for it, one per channel."""
    await Case.filter(id=case.id).update(state=step.state)
    before = {row["id"] for row in await rows()}
    answers = case.answers if step.action == "supplement" else None
    await lifecycle.move(door.platform, case.id, step.action, actor_of(case, step), reason=reason, answers=answers)
    return [row for row in await rows() if row["id"] not in before]


def actor_of(case: Case, step: Step) -> actors.Actor:
    if Who.SYSTEM in step.who:
        return actors.SYSTEM
    if Who.CITIZEN in step.who:
        return actors.Actor(Principal(subject=case.person, roles=()))
    return actors.Actor(Principal(subject="li", roles=(Role(department=case.department, name=step.role),)))


async def rows() -> list[dict[str, Any]]:
    return [{"id": row.id, **row.payload} for row in await OutboxRow.filter(topic="message").order_by("id")]


@pytest.mark.parametrize("reason", [None, {"zh-CN": "{item.title} {照片}不清", "en": "{0} unclear }{ {number}"}])
async def test_each_step_that_tells_says_something_in_every_language_and_each_other_is_silent(
    world: Door, answers: Any, reason: dict[str, str] | None
) -> None:
    """Every row of the table is taken, by whoever may take it: of items with words of their own, and without."""
    wang = world.citizen("wang", "王小明")
    for code in ("zone-pass", "bench", "hall"):
        for step in steps_of(world.platform, world.platform.registry.items[code]):
            if step.needs_reason and reason is None:
                continue
            case = await submitted(world, wang, code, answers)
            told = await told_by(world, case, step, reason)
            assert len(told) == (len(world.platform.registry.channels) if step.tells else 0), step
            for message in told:
                for language in LANGUAGES:
                    title, body = message["title"][language], message["body"][language]
                    assert title.strip()
                    assert body.strip()
                    assert "\n" not in title
                    assert len(title) <= message_templates.LONGEST_TITLE
                    assert len(body) <= message_templates.LONGEST_BODY
                    own = (reason or {}).get(language, "")
                    assert own in body
                    filled = title + body.replace(own, "") if own else title + body
                    assert not set("{}") & set(filled), filled


async def submitted(door: Door, person: Person, code: str, answers: Any) -> Case:
    given = await answers(person) if code == "zone-pass" else {}
    created = (await person.post(f"/v1/items/{code}/cases", {"answers": given})).created()
    await door.settled()
    return await Case.get(id=created["id"])


async def test_what_the_automatic_check_decides_is_told_with_the_reason_and_what_to_do(
    world: Door, answers: Any
) -> None:
    wang = world.citizen("wang")
    night = await answers(wang, vehicle_class="heavy-truck", hours="9-17")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": night})).created()
    await world.settled()
    [message] = (await wang.get("/v1/inbox", headers={"Accept-Language": "en"})).ok()["items"]
    assert "night only (22-6); please choose those hours." in message["body"]
    assert "submit it again" in message["body"]


async def test_an_approval_says_until_when_its_pass_is_valid_and_one_without_pass_says_nothing_of_it(
    world: Door, answers: Any
) -> None:
    wang, boss = world.citizen("wang"), world.staff("li", "traffic:reviewer", "traffic:approver", "parks:approver")
    bodies = {}
    for code in ("zone-pass", "bench"):
        given = await answers(wang) if code == "zone-pass" else {}
        case = (await wang.post(f"/v1/items/{code}/cases", {"answers": given})).created()
        await world.settled()
        (await boss.post(f"{case['links']['self']}/actions/approve")).ok()
        await world.settled()
        for language in LANGUAGES:
            inbox = (await wang.get("/v1/inbox", headers={"Accept-Language": language})).ok()["items"]
            bodies[code, language] = inbox[-1]["body"]
    # The pass is cut at midnight, city time, after the last day that the form says.
    zh = [f"{day.year}年{day.month}月{day.day}日" for day in (FIRST_DAY, LAST_DAY)]
    en = [f"{day.day} {month_name[day.month]} {day.year}" for day in (FIRST_DAY, LAST_DAY)]
    assert "自{}起生效，有效期至{}".format(*zh) in bodies["zone-pass", "zh-CN"]
    assert "valid from {} to {}".format(*en) in bodies["zone-pass", "en"]
    assert "有效期" not in bodies["bench", "zh-CN"]
    assert "valid" not in bodies["bench", "en"]
    assert "call" not in bodies["bench", "en"].lower(), "a department without phone is not to be called"


async def test_dates_are_the_citys_and_the_deadline_is_the_one_that_the_step_leads_to(world: Door) -> None:
    world.platform.now = lambda: datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # in Shanghai the 25th, a Wednesday
    wang = world.citizen("wang")
    (await wang.post("/v1/items/hall/cases", {"answers": {}})).created()
    await world.settled()
    read = [(await wang.get("/v1/inbox", headers={"Accept-Language": one})).ok()["items"] for one in LANGUAGES]
    assert "2026年11月25日" in read[0][0]["body"]
    assert "25 November 2026" in read[1][0]["body"]
    due_on = (await Case.all())[0].due_on
    assert due_on == date(2026, 12, 2), "five working days later"
    assert "2026年12月2日" in read[0][0]["body"]
    assert "2 December 2026" in read[1][0]["body"]


async def test_an_items_own_words_replace_the_default_field_by_field(world: Door) -> None:
    hall = world.platform.registry.items["hall"]
    approve = next(step for step in steps_of(world.platform, hall) if step.action == "approve")
    title, body = message_templates.written(approve, hall, VALUES)
    assert title == {"zh-CN": "大厅归您使用", "en": "The hall is yours"}
    assert body["en"].startswith("Your application was approved on 24 November 2026.\n")


async def test_a_reason_of_nothing_but_blanks_is_no_reason(world: Door) -> None:
    wang = world.citizen("wang")
    case = await submitted(world, wang, "bench", None)
    for blank in ({"zh-CN": "", "en": " \n\x00"}, {}):
        with pytest.raises(Exception, match="Some of what was filled in is wrong"):
            await lifecycle.decide(world.platform, case.id, Decision(action="return", reason=blank))
    await lifecycle.decide(world.platform, case.id, Decision(action="return", reason={"en": "In one language alone."}))
    last = (await rows())[-1]
    assert "In one language alone." in last["body"]["zh-CN"]


# -- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("{item.title}", "{item.__class__.__mro__}", "{item[0]}", "{item!r}", "{item!s:>9}", "{item:{number}}"),
        *(
            "{}",
            "{0}",
            "{ item }",
            "{Item}",
            "{__class__}",
            "{项}",
            "{item\n}",
            "{",
            "}",
            "{item}}",
            "{{item}",
            "{item!}",
        ),
    ],
)
def test_a_template_is_text_and_names_in_braces_or_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write \{name\} to mention something"):
        message_templates.parse(text)


@given(st.text(st.sampled_from("{}!:.[]_ ain0\n\r\u2028"), max_size=30) | TEXT)
def test_no_text_is_a_template_that_reaches_beyond_its_names(text: str) -> None:
    """Whatever is accepted says itself, with each name replaced by its value and doubled braces single."""
    try:
        template = message_templates.parse(text)
    except ValueError:
        return
    assert all(message_templates.NAME.fullmatch(name) for name in template.names)
    # Values that hold no secret but their own words: nothing of an object can come out.
    values = dict.fromkeys(template.names, "\ue000")
    filled = message_templates.fill(template, values)
    rest = filled.replace("\ue000", "")
    assert set(rest) <= set(text) | {"\n", " "}
    assert message_templates.clean(filled) == filled


@given(reason=TEXT)
def test_a_value_stays_the_text_that_it_is(reason: str) -> None:
    said = body_of("a\n{reason}\nb", {"reason": reason, "item": "x", "number": "{item}"})
    clean = message_templates.clean(reason)
    assert said == (f"a\n{message_templates.cut(clean, message_templates.LONGEST_VALUE)}\nb" if clean else "a\nb")
    assert not [sign for sign in said if unicodedata.category(sign) in {"Cc", "Cs"} and sign != "\n"]
    said.encode("utf-8")


def test_braces_in_a_value_are_never_read_as_a_template() -> None:
    values = {"item": "{number}", "number": "{item.__class__}", "reason": "{reason} }{ {{x}} %s $x"}
    title, body = message_templates.written(
        step_that_tells("{item}|{number}|{reason}|{{}}", "{number}"), item(), values
    )
    assert title["en"] == "{item.__class__}"
    assert body["en"] == "{number}|{item.__class__}|{reason} }{ {{x}} %s $x|{}"


def test_a_line_that_mentions_what_is_not_there_is_left_out_and_leaves_no_hole() -> None:
    template = "{phone}\n\na\n\nb {deadline}\n\n\nc {reason}\n\n{phone}"
    assert body_of(template, {"item": "x", "reason": "r"}) == "a\n\nc r"
    assert body_of(template, {"item": "x", "phone": "1", "deadline": TODAY, "reason": " "}) == (
        "1\n\na\n\nb 2026年11月24日\n\n1"
    )


def test_a_reason_cannot_turn_around_what_follows_it_or_hide_in_a_title() -> None:
    values = {"item": "a\nb\u2029c\td", "number": "\u202e1\u2066\x00\x1b[31m"}
    title, body = message_templates.written(step_that_tells("{number}", "{item}: {number}"), item(), values)
    assert (title["en"], body["en"]) == ("a b c d: 1[31m", "1[31m")


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (date(2026, 11, 24), "2026年11月24日", "24 November 2026"),
        (date(2027, 1, 1), "2027年1月1日", "1 January 2027"),
        (date(2028, 2, 29), "2028年2月29日", "29 February 2028"),
    ],
)
def test_a_day_is_written_as_people_write_it(day: date, zh: str, en: str) -> None:
    assert [message_templates.day_in(day, language) for language in LANGUAGES] == [zh, en]


def test_no_day_and_no_number_is_longer_than_the_check_reckons_with() -> None:
    days = [
        message_templates.day_in(date(2026, month, 28), language) for month in range(1, 13) for language in LANGUAGES
    ]
    assert max(map(len, days)) == LONGEST_DAY
    assert len(new_number(TODAY)) == LONGEST_NUMBER


# -- lengths ---------------------------------------------------------------------------------------------------------

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
SIGNS = ["字", "a", "e\u0301", "\U0001f44d\U0001f3fd", FAMILY, "\U0001f1e8\U0001f1f3", "각", "गि", "\u0e01\u0e33"]


@pytest.mark.parametrize("sign", SIGNS)
def test_what_is_cut_ends_with_a_whole_sign_and_an_ellipsis(sign: str) -> None:
    for limit in range(20, 27):
        cut = message_templates.cut(sign * 30, limit)
        assert cut.endswith("…"), limit
        assert cut[:-1] == sign * ((limit - 1) // len(sign)), limit


@given(
    text=st.lists(st.sampled_from([*SIGNS, " ", "\u200d", "\ufe0f", "\u0301"])).map("".join) | TEXT,
    limit=st.integers(1, 40),
)
def test_a_cut_is_never_longer_than_the_limit_and_never_within_a_sign(text: str, limit: int) -> None:
    cut = message_templates.cut(text, limit)
    assert len(cut) <= limit
    if len(text) <= limit:
        assert cut == text
        return
    kept = cut.removesuffix("…")
    assert text.startswith(kept)
    ends = {0, *(sign.end() for sign in regex.finditer(r"\X", text))}
    first = next(iter(sorted(ends - {0})))
    assert len(kept) in ends or text[len(kept)].isspace() or first > limit - 1


def test_a_sign_that_is_longer_than_everything_is_cut_all_the_same() -> None:
    assert message_templates.cut("e" + "\u0301" * 500, 100) == "e" + "\u0301" * 98 + "…"


def test_a_message_is_cut_at_its_limits_and_what_follows_a_long_reason_stays() -> None:
    values = {"item": "长" * 300, "reason": "因" * 5000}
    title, body = message_templates.written(step_that_tells("{reason}\n然后", "{item}（末）"), item(), values)
    assert title["zh-CN"] == "长" * 99 + "…"
    assert body["zh-CN"] == "因" * 999 + "…\n然后"
    assert len(body_of("{reason}" * 5, values)) == message_templates.LONGEST_BODY


# -- what may be mentioned -------------------------------------------------------------------------------------------


def test_what_may_be_mentioned_depends_on_the_action() -> None:
    def of(action: str) -> tuple[set[str], set[str]]:
        known = messages.known([step for step in TABLE if step.action == action])
        return set(known.certain - message_templates.ALWAYS), set(known.possible)

    assert of("accept") == (set(), {"reason", "phone", "deadline"})
    assert of("return") == ({"reason"}, {"phone"})
    assert of("approve") == (set(), {"reason", "phone", "valid_from", "valid_until", "certified_until"})
    assert of("revoke") == of("take-back") == of("cancel") == ({"reason"}, {"phone", "remedy"})


def test_every_placeholder_has_a_value_in_these_tests() -> None:
    """A guard of the guard."""
    known = messages.known([*TABLE, step_that_tells("x", clock=ClockEffect.RUN)])
    assert known.certain | known.possible == set(VALUES)


# -- one word for one thing ------------------------------------------------------------------------------------------

#: What a police bureau would not write, by what it would.
NOT_SAID = {
    "无需做任何事": "目前您无需进行其他操作",
    "打开这件": "请进入“我的办件”，打开该申请",
    "the clock stands": "paused",
    "stands still": "paused",
}


KINDS = [kind for module in default_kinds().values() for kind in module.banshi_kinds() if kind.name != "query"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_message_of_a_kind_says_what_an_office_would_not(kind: Kind) -> None:
    own = [*(step for table in TABLES.values() for step in table), RECEIPT]
    steps = own if kind.name == "application" else kind.steps(kind.details())
    told = [one.tells for one in steps if one.tells is not None]
    texts = [text for one in told for part in (one.title, one.body) for text in (part or {}).values()]
    assert len(texts) > 20
    assert not [(text, words) for text in texts for words in NOT_SAID if words in text]


def test_the_pass_has_words_of_its_own_where_they_say_more_than_all_applications_are_told() -> None:
    """What is said of returns, refusals and the ends of a pass stood there a second time, in other words."""
    declared = tomllib.loads((TRAFFIC / "items.toml").read_text(encoding="utf-8"))
    (own,) = (item["messages"] for item in declared["items"] if item["code"] == "zone-pass")
    assert set(own) == {"accept", "approve"}
    shared = {step.action: step.tells for step in TABLE}
    for action, more in (("accept", "请勿驶入限制通行的区域"), ("approve", "民警查验时出示")):
        default = shared[action]
        assert default is not None
        assert more in own[action]["body"]["zh-CN"]
        assert more not in (default.body or {})["zh-CN"]
