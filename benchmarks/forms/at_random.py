"""Answers to a form, made at random from the form itself: right ones, wrong ones, and those that are nearly either."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # what Python's own patterns are read by
from typing import Any

from banshi.testing import made_up_resident_id
from tests.plugins.filling import limit

Schema = Mapping[str, Any]

#: What nobody asked for, of every type.
STRAY: list[Any] = [None, True, False, 0, 1, -1, 1.5, 1e300]
STRAY += ["", "x", "示例", "2026-02-30", "1", [], ["x"], {}, {"x": 1}]
#: Texts that a form may take for a number, a day or nothing.
ODD = ["\u200b", "０", "x\n", "😀", "e\u0301", " ", "‐", "2026-11-28", "00000000-0000-0000-0000-000000000000"]
#: What a text is cut out of: a sign at a time would be a fifth of the work.
SIGNS = "".join(random.Random(18).choices("示例 a1😀é", k=4_096))
CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Answers:
    """Makes answers to one form; `at` is when they are handed in, in the city's zone."""

    def __init__(self, schema: Schema, chance: random.Random, at: datetime) -> None:
        self._form, self._chance, self._at = schema, chance, at

    def one(self) -> Any:
        """One more: how much is wrong in it is drawn first, so that some are right in all and some in nothing."""
        self._wrong = self._chance.choice([0.0, 0.02, 0.1, 0.4])
        return self._value(self._form)

    def _slips(self) -> bool:
        return self._chance.random() < self._wrong

    def _value(self, schema: Any) -> Any:
        if not isinstance(schema, dict) or self._chance.random() < self._wrong / 4:
            return self._chance.choice(STRAY)
        if "$ref" in schema:
            return self._value(self._form["$defs"][schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self._value(self._chance.choice(schema["anyOf"]))
        choices = schema.get("enum") or [one["const"] for one in schema.get("oneOf", ()) if "const" in one]
        if choices:
            return self._chance.choice([*choices, "no-such-option", *STRAY] if self._slips() else choices)
        if "const" in schema:
            return self._chance.choice(STRAY) if self._slips() else schema["const"]
        kind = schema.get("type", "string")
        make: Mapping[str, Callable[[Schema], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._text,
            "integer": self._number,
            "number": self._number,
            "null": lambda _: None,
            "boolean": lambda _: self._chance.random() < 0.5,
        }
        return make[kind if isinstance(kind, str) else kind[0]](schema)

    def _object(self, schema: Schema) -> dict[str, Any]:
        fields = schema.get("properties", {})
        asked = {name for name in fields if name in schema.get("required", ()) or fields[name].get("x-required")}
        value = {}
        for name, field in fields.items():
            if self._chance.random() >= (self._wrong if name in asked else 0.3):
                value[name] = self._value(field)
        for name, field in fields.items():
            # Mostly what isn't asked isn't given, and what is asked is.
            if "x-when" in field and not self._slips():
                given = [value.get(one) for one in field["x-when"]]
                meant = all(one in values for one, values in zip(given, field["x-when"].values(), strict=True))
                value = {one: held for one, held in value.items() if one != name}
                value |= {name: self._value(field)} if meant else {}
        if self._chance.random() < self._wrong / 2:
            value[self._chance.choice(["no-such-field", "a/b~c", "", "__proto__", *schema.get("required", ())])] = 1
        return value

    def _array(self, schema: Schema) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 5)
        count = self._chance.choice([least, max(least, 1), most, self._chance.randint(least, most)])
        count = max(0, count + (self._chance.choice([-1, 1]) if self._slips() else 0))
        entries: list[Any] = []
        for _ in range(min(count, 40)):
            entry = self._value(schema.get("items", {}))
            if schema.get("uniqueItems") and entry in entries and not self._slips():
                continue
            entries.append(entry)
        return entries

    def _number(self, schema: Schema) -> Any:
        least, most = schema.get("minimum", -5), schema.get("maximum", 100)
        beyond = self._chance.choice([-1, 1, 0.5, -0.25]) if self._slips() else 0
        whole = schema.get("type") == "integer"
        inside = self._chance.randint(int(least), int(most)) if whole else self._chance.uniform(least, most)
        value = self._chance.choice([least, most, inside]) + beyond
        return float(value) if self._chance.random() < 0.1 else value

    def _text(self, schema: Schema) -> str:
        if self._chance.random() < self._wrong / 4:
            return self._chance.choice(ODD)
        name = schema.get("format", "")
        if name in ("date", "date-time"):
            return self._day(schema, name)
        if "pattern" in schema:
            return self._changed(meeting(schema["pattern"], self._chance))
        if name:
            return self._typed(self._changed(FORMATS[name](self._chance)))
        least, most = schema.get("minLength", 0), schema.get("maxLength", 60)
        count = self._chance.choice([least, most, self._chance.randint(least, most)])
        count = max(0, count + (self._chance.choice([-1, 1]) if self._slips() else 0))
        begin = self._chance.randrange(len(SIGNS))
        return (SIGNS * (count // len(SIGNS) + 2))[begin : begin + count]

    def _day(self, schema: Schema, name: str) -> str:
        today = self._at.date()
        first = limit(schema.get("x-not-before", "-2y"), today)
        last = max(first, limit(schema.get("x-not-after", "+2y"), today))
        inside = first + timedelta(days=self._chance.randint(0, (last - first).days))
        day = self._chance.choice([first, last, inside])
        day += timedelta(days=self._chance.choice([-1, 1, -400, 400]) if self._slips() else 0)
        clock = self._chance.choice(["00:00:00", "23:59:59", "12:00:00.5", "16:00:00"])
        zone = self._chance.choice(["+08:00", "Z", "-00:00", "+05:45", "-11:30", "z", "+05:99"])
        written = day.isoformat() + (f"T{clock}{zone}" if name == "date-time" else "")
        return self._changed(written)

    def _changed(self, text: str) -> str:
        """Mostly itself; else with a sign changed, gone or added, which its check digit has to notice."""
        if not self._slips() or not text:
            return text
        place, sign = self._chance.randrange(len(text)), self._chance.choice("0123456789XAZ-: 京٣é")
        return self._chance.choice(
            [text[:place] + sign + text[place + 1 :], text[:place] + text[place + 1 :], text + sign, sign + text]
        )

    def _typed(self, text: str) -> str:
        """As people type it."""
        way = self._chance.randrange(8)
        if way == 0:
            return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
        if way == 1:
            return self._chance.choice([" ", "-", "\u3000", "\u200b", "·", "—"]).join([text[:3], text[3:7], text[7:]])
        if way == 2:
            return self._chance.choice(["+86", "86", "0086", "+86 0", "(", "\ufeff"]) + text
        return text.lower() if way == 3 else text


def meeting(pattern: str, chance: random.Random) -> str:
    """A text that meets a pattern."""
    return "".join(_signs(part, chance) for part in _parsed(pattern))


@cache
def _parsed(pattern: str) -> list[tuple[Any, Any]]:
    return list(_parser.parse(re.sub(r"\\p\{\w+\}", "示", pattern)))


def _signs(part: tuple[Any, Any], chance: random.Random) -> str:
    kind, what = str(part[0]), part[1]
    match kind:
        case "LITERAL":
            return chr(what)
        case "IN":
            options = [one for one in what if str(one[0]) in ("LITERAL", "RANGE")]
            # A class such as \d or \w.
            name, value = chance.choice(options or [("LITERAL", ord("5"))])
            return chr(value) if str(name) == "LITERAL" else chr(chance.randint(*value))
        case "MAX_REPEAT":
            least, most, inner = what
            count = chance.choice([least, min(int(most), least + 20)])
            return "".join(_signs(one, chance) for _ in range(count) for one in inner)
        case "SUBPATTERN":
            return "".join(_signs(one, chance) for one in what[-1])
        case "BRANCH":
            return "".join(_signs(one, chance) for one in chance.choice(what[1]))
        case "ANY":
            return "示"
        case _:
            return ""


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _credit_code(chance: random.Random) -> str:
    first = f"91{_digits(chance, 6)}" + "".join(chance.choices(CREDIT_SIGNS, k=9))
    total = sum(CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(first))
    return first + CREDIT_SIGNS[-total % 31]


def _resident_id(chance: random.Random) -> str:
    if chance.random() < 0.8:
        return made_up_resident_id(chance.randrange(1_000_000))
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(45_000))
    if chance.random() < 0.5:
        first = chance.choice(["11", "82", "93", "71", "00"]) + f"9999{born:%Y%m%d}{_digits(chance, 3)}"
        return first + "10X98765432"[sum(int(sign) << (17 - place) for place, sign in enumerate(first)) % 11]
    first = f"USA{chance.choice(['51', '11', '99'])}01{born:%y%m%d}{_digits(chance, 1)}"
    return first + str(sum(int(sign, 36) * (7, 3, 1)[place % 3] for place, sign in enumerate(first)) % 10)


def _plate(chance: random.Random) -> str:
    office = chance.choice(PROVINCES) + chance.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
    signs = "".join(chance.choices(PLATE_SIGNS, k=4))
    digits = _digits(chance, 4)
    plates = [f"{office}{signs}{chance.choice(PLATE_SIGNS)}", f"{office}{signs}{chance.choice('挂学警领')}"]
    plates += [f"{office}D1{digits}", f"{office}1{digits}F", f"粤Z{signs}港", f"使{digits}12", f"川A{digits}应急"]
    return chance.choice(plates)


def _phone(chance: random.Random) -> str:
    landline = f"0{chance.choice(['10', '28', '816', '999'])}-{chance.choice('2345678')}{_digits(chance, 7)}"
    return chance.choice([_mobile(chance), landline, f"{landline}-{_digits(chance, 3)}", f"400{_digits(chance, 7)}"])


def _mobile(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{_digits(chance, 9)}"


FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "uuid": lambda chance: "01a2{:04x}-0000-7000-8000-{:012X}".format(*(chance.randrange(1 << 16) for _ in range(2))),
    "ipv4": lambda chance: ".".join(str(chance.choice([0, 9, 99, 255, 256, chance.randrange(300)])) for _ in range(4)),
    "cn-resident-id": _resident_id,
    "cn-uscc": _credit_code,
    "cn-plate": _plate,
    "cn-mobile": _mobile,
    "cn-phone": _phone,
    "cn-division": lambda chance: chance.choice("12345678") + _digits(chance, 5),
    "email": lambda _: "nobody@example.org",
    "uri": lambda _: "https://example.org/",
    "time": lambda _: "09:00:00+08:00",
}
