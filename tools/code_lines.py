"""Lines of code of every room, and what each may have: blanks, comments, docstrings and migrations are none.

A line counts if a token of code begins on it, goes through it or ends on it: a text over three lines that is a value
counts three. However a line is wrapped, two people who count get the same figure.

    python tools/code_lines.py             every room beside its budget; ends with 1 where one is over it
    python tools/code_lines.py --before X  the same beside another checkout of this repository, in the folder X
    python tools/code_lines.py FILE.py …   these files
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

#: Tokens that are no code.
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

#: Folders whose files are kept as they are for ever or are somebody else's; and those of the root that are made there.
LEFT_OUT, MADE = {"migrations", "__pycache__", "node_modules"}, {".venv", ".git", "build", "data"}


class Budget(NamedTuple):
    """Lines of code that a room may have today, and where it is to be once all is built. The first only falls; whoever
    builds something new may raise it as far as the second."""

    most: int
    at_last: int


#: A file belongs to the room with the longest path that fits.
ROOMS = {
    "platform/banshi": Budget(1_087, 930),  # the face, sdk, testing
    "platform/banshi/foundation": Budget(3_423, 3_000),
    "platform/banshi/forms": Budget(1_559, 1_560),
    "platform/banshi/kernel": Budget(6_031, 5_750),
    "platform/banshi/builtin": Budget(15_115, 13_150),
    "platform/banshi/kinds": Budget(8_272, 8_290),
    "platform/banshi/ops": Budget(3_257, 2_920),
    "libraries/charts": Budget(245, 250),
    "libraries/feeds": Budget(169, 126),
    "libraries/likeness": Budget(114, 103),
    "libraries/lines": Budget(165, 190),
    "libraries/names": Budget(57, 57),
    "mobile_push": Budget(14_022, 12_840),
    "libraries/questions": Budget(1_136, 950),
    "libraries/sandboxes": Budget(727, 450),
    "libraries/wire": Budget(209, 130),
    "plugins/channels/desk": Budget(2_057, 2_000),
    "plugins/channels/conversations": Budget(4_921, 3_600),
    "plugins/channels/web_site": Budget(3_496, 3_800),
    "plugins/channels/http_channel": Budget(546, 560),
    "plugins/channels/channel_figures": Budget(117, 120),
    "plugins/channels/hotline_asterisk": Budget(215, 215),
    "plugins/channels/sms": Budget(248, 250),
    "plugins/channels/sms/sandbox": Budget(111, 115),
    "plugins/channels/hotline": Budget(1_488, 1_500),
    "plugins/channels/wechat": Budget(974, 900),
    "plugins/channels/wechat/sandbox": Budget(1_177, 1_200),
    "plugins/channels/qq": Budget(391, 400),
    "plugins/channels/qq/sandbox": Budget(270, 300),
    "plugins/channels/weibo": Budget(248, 350),
    "plugins/channels/weibo/sandbox": Budget(161, 250),
    "plugins/insights": Budget(3_012, 1_800),
    "plugins/refutations": Budget(654, 700),
    "plugins/road": Budget(699, 700),
    "plugins/integrations": Budget(5_790, 5_580),
    "plugins/departments": Budget(233, 240),
    "clients/python": Budget(889, 890),
    "benchmarks": Budget(10_936, 9_300),
    "tools": Budget(2_508, 1_600),
    "docs/examples": Budget(53, 60),
}

#: What isn't production.
BESIDE = {"benchmarks", "tools", "docs/examples"}

#: Lines of tests for each line of production: today, and once all is built.
TESTS_SHARE = (1.168, 1.08)

#: Lines of code of a file that is no test; and of those that were longer when this was written, which only shrink.
LONGEST_FILE = 230
LONGER_FILES = {
    "mobile_push/delivery/courier.py": 216,
    "platform/banshi/builtin/catalogue/routes.py": 196,
    "platform/banshi/kernel/loading/loader.py": 226,
    "plugins/channels/conversations/engine/ask/asking.py": 243,
}


def code_lines(text: str) -> int:
    """How many lines of a module have code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines |= {*range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            lines -= {*range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    return len(lines)


def is_test(path: Path) -> bool:
    """Whether it is counted with the tests. Plugins have theirs beside them."""
    return path.name.startswith("test_") or path.name == "conftest.py" or "tests" in path.parts


def room_of(path: Path) -> str | None:
    """The room of a file that is no test, by its path from the root; None for one that nobody has given a budget."""
    return max((room for room in ROOMS if path.as_posix().startswith(f"{room}/")), key=len, default=None)


def files(root: Path = ROOT) -> dict[str, int]:
    """Every Python file of the project by its path, with its lines of code."""
    return {
        path.as_posix(): code_lines((root / path).read_text(encoding="utf-8"))
        for path in sorted(file.relative_to(root) for file in root.rglob("*.py"))
        if not LEFT_OUT & {*path.parts} and path.parts[0] not in MADE
    }


def rooms(counted: Mapping[str, int]) -> dict[str, int]:
    """Lines of code by room; all tests under `tests`, what is in no room under its own path."""
    found = dict.fromkeys([*ROOMS, "tests"], 0)
    for name, lines in counted.items():
        room = "tests" if is_test(path := Path(name)) else room_of(path) or name
        found[room] = found.get(room, 0) + lines
    return found


def production(found: Mapping[str, int]) -> int:
    """The sum of the rooms that are production."""
    return sum(lines for room, lines in found.items() if room in ROOMS and room not in BESIDE)


def over(counted: Mapping[str, int]) -> Iterator[str]:
    """What is over its budget, and what has none."""
    found = rooms(counted)
    for room, lines in found.items():
        if room not in ROOMS and room != "tests" and lines:
            yield f"{room} is in no room: which one is it for? A new one gets a budget in tools/code_lines.py"
        elif room in ROOMS and lines > ROOMS[room].most:
            yield f"{room} has {lines} lines of code, {ROOMS[room].most} at most: what in the house does this already?"
    if (share := found["tests"] / production(found)) > TESTS_SHARE[0]:
        yield f"tests have {share:.3f} lines for one of production, {TESTS_SHARE[0]} at most"
    for name, lines in counted.items():
        most = LONGER_FILES.get(name, LONGEST_FILE)
        if lines > most and not is_test(Path(name)):
            yield f"{name} has {lines} lines of code, {most} at most: divide it by its nouns"


def table(counted: Mapping[str, int], before: Mapping[str, int] | None) -> Iterator[str]:
    """Every room in a line: before, now, what it may have, and where it is to be at last."""
    now, then = rooms(counted), rooms(before) if before is not None else {}
    yield f"{'':40}{'before':>9}{'now':>9}{'most':>9}{'at last':>9}"
    for room, lines in {**now, "production": production(now)}.items():
        figures = (production(then) if room == "production" else then.get(room, 0), lines, *ROOMS.get(room, (0, 0)))
        yield f"{room:40}" + "".join(f"{figure:>9,}" if figure else f"{'–':>9}" for figure in figures)
    yield f"tests are {now['tests'] / max(1, production(now)):.3f} times production, {TESTS_SHARE[0]} at most"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--before", type=Path, help="the folder of another checkout")
    given = parser.parse_args()
    if given.files:
        for file in given.files:
            print(code_lines(file.read_text(encoding="utf-8")), file)
        return 0
    counted = files()
    print("\n".join(table(counted, files(given.before) if given.before else None)))
    print("\n".join(wrong := [*over(counted)]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
