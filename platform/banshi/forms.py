"""Answers held against JSON Schema 2020-12: every problem at once, each with the JSON Pointer of its field.

A form is declared as a schema, or as a pydantic model whose schema is published. Its two readers are citizens, whose
problems are told in zh-CN or en and never repeat what they entered, and authors, who learn at start-up what is wrong
with a schema and where.

An answer comes from anybody and a schema from any integrator, so neither may cost more than it says: patterns run in
linear time, a schema can't reach outside itself, can't refer to itself and can't unfold without end, and only so many
problems are looked for.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema_rs
import orjson
from jsonschema_rs import ValidationErrorKind as Kind

from banshi.errors import FieldProblem, InvalidFields

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: Problems that one answer lists; the reader has to send it again anyway.
MOST_PROBLEMS = 100
#: Places where a subschema may be tried on a value while problems are looked for: at 10 to 30 µs for each that fails,
#: and on the event loop. Valid answers aren't counted, they cost nanoseconds.
_MOST_TRIED = 5_000
#: Subschemas in a form once every `$ref` is written out.
_MOST_SUBSCHEMAS = 10_000
#: Levels of nesting, `$ref` included; the validator's own recursion is in native code, where too much of it is fatal.
_DEEPEST = 100
#: Bytes that one compiled pattern may take: `^[\\p{L}·]{2,50}$` fits, a counted repetition of a repetition does not.
_PATTERN_BYTES = 3 << 20

#: Reads answers: what the handler gets, and what is wrong.
_Reader = Callable[[Any], tuple[Any, Sequence["_Found"]]]
_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A problem before it is put into a language."""

    path: _Path
    #: JSON Schema keyword, or the author's own word.
    code: str
    #: What the sentence mentions: a limit, types, options, a format, an author's own sentence.
    what: Any = None
    #: Key of the sentence where it isn't the code.
    sentence: str = ""
    #: The author's explanation of a pattern, which replaces the sentence.
    hint: Any = None


# -- what citizens read: (zh-CN, en) -----------------------------------------------------------------------------

_SENTENCES = {
    "required": ("此项必填。", "This is required."),
    "additionalProperties": ("没有这一项，请删除。", "There is no such field here; leave it out."),
    "type": ("应填{}。", "Give {}."),
    "enum": ("请选择以下之一：{}。", "Choose one of: {}."),
    "const": ("此处只能填 {}。", "This can only be {}."),
    "pattern": ("格式不符合要求。", "This is not written in the way that is asked for."),
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
_SENTENCES |= {"unevaluatedProperties": _SENTENCES["additionalProperties"], "oneOf": _SENTENCES["anyOf"]}
_SENTENCES |= {"dependentRequired": _SENTENCES["required"]}
_SENTENCES |= {"minContains": _SENTENCES["contains"]}

_TYPES = {
    "string": ("文字", "text"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "boolean": ("是或否", "true or false"),
    "array": ("列表", "a list"),
    "object": ("一组填写项", "a group of fields"),
    "null": ("空值", "nothing (null)"),
}

#: Every format that the validator asserts; a schema that names another is refused, because it would promise a check
#: that nobody makes.
_FORMATS = {
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
    "uuid": ("UUID 编号", "a UUID"),
    "uri-template": ("URI 模板", "a URI template"),
    "json-pointer": ("JSON Pointer", "a JSON Pointer"),
    "relative-json-pointer": ("相对 JSON Pointer", "a relative JSON Pointer"),
    "regex": ("正则表达式", "a regular expression"),
}


def _say(found: _Found, language: str) -> FieldProblem:
    """The problem in Chinese for any "zh" tag, otherwise in English."""
    column = 0 if language.startswith("zh") else 1
    comma = ("、", ", ")[column]
    what = found.what
    match sentence := found.sentence or found.code:
        case "type":
            what = (" 或 ", " or ")[column].join(_TYPES[name][column] for name in dict.fromkeys(what))
        case "format":
            what = _FORMATS[what][column]
        case "enum" if not isinstance(what, str):
            what = comma.join([_shown(option, column) for option in what[:20]] + (["…"] if len(what) > 20 else []))
        case "either":
            what = comma.join(what)
        case "const":
            what = _shown(what, column)
    if isinstance(found.hint, Mapping):
        detail = str(found.hint.get(("zh-CN", "en")[column]) or next(iter(found.hint.values())))
    else:
        detail = found.hint or _SENTENCES[sentence][column].format(what)
    return FieldProblem(pointer(found.path), detail, found.code)


def _shown(option: Any, column: int) -> str:
    if isinstance(option, tuple):
        return _TYPES[option[1]][column]
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


def pointer(path: Sequence[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path of names and indices; a parent's, where a name makes it absurdly long."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
    while sum(map(len, parts)) > 1_000:
        parts.pop()
    return "".join(f"/{part}" for part in parts)


class Form:
    """What an item asks for. Made once at start-up by `from_schema` or `from_model`, then only read."""

    __slots__ = ("_read", "_schema")

    def __init__(self, schema: Mapping[str, Any], read: _Reader) -> None:
        self._schema = schema
        self._read = read

    @classmethod
    def from_schema(cls, schema: Mapping[str, Any]) -> Form:
        """The form that a JSON Schema 2020-12 describes.

        `format` is asserted. `x-pattern-hint` beside a `pattern`, a sentence or {"zh-CN": …, "en": …}, is what a
        citizen reads when the pattern isn't met. Raises ValueError with every fault and its place in the schema; a
        `$ref` has to stay inside the schema ("#/$defs/…") and may not lead back to itself, and nothing is ever fetched.
        """
        own = _copied(schema)
        if faults := _faults(own):
            raise ValueError("; ".join(faults))
        try:
            validator = _compiled(own)
        except ValueError as error:
            raise ValueError(f"#: the schema can't be compiled: {str(error).splitlines()[0]}") from error
        return cls(own, _schema_reader(own, validator))

    @classmethod
    def from_model(cls, model: Any) -> Form:
        """The form that a pydantic model, or any type that pydantic's TypeAdapter takes, describes.

        Answers are validated by the model alone, strictly, so that what is published is what is accepted; its schema
        is for publishing. Unknown fields are refused unless the model's own `extra` says otherwise. Raises ValueError
        for a type that pydantic can't read or publish.
        """
        from pydantic import PydanticUserError, TypeAdapter  # a quarter of a second that schemas don't need

        try:
            adapter: TypeAdapter[Any] = TypeAdapter(model)
            schema = adapter.json_schema()
        except PydanticUserError as error:
            name = getattr(model, "__qualname__", repr(model))
            raise ValueError(f"{name} can't be read as a form: {str(error).splitlines()[0]}") from error
        return cls(schema, _model_reader(adapter, closed=_close(model, schema)))

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema 2020-12 to publish. It is shared: copy it before changing anything."""
        return self._schema

    def problems(self, answers: Any, language: str = "en") -> tuple[FieldProblem, ...]:
        """Everything that is wrong, at most `MOST_PROBLEMS` and then one that says so; empty if all is well.

        `code` is the JSON Schema keyword ("required", "pattern", …). Beyond those there are "invalid" and whatever
        codes a model's author raised, "nesting", "tooLarge" and "truncated".
        """
        return self._told(self._read(answers)[1], language)

    def check(self, answers: Any, language: str = "en") -> Any:
        """The answers as the handler gets them: the model's instance, or what came in. Raises InvalidFields."""
        value, found = self._read(answers)
        if found:
            raise InvalidFields(self._told(found, language))
        return value

    def _told(self, found: Sequence[_Found], language: str) -> tuple[FieldProblem, ...]:
        told = list(dict.fromkeys(_say(one, language) for one in found[: MOST_PROBLEMS * 2]))
        if len(told) > MOST_PROBLEMS or len(found) > MOST_PROBLEMS * 2:
            told[MOST_PROBLEMS:] = [_say(_Found((), "truncated", MOST_PROBLEMS), language)]
        return tuple(told)


# -- forms from a schema -----------------------------------------------------------------------------------------


def _compiled(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        ignore_unknown_formats=False,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES),
        email_options=jsonschema_rs.EmailOptions(
            require_tld=True, allow_domain_literal=False, allow_display_text=False
        ),
    )


def _schema_reader(schema: Mapping[str, Any], validator: jsonschema_rs.Validator) -> _Reader:
    def read(answers: Any) -> tuple[Any, Sequence[_Found]]:
        try:
            if validator.is_valid(answers):
                return answers, ()
            # The validator collects every error before it hands over the first: count before it starts.
            if _tries_too_much(schema, answers):
                return answers, [_Found((), "tooLarge")]
            return answers, [found for error in validator.iter_errors(answers) for found in _read_error(error, schema)]
        except UnicodeError:
            return answers, [_Found((), "invalid", sentence="text")]
        except ValueError as error:
            return answers, [_Found((), "nesting" if "ecursion" in str(error) else "invalid")]

    return read


def _read_error(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> Iterator[_Found]:
    """The error as problems, each at the field that it is about."""
    path = tuple(error.instance_path)
    match error.kind:
        case Kind.Required(property=name):
            dependent = error.schema_path[-1:] == ["dependentRequired"]
            yield _Found((*path, name), "dependentRequired" if dependent else "required")
        case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
            yield from (_Found((*path, name), error.kind.name) for name in names)
        case Kind.FalseSchema() if error.schema_path[-1:] == ["additionalProperties"]:
            # An object that may hold nothing at all: the validator doesn't say which fields it found.
            yield _Found(path, "additionalProperties", sentence="falseSchema")
        case Kind.PropertyNames(error=inner):
            hint = _hint(schema, inner.schema_path) if isinstance(inner.kind, Kind.Pattern) else None
            yield _Found((*path, str(inner.instance)), "propertyNames", hint=hint)
        case Kind.Contains():
            last = str(error.schema_path[-1])
            yield _Found(path, last if last in {"minContains", "maxContains"} else "contains")
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
            tried = [[found for one in branch for found in _read_error(one, schema)] for branch in branches]
            yield from _nearest(tried, path, error.kind.name)
        case Kind.OneOfMultipleValid():
            yield _Found(path, "oneOf", sentence="several")
        case Kind.Pattern():
            yield _Found(path, "pattern", hint=_hint(schema, error.schema_path))
        case kind:
            yield _Found(path, kind.name if kind.name in _SENTENCES else "invalid", kind.value)


def _nearest(branches: list[list[_Found]], path: _Path, keyword: str) -> list[_Found]:
    """What to say when no branch of `anyOf` or `oneOf` fits: the problems of the one that was meant, if that shows."""

    def misfit(found: _Found) -> bool:
        """Shows that another branch was meant: another type, or another value of the field that tells them apart."""
        if found.code in {"const", "enum"}:
            return found.path == path or found.path[:-1] == path
        return found.code == "type" and found.path == path

    meant = [branch for branch in branches if not any(map(misfit, branch))]
    if len(meant) == 1:
        return meant[0]
    wanting = [branch[0] for branch in meant if len(branch) == 1 and branch[0].path[:-1] == path]
    if meant and len(wanting) == len(meant) and all(found.code == "required" for found in wanting):
        return [_Found(path, keyword, [str(found.path[-1]) for found in wanting], sentence="either")]
    misfits = [next(filter(misfit, branch), None) for branch in branches]
    # "A or nothing" is how an optional answer is written; that it could be nothing is not what the citizen missed.
    telling = [one for one in misfits if one and one.what != ["null"]] or [one for one in misfits if one]
    if not meant and len({one.path for one in telling}) == 1:
        if all(one.code == "type" for one in telling):
            return [_Found(path, "type", [name for one in telling for name in one.what])]
        return [_Found(telling[0].path, "enum", [option for one in telling for option in _options(one)])]
    return [_Found(path, keyword)]


def _options(found: _Found) -> list[Any]:
    """What could be given instead; a type among them is a pair, which no JSON value is."""
    if found.code == "type":
        return [("type", name) for name in found.what]
    return list(found.what) if found.code == "enum" else [found.what]


def _hint(schema: Mapping[str, Any], schema_path: Sequence[str | int]) -> Any:
    """The author's explanation beside the keyword at `schema_path`, if there is one."""
    node: Any = schema
    for key in schema_path[:-1]:
        node = node[key]
    return node.get("x-pattern-hint")


# -- what authors read -------------------------------------------------------------------------------------------

_ONE = ["not", "if", "then", "else", "contains", "items", "additionalProperties", "propertyNames"]
_ONE += ["unevaluatedItems", "unevaluatedProperties", "contentSchema"]
_LIST = ["allOf", "anyOf", "oneOf", "prefixItems"]
_NAMED = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]
_OTHERS = """
    $schema $id $ref $comment $anchor title description default deprecated readOnly writeOnly examples type enum const
    pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems
    uniqueItems minContains maxContains minProperties maxProperties required dependentRequired contentEncoding
    contentMediaType
"""
_KEYWORDS = {*_ONE, *_LIST, *_NAMED, *_OTHERS.split()}
_DIALECTS = {"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#"}
#: A subschema, and the path to it.
_Node = tuple[_Path, Any]
_REF = "put what it means into $defs and refer to '#/$defs/…'; nothing is fetched"


def _copied(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in plain JSON that its author can't change later; a date that TOML read becomes a string again."""
    if not isinstance(schema, Mapping):
        raise ValueError(f"#: a form is a JSON Schema object, not {type(schema).__name__}")
    try:
        copy: dict[str, Any] = orjson.loads(orjson.dumps(dict(schema)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"#: the schema is not plain JSON: {error}") from error
    return copy


def _faults(schema: dict[str, Any]) -> list[str]:
    """What is wrong with a schema, one sentence each that begins with the place."""
    if schema.get("$schema") not in {None, *_DIALECTS}:
        return ["#/$schema: write JSON Schema 2020-12 (https://json-schema.org/draft/2020-12/schema), or leave it out"]
    faults = list(dict.fromkeys(_against_metaschema(schema)))
    nodes = [] if faults else list(_nodes((), schema))
    places = {id(node) for _, node in nodes}
    for path, node in nodes:
        if isinstance(node, dict):
            faults += [f"#{pointer(path)}: {fault}" for fault in _own_rules(node, root=not path)]
            if "$ref" in node and id(_resolved(schema, node["$ref"])) not in places:
                faults.append(f"#{pointer(path)}: $ref {node['$ref']!r} leads to no part of this schema; {_REF}")
    if not faults:
        try:
            _weigh(schema, schema, {}, ())
        except ValueError as error:
            faults.append(str(error))
    return faults


@cache
def _metaschema() -> jsonschema_rs.Validator:
    return _compiled({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def _against_metaschema(schema: dict[str, Any]) -> Iterator[str]:
    for error in _metaschema().iter_errors(schema):
        place = f"#{pointer(tuple(error.instance_path))}"
        match error.kind:
            case Kind.Format(format="regex"):
                yield f"{place}: {_about_pattern(str(error.instance))}"
            case Kind.PropertyNames(error=inner):
                yield f"{place}{pointer([str(inner.instance)])}: {_about_pattern(str(inner.instance))}"
            case Kind.Pattern():
                yield f"{place}: {error.instance!r} is not what {error.instance_path[-1]} may be"
            case _:
                yield from (f"#{pointer(found.path)}: {_say(found, 'en').detail}" for found in _read_error(error, {}))


def _is_pattern(pattern: str) -> bool:
    """Whether the linear-time engine takes it; the metaschema's own check asks a more permissive one."""
    try:
        _compiled({"pattern": pattern})
    except ValueError:
        return False
    return True


def _about_pattern(pattern: str) -> str:
    """Why a pattern was refused, as far as that can be told, and what to do."""
    if re.search(r"\(\?<?[=!]", pattern):
        return "look-around is refused: it can't be matched in linear time; use several patterns in `allOf`, or `not`"
    if re.search(r"\\[1-9]|\(\?P=|\\k<", pattern):
        return "a back-reference is refused: it can't be matched in linear time; check it in the handler instead"
    try:
        re.compile(re.sub(r"\\p\{\w+\}", "x", pattern, flags=re.ASCII))
    except re.error as error:
        return f"not a regular expression: {error}"
    return "this pattern is too large or not supported; count with minLength and maxLength instead of {m,n}"


def _children(node: Any) -> Iterator[_Node]:
    """The subschemas directly inside a schema, each with the path from it; what enum or default hold is no schema."""
    if isinstance(node, dict):
        yield from (((key,), node[key]) for key in _ONE if key in node)
        yield from (((key, index), child) for key in _LIST for index, child in enumerate(node.get(key, ())))
        yield from (((key, name), child) for key in _NAMED for name, child in node.get(key, {}).items())


def _nodes(path: _Path, node: Any) -> Iterator[_Node]:
    yield path, node
    for step, child in _children(node):
        yield from _nodes(path + step, child)


def _own_rules(node: dict[str, Any], *, root: bool) -> Iterator[str]:
    """The kernel's rules for one subschema, beyond the metaschema."""
    for keyword in node.keys() - _KEYWORDS:
        if near := difflib.get_close_matches(keyword, _KEYWORDS, 1, 0.8):
            yield f"{keyword!r} is no keyword; did you mean {near[0]!r}? (a word of your own begins with x-)"
    for keyword in node.keys() & {"$dynamicRef", "$recursiveRef"}:
        yield f"{keyword} is refused; {_REF}"
    if "$id" in node and not root:
        yield "$id is only for the schema as a whole; name a part of it in $defs"
    if (name := node.get("format")) is not None and name not in _FORMATS:
        yield f"format {name!r} is unknown; the formats are {', '.join(_FORMATS)}; for another use `pattern`"
    for pattern in (*([node["pattern"]] if "pattern" in node else []), *node.get("patternProperties", ())):
        if not _is_pattern(pattern):
            yield f"pattern {pattern!r}: {_about_pattern(pattern)}"
    hint = node.get("x-pattern-hint", "")
    sentences = list(hint.values()) if isinstance(hint, dict) else [hint]
    if not sentences or not all(isinstance(sentence, str) for sentence in sentences):
        yield "x-pattern-hint is a sentence, or one for each language: {'zh-CN': '…', 'en': '…'}"


def _resolved(schema: Any, ref: str) -> Any:
    """The part of the schema that a `$ref` names by JSON Pointer, or None."""
    if not (ref == "#" or ref.startswith("#/")):
        return None
    node = schema
    for part in unquote(ref).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            node = node.get(key) if isinstance(node, dict) else None
    return node


def _weigh(schema: Any, node: Any, known: dict[str, int], open_refs: tuple[str, ...], depth: int = 0) -> int:
    """How many subschemas `node` unfolds to; ValueError when they are too many, too deep, or without end.

    Without this, twenty lines of `$ref` that double from one to the next keep the event loop busy for an hour.
    """
    if depth > _DEEPEST:
        raise ValueError(f"#: the schema is nested more than {_DEEPEST} levels deep; make it flatter")
    total = 1
    for step, child in _children(node):
        if step[0] not in {"$defs", "definitions"}:
            total += _weigh(schema, child, known, open_refs, depth + 1)
    ref = node.get("$ref") if isinstance(node, dict) else None
    if ref in open_refs:
        raise ValueError(f"#: $ref {ref!r} leads back to itself, so the answers could be nested without end")
    if ref is not None:
        if ref not in known:
            known[ref] = _weigh(schema, _resolved(schema, ref), known, (*open_refs, ref), depth + 1)
        total += known[ref]
    if total > _MOST_SUBSCHEMAS:
        raise ValueError(f"#: the schema unfolds to more than {_MOST_SUBSCHEMAS} subschemas; use enum for long lists")
    return total


def _tries_too_much(schema: Any, answers: Any) -> bool:
    """Whether looking for every problem would try more than `_MOST_TRIED` subschemas on values."""
    waiting, tried = [(schema, answers)], 0
    while waiting:
        node, value = waiting.pop()
        tried += 1
        if tried + len(waiting) > _MOST_TRIED:
            return True
        if not isinstance(node, dict):
            continue
        if "$ref" in node:
            waiting.append((_resolved(schema, node["$ref"]), value))
        for step, child in _children(node):
            match step:
                case ("properties", name) if isinstance(value, dict) and name in value:
                    waiting.append((child, value[name]))
                case ("prefixItems", int(index)) if isinstance(value, list) and index < len(value):
                    waiting.append((child, value[index]))
                case ("items" | "contains" | "unevaluatedItems",) if isinstance(value, list):
                    waiting += [(child, item) for item in value[: _MOST_TRIED + 1]]
                case ("patternProperties", _) | ("additionalProperties" | "unevaluatedProperties",) if isinstance(
                    value, dict
                ):
                    waiting += [(child, item) for item in list(value.values())[: _MOST_TRIED + 1]]
                case ("propertyNames",) if isinstance(value, dict):
                    waiting += [(child, name) for name in list(value)[: _MOST_TRIED + 1]]
                case ("allOf" | "anyOf" | "oneOf" | "dependentSchemas", _) | ("not" | "if" | "then" | "else",):
                    waiting.append((child, value))
                case _:
                    pass
    return False


# -- forms from a model ------------------------------------------------------------------------------------------

#: pydantic's error → keyword, and what the sentence mentions: a key of the error's context, or a type's name.
_FROM_PYDANTIC = {
    "missing": ("required", ""),
    "extra_forbidden": ("additionalProperties", ""),
    "unexpected_keyword_argument": ("additionalProperties", ""),
    "none_required": ("type", "null"),
    "finite_number": ("type", "number"),
    "iterable_type": ("type", "array"),
    "greater_than": ("exclusiveMinimum", "gt"),
    "greater_than_equal": ("minimum", "ge"),
    "less_than": ("exclusiveMaximum", "lt"),
    "less_than_equal": ("maximum", "le"),
    "multiple_of": ("multipleOf", "multiple_of"),
    "string_too_short": ("minLength", "min_length"),
    "string_too_long": ("maxLength", "max_length"),
    "string_pattern_mismatch": ("pattern", ""),
    "too_short": ("minItems", "min_length"),
    "too_long": ("maxItems", "max_length"),
    "enum": ("enum", "expected"),
    "literal_error": ("enum", "expected"),
    "recursion_loop": ("nesting", ""),
    "json_invalid": ("nesting", ""),
}
#: The same by the error's first word, where all of a family say one thing.
_TYPE_FAMILIES = {
    "string": "string", "int": "integer", "float": "number", "decimal": "number", "bool": "boolean", "list": "array",
    "tuple": "array", "set": "array", "frozen": "array", "dict": "object", "mapping": "object", "model": "object",
    "dataclass": "object",
}  # fmt: skip
_FORMAT_FAMILIES = {"date": "date", "datetime": "date-time", "timezone": "date-time", "time": "time", "uuid": "uuid"}
_FORMAT_FAMILIES |= {"url": "uri"}


def _close(model: Any, schema: dict[str, Any]) -> bool:
    """Whether unknown fields are refused because the author said nothing about them; the schema then says so too."""
    objects = [node for node in (schema, *schema.get("$defs", {}).values()) if "properties" in node]
    config = getattr(model, "model_config", getattr(model, "__pydantic_config__", {}))
    if config.get("extra") or any(node.get("additionalProperties", False) for node in objects):
        return False
    for node in objects:
        node["additionalProperties"] = False
    return True


def _model_reader(adapter: TypeAdapter[Any], *, closed: bool) -> _Reader:
    from pydantic import ValidationError

    def read(answers: Any) -> tuple[Any, Sequence[_Found]]:
        try:
            # As JSON, not as Python values: strictly there, a date is a string and a list may become a tuple.
            text = orjson.dumps(answers)
            return adapter.validate_json(text, strict=True, extra="forbid" if closed else None), ()
        except ValidationError as error:
            if error.error_count() > _MOST_TRIED:
                return answers, [_Found((), "tooLarge")]
            errors = error.errors(include_url=False, include_input=False)
            return answers, _merged([_from_pydantic(one, answers) for one in errors])
        except (TypeError, ValueError) as error:
            if "surrogate" in str(error):
                return answers, [_Found((), "invalid", sentence="text")]
            return answers, [_Found((), "nesting" if "ecursion" in str(error) else "invalid")]

    return read


def _from_pydantic(error: Any, answers: Any) -> _Found:
    kind, context = error["type"], error.get("ctx", {})
    path = _place(error["loc"], answers, missing=kind == "missing")
    family = kind.split("_")[0]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        path += (str(context["discriminator"]).strip("'"),)
        if kind == "union_tag_not_found":
            return _Found(path, "required")
        return _Found(path, "enum", re.findall(r"'([^']*)'", context["expected_tags"]))
    if kind in _FROM_PYDANTIC:
        code, what = _FROM_PYDANTIC[kind]
        return _Found(path, code, [what] if code == "type" else context.get(what))
    if isinstance(context.get("error"), Exception):
        return _Found(path, "invalid", str(context["error"]), sentence="own")  # the author's own ValueError
    if kind.endswith(("_past", "_future")):
        return _Found(path, "format", sentence=kind.rsplit("_", 1)[1])
    if family in _TYPE_FAMILIES and kind.endswith(("_type", "_parsing", "_from_float")):
        return _Found(path, "type", [_TYPE_FAMILIES[family]])
    if family in _FORMAT_FAMILIES:
        return _Found(path, "format", "duration" if kind.startswith("time_delta") else _FORMAT_FAMILIES[family])
    if kind not in _pydantic_kinds():
        return _Found(path, kind, error["msg"], sentence="own")  # the author's own PydanticCustomError
    # Never pydantic's sentence: several of them quote what was entered.
    return _Found(path, "invalid")


@cache
def _pydantic_kinds() -> frozenset[str]:
    from typing import get_args

    from pydantic_core.core_schema import ErrorType

    return frozenset(get_args(ErrorType))


def _place(location: Sequence[str | int], answers: Any, *, missing: bool) -> _Path:
    """The path inside the answers: pydantic's location without the names of union members that it puts in between."""
    path: list[str | int] = []
    value = answers
    for index, part in enumerate(location):
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]  # type: ignore[index]
            path.append(part)
        elif missing and index == len(location) - 1:
            path.append(part)
    return tuple(path)


def _merged(found: list[_Found]) -> list[_Found]:
    """One problem where the members of a union complained about one value, each about its own type."""
    types: dict[_Path, list[str]] = {}
    others = []
    for one in found:
        if one.code == "type" and not one.sentence:
            types.setdefault(one.path, []).extend(one.what)
        else:
            others.append(one)
    # Where something deeper is wrong, another member of the union was meant.
    meant = {other.path[:depth] for other in found for depth in range(len(other.path))}
    return [_Found(path, "type", names) for path, names in types.items() if path not in meant] + others
