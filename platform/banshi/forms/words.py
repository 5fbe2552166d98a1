"""What citizens read when an answer is wrong, in zh-CN and en, and never what they entered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from banshi.forms.days import day_limit, written
from banshi.forms.pointers import pointer
from banshi.foundation.errors import FieldProblem
from banshi.foundation.texts import spoken

#: Places where a subschema may be tried on a value while problems are looked for: at 10 to 30 µs for each that fails,
#: and on the event loop. Valid answers aren't counted, they cost nanoseconds.
MAX_TRIED = 5_000
#: Where a field is asked; the code of one that was given where it isn't.
WHEN = "x-when"
#: Reads answers: what the handler gets, and what is wrong.
Reader = Callable[[Any], tuple[Any, Sequence["Found"]]]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A problem before it is put into a language."""

    path: Path
    #: JSON Schema keyword, or the author's own word.
    code: str
    #: What the sentence mentions: a limit, types, options, a format, an author's own sentence.
    what: Any = None
    #: Key of the sentence where it isn't the code.
    sentence: str = ""
    #: The author's explanation of a pattern, which replaces the sentence.
    hint: Any = None


SENTENCES = {
    "required": ("此项必填。", "This is required."),
    "additionalProperties": ("没有这一项，请删除。", "There is no such field here; leave it out."),
    "type": ("应填{}。", "Give {}."),
    "enum": ("请选择以下之一：{}。", "Choose one of: {}."),
    "const": ("此处只能填 {}。", "This can only be {}."),
    "pattern": ("格式不符合要求。", "Wrong format."),
    "format": ("应填{}。", "Give {}."),
    "minimum": ("不得小于 {}。", "Give {} or more."),
    "maximum": ("不得大于 {}。", "Give {} or less."),
    "exclusiveMinimum": ("应大于 {}。", "Give more than {}."),
    "exclusiveMaximum": ("应小于 {}。", "Give less than {}."),
    "multipleOf": ("应为 {} 的倍数。", "Give a multiple of {}."),
    "minLength": ("字数太少，最少 {} 个字符。", "This is too short; the shortest length is {}."),
    "maxLength": ("字数太多，最多 {} 个字符。", "This is too long; the greatest length is {}."),
    "minItems": ("项数太少，最少 {} 项。", "These are too few; the least number is {}."),
    "maxItems": ("项数太多，最多 {} 项。", "These are too many; the greatest number is {}."),
    "uniqueItems": ("各项不得重复。", "No entry may appear twice."),
    "contains": ("缺少必须有的一项。", "An entry that has to be here is missing."),
    "maxContains": ("同类项太多。", "There are too many entries of one sort."),
    "minProperties": ("内容太少，最少填 {} 项。", "Fill in more fields; the least number is {}."),
    "maxProperties": ("内容太多，最多填 {} 项。", "Fill in fewer fields; the greatest number is {}."),
    "propertyNames": ("不能使用这个名称。", "A field can't have this name."),
    "falseSchema": ("此处不应填写，请删除。", "Nothing may be given here; leave it out."),
    "unevaluatedItems": ("有多余的项，请删除。", "An entry here has no place; leave it out."),
    "not": ("此处不能这样填写。", "This is not allowed here."),
    "anyOf": ("不符合任何一种允许的填写方式。", "This fits none of the ways in which it can be filled in."),
    "either": ("以下各项至少填写一项：{}。", "Give at least one of: {}."),
    "several": (
        "同时符合几种填写方式，请只保留一种。",
        "This fits several ways of filling it in; keep to one of them.",
    ),
    "x-not-before": ("不得早于{}。", "Give a day no earlier than {}."),
    "x-not-after": ("不得晚于{}。", "Give a day no later than {}."),
    "x-when": ("仅当{}时填写此项，请删除。", "This is asked only where {}; leave it out."),
    "x-in-order": ("不得早于“{}”。", "This can't be earlier than “{}”."),
    "past": ("应填过去的时间。", "Give a time in the past."),
    "future": ("应填将来的时间。", "Give a time in the future."),
    "own": ("{}", "{}"),
    "invalid": ("填写有误。", "This is not valid."),
    "truncated": ("问题较多，仅列出前 {} 个。", "There are more problems; these are the first {}."),
    "tooLarge": (
        "填写有误，但内容太多，无法逐项指出。",
        "Something is wrong, but there is too much here to say where.",
    ),
    "nesting": ("内容嵌套太深。", "This is nested too deeply."),
    "text": ("内容含有无法识别的字符。", "This holds characters that are not Unicode text."),
}
SENTENCES |= {"unevaluatedProperties": SENTENCES["additionalProperties"], "oneOf": SENTENCES["anyOf"]}
SENTENCES |= {"dependentRequired": SENTENCES["required"]}
SENTENCES |= {"minContains": SENTENCES["contains"]}

_TYPES = {
    "string": ("文字", "text"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "boolean": ("是或者否", "yes or no"),
    "array": ("列表", "a list"),
    "object": ("一组填写项", "a group of fields"),
    "null": ("空值", "nothing"),
}

#: Every format that the validator asserts; a schema that names another is refused, because it would promise a check
#: that nobody makes.
FORMATS = {
    "date": ("日期，如 2026-11-24", "a date such as 2026-11-24"),
    "date-time": ("带时区的日期时间，如 2026-11-24T09:30:00+08:00", "a time with its zone: 2026-11-24T09:30:00+08:00"),
    "time": ("带时区的时间，如 09:30:00+08:00", "a time of day with its zone, such as 09:30:00+08:00"),
    "duration": ("时长，如 P3D", "a duration such as P3D"),
    "email": ("电子邮箱地址", "an email address"),
    "idn-email": ("电子邮箱地址", "an email address"),
    "hostname": ("主机名", "a host name"),
    "idn-hostname": ("主机名", "a host name"),
    "ipv4": ("IPv4 地址", "an IPv4 address"),
    "ipv6": ("IPv6 地址", "an IPv6 address"),
    "uri": ("完整网址", "a whole web address"),
    "uri-reference": ("网址", "a web address"),
    "iri": ("完整网址", "a whole web address"),
    "iri-reference": ("网址", "a web address"),
    "uuid": ("系统给出的编号", "the id that the platform has given"),
    "uri-template": ("网址模板", "a template of web addresses"),
    "json-pointer": ("字段位置", "the place of a field"),
    "relative-json-pointer": ("相对的字段位置", "the relative place of a field"),
    "regex": ("正则表达式", "a regular expression"),
    "cn-resident-id": (
        "正确的证件号码（居民身份证、港澳台居民居住证或者外国人永久居留身份证上的）",
        (
            "an ID number as it is on an identity card, a residence permit for residents of Hong Kong, Macau or Taiwan,"
            " or a foreigner's permanent residence card"
        ),
    ),
    "cn-uscc": ("十八位统一社会信用代码", "a unified social credit code of 18 characters"),
    "cn-plate": ("完整号牌，如 川B12345 或者 川BD12345", "a whole number plate, such as 川B12345 or 川BD12345"),
    "cn-mobile": ("十一位手机号码", "the eleven digits of a mobile number"),
    "cn-phone": ("手机号码，或者带区号的固定电话号码", "a mobile number, or a landline's number with its area code"),
    "cn-division": ("六位行政区划代码，如 510703", "the six digits of an administrative division, such as 510703"),
}


def say(found: Found, language: str) -> FieldProblem:
    """The problem in Chinese for any "zh" tag, otherwise in English."""
    column = 0 if language.startswith("zh") else 1
    comma = ("、", ", ")[column]
    what = found.what
    match sentence := found.sentence or found.code:
        case "type":
            what = (" 或者 ", " or ")[column].join(_TYPES[name][column] for name in dict.fromkeys(what))
        case "format":
            what = FORMATS[what][column]
        case "enum" if not isinstance(what, str):
            what = comma.join([_shown(option, language) for option in what[:20]] + (["…"] if len(what) > 20 else []))
        case "x-not-before" | "x-not-after":
            limit, bound = day_limit(what[0]), written(date.fromisoformat(what[1]), column)
            said = limit.said(column)
            what = bound if said == bound else f"{said}{('（{}）', ' ({})')[column].format(bound)}"
        case "either":
            what = comma.join(spoken(title, language) for title in what)
        case "x-when":
            what = (" 且 ", " and ")[column].join(_condition(title, some, language) for title, some in what)
        case "x-in-order":
            what = spoken(what, language)
        case "const":
            what = _shown(what, language)
    detail = spoken(found.hint, language) if found.hint else SENTENCES[sentence][column].format(what)
    return FieldProblem(pointer(found.path), detail, found.code)


def _condition(title: Any, options: Sequence[Any], language: str) -> str:
    """That a field has one of some values: “车型”为“重型货车”或者“专项作业车”."""
    column = 0 if language.startswith("zh") else 1
    shown = [_shown(one, language) for one in options[:20]]
    values = ("、", " or ")[column].join(("“{}”", "{}")[column].format(one) for one in shown)
    return ("“{}”为{}", "“{}” is {}")[column].format(spoken(title, language), values)


def _shown(option: Any, language: str) -> str:
    """A choice as it is read: a pair of "type" and a type's name, one of "word" and its texts, or the value itself."""
    match option:
        case ("type", name):
            return _TYPES[name][0 if language.startswith("zh") else 1]
        case bool():
            return (("否", "no"), ("是", "yes"))[option][0 if language.startswith("zh") else 1]
        case ("word", texts):
            return spoken(texts, language)
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)
