"""What a text for people may not have: a program's words, the other language, or half a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

HAN = re.compile("[\u3400-\u9fff]")

#: Words in Latin letters that Chinese readers know by these letters: formats, apps, standards, names.
NAMES = frozenset(
    [
        *(
            "DNA",
            "FR",
            "GA",
            "ISO",
            "SGP",
            "APP",
            "PDF",
            "JPEG",
            "PNG",
            "WebP",
            "HEIC",
            "QQ",
            "IP",
            "IPv4",
            "IPv6",
            "MAC",
            "VIN",
            "GB",
            "II",
            "III",
            "IV",
        ),
        # The words of the alerting standard that this speaks: an operator's screens show them beside the Chinese.
        *("Alert", "Update", "Cancel", "Actual", "Exercise", "Test", "Draft", "System", "Public", "Asia", "Shanghai"),
    ]
)

#: A program's words, in any language: each with what it is called in a finding.
PROGRAMS = {
    "a name with a low line": re.compile(r"[A-Za-z0-9]_[A-Za-z]"),
    "a name in camel case": re.compile(r"\b(?!WebP|JavaScript|WiFi|GeoJSON|WeChat|iOS|IPv)[a-z]*[a-z][A-Z]\w*"),
    "a pointer or a route": re.compile(r"(?<![\w./:<])/[a-z]\w*"),
    "a header": re.compile(r"\b(?:Retry-After|Content-[A-Z]\w+|Accept-\w+|Idempotency-Key|WWW-\w+|Authorization)\b"),
    "a code span": re.compile("`"),
    "a literal": re.compile(r"\bnull\b|[{}\[\]]"),
    "a verb of HTTP": re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)\b"),
    "a query": re.compile(r"\?\w+=|\w=\w"),
    "a word of programs": re.compile(r"\b(?:JSON|UUID|UTF-8|bytes?|schema|endpoint|HTTP|API|URI)\b"),
}

#: A placeholder of a template, which stands for what is filled in.
PLACEHOLDER = re.compile(r"\{\}|\{[a-z_][a-z0-9_]*(?:![rs])?(?::[^{}]*)?\}")
#: What people type and read as it is: plates, code points, addresses of pages, days and times, standards' numbers.
TYPED = re.compile(
    r"川BD?\w*|粤Z\w+港|U\+\w*|https?://\S*|\d{4}-\d\d-\d\dT[\d:+Z]+|GB/T ?\d+|GB ?\d+|\bWGS ?84\b"
    r"|\[\d{4}\]|\bP\d+D\b|\b\d{8}-\w{4}-\w{4}\b|\b[A-Z]\d+\b|\b\d+[A-Z]\b|\b[A-Z]\b"
)
END = re.compile(r"[。！？；：.!?:…][”’」』)）]?$")


def wrong_with(text: str, language: str, *, program: bool = False, sentence: bool = True) -> list[str]:
    """What keeps people from reading it; of what is told to a program, only that it is in the reader's language."""
    return list(_wrong(text.strip(), language, program=program, sentence=sentence))


def _wrong(text: str, language: str, *, program: bool, sentence: bool) -> Iterator[str]:
    bare = PLACEHOLDER.sub("5", text)
    chinese = language.startswith("zh")
    if chinese and not HAN.search(bare):
        yield "no Chinese"
    if program:
        return
    plain = TYPED.sub("", bare)
    for what, pattern in PROGRAMS.items():
        if found := pattern.search(plain):
            yield f"{what}: {found.group()!r}"
    if chinese:
        latin = [word for word in re.findall(r"[A-Za-z][A-Za-z0-9]+", plain) if word not in NAMES]
        if latin:
            yield f"Latin words: {latin}"
        if re.search("或(?!者|许)", plain):
            yield "或 in place of 或者"
        if re.search("(?<!永久性居民)(?<!永久居留)身份证号", plain):
            yield "身份证号 in place of 公民身份号码"
    elif HAN.search(plain):
        yield f"Chinese: {HAN.findall(plain)}"
    if sentence and not END.search(bare):
        yield "no end of a sentence"
