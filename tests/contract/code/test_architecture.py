"""The repository's own promises: imports go one way, the kernel knows no kind by name, plugins see the public face."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import banshi
import conversations
import desk
from banshi.default_plugins import default_kinds
from tests.places import ROOT

KERNEL = ROOT / "platform" / "banshi"

#: The rooms of each house: each imports only itself and what stands before it, also for a type. The longest prefix that
#: fits a module is its room.
ORDER = [
    "default_plugins",
    "moved",
    "foundation",
    "forms",
    "kernel.sentences",
    "kernel.contract",
    "kernel.loading",
    "kernel.runtime",
    "kernel.tables",
    "kernel.outbox",
    "kernel.http",
    "kernel.cases",
    "builtin",
    "kinds",
    "app",
    "sdk",
    "testing",
    "ops",
]
PUSH_ORDER = [
    "sentences",
    "tables",
    "cap",
    "screen",
    "audience",
    "providers",
    "settings",
    "ways",
    "inbox",
    "delivery",
    "broadcasts",
    "phones",
    "reports",
    "work",
    "sandbox",
    "checks",
    "commands",
    "doctor",
]
CONVERSATIONS_ORDER = [
    *(
        "sentences",
        "tables",
        "settings",
        "contents",
        "contacts",
        "outbound",
        "figures",
        "identity",
    ),
    *("engine.turn", "engine.ask", "engine.bind", "engine"),
    *("inbound", "holdings", "console"),
]
DESK_ORDER = [
    *("sentences", "tables", "places", "settings", "party", "queue", "officers", "metrics", "giving"),
    *("rounds", "calling", "placeholders", "holdings", "routes"),
]
QUESTIONS_ORDER = [
    *("sentences", "spelling", "days", "plan", "correcting", "read", "wording", "answering", "shown"),
    *("guides", "pages"),
]
#: The sandbox first: WeChat's side knows nothing of our own.
WECHAT_ORDER = [
    *("sandbox", "sentences", "settings", "tables", "api", "accounts", "telling"),
    *("opening", "menu", "commands", "receiving"),
]
QQ_ORDER = ["sandbox", "sentences", "settings", "signing", "api", "events", "bots", "webhook"]
WEIBO_ORDER = ["sandbox", "sentences", "settings", "accounts", "webhook"]
HOTLINE_ORDER = [
    *("sentences", "moments", "numbers", "settings", "tables", "slips", "callers", "figures", "texting", "party"),
    "call_backs",
    *("merging", "holdings", "routes"),
]
#: The night's own process imports the methods alone, and nothing of the platform.
INSIGHTS_ORDER = [
    *("methods", "sentences", "settings", "night", "figures", "findings", "drawn", "published", "tables", "plugin"),
]
REFUTATIONS_ORDER = ["sentences", "settings", "ratings", "tables", "writing", "reading", "hearing", "staff"]
ROAD_ORDER = [
    *("sentences", "vocabulary", "settings", "tables", "changing", "ending", "alert", "board", "register"),
    *("following", "routes"),
]
INTEGRATIONS = ROOT / "plugins" / "integrations"
#: Libraries: packages without a hook and a table, for whichever plugin needs them.
LIBRARIES = ROOT / "libraries"
HOUSES = {
    "banshi": (KERNEL, ORDER),
    "mobile_push": (ROOT / "mobile_push", PUSH_ORDER),
    "charts": (LIBRARIES / "charts", ["elements", "figures", "lines", "bars"]),
    "feeds": (LIBRARIES / "feeds", ["atom", "review", "wzdx"]),
    "likeness": (LIBRARIES / "likeness", ["sentences", "pictures", "words"]),
    "lines": (LIBRARIES / "lines", ["geometry", "grid", "sentences", "wrong"]),
    "names": (LIBRARIES / "names", ["finding", "sentences", "held_back"]),
    "questions": (LIBRARIES / "questions", QUESTIONS_ORDER),
    "sandboxes": (
        LIBRARIES / "sandboxes",
        ["shares", "faults", "header_blocks", "http2", "sandbox", "deliveries", "phones", "command"],
    ),
    "wire": (LIBRARIES / "wire", ["addresses", "crypto", "places", "xml", "messages"]),
    "desk": (ROOT / "plugins" / "channels" / "desk", DESK_ORDER),
    "conversations": (ROOT / "plugins" / "channels" / "conversations", CONVERSATIONS_ORDER),
    "wechat": (ROOT / "plugins" / "channels" / "wechat", WECHAT_ORDER),
    "qq": (ROOT / "plugins" / "channels" / "qq", QQ_ORDER),
    "weibo": (ROOT / "plugins" / "channels" / "weibo", WEIBO_ORDER),
    "hotline": (ROOT / "plugins" / "channels" / "hotline", HOTLINE_ORDER),
    "insights": (ROOT / "plugins" / "insights", INSIGHTS_ORDER),
    "refutations": (ROOT / "plugins" / "refutations", REFUTATIONS_ORDER),
    "road": (ROOT / "plugins" / "road", ROAD_ORDER),
    "webhooks": (
        INTEGRATIONS / "webhooks",
        ["sentences", "migrations", "models", "settings", "events", "delivery", "subscriptions", "commands"],
    ),
    "open311": (
        INTEGRATIONS / "open311",
        ["sentences", "migrations", "models", "settings", "wire", "services", "requests", "routes"],
    ),
    "remote_services": (
        INTEGRATIONS / "remote_services",
        [
            *("sentences", "migrations", "models", "settings", "owners", "declared", "calls", "registration"),
            *("answers", "routes"),
        ],
    ),
}

#: The one type that may be named below its room: what a plugin's hooks, handlers and resources are given.
PLATFORM = "banshi.kernel.runtime.running.Platform"


def source_files(*folders: Path) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.rglob("*.py"))]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a module that runs; what is under TYPE_CHECKING doesn't."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            yield from statements(ast.Module(body=child.orelse, type_ignores=[]))  # type: ignore[attr-defined]
        else:
            yield child
            yield from statements(child)


def imports(file: Path, *, types: bool = False) -> Iterator[str]:
    """The absolute imports of a file that run, or those for types too: modules, and names as `module.name`."""
    for node in imported(file) if types else statements(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def parsed(file: Path) -> ast.Module:
    """Read once: a hundred tests here look through the same few hundred files."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imported(file: Path) -> list[ast.AST]:
    return [node for node in ast.walk(parsed(file)) if isinstance(node, ast.Import | ast.ImportFrom)]


# -- imports go one way ------------------------------------------------------------------------------------------


def room_of(house: str, name: str) -> str | None:
    """The room of a module, or of what is imported of one; None for the face and for what isn't of this house."""
    below = name.removeprefix(f"{house}.")
    found = [room for room in HOUSES[house][1] if below == room or below.startswith(f"{room}.")]
    return max(found, key=len) if name.startswith(f"{house}.") and found else None


def module_of(file: Path, folder: Path) -> str:
    """The module that a file is, in whichever package has this folder."""
    return ".".join((folder.name, *file.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("house", HOUSES)
def test_every_module_has_its_place_in_the_order(house: str) -> None:
    for file in source_files(HOUSES[house][0]):
        name = module_of(file, HOUSES[house][0])
        inside = "template" in file.parts or name in (house, "banshi.kernel")
        assert inside or room_of(house, name), f"{file.relative_to(ROOT)} stands in no room"


def used_modules(file: Path, folder: Path, *, types: bool = True) -> Iterator[str]:
    """What a file imports, for types too: modules, and names as `module.name`, also where it says `from ..room`."""
    yield from imports(file, types=types)
    package = (folder.name, *file.parent.relative_to(folder).parts)
    for node in imported(file) if types else statements(parsed(file)):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = [*package[: len(package) + 1 - node.level], *filter(None, [node.module])]
            yield from (".".join([*above, alias.name]) for alias in node.names)


@pytest.mark.parametrize("house", HOUSES)
def test_a_room_imports_only_what_stands_before_it(house: str) -> None:
    folder, order = HOUSES[house]
    wrong = {}
    for file in source_files(folder):
        room = room_of(house, module_of(file, folder))
        if room is not None and "template" not in file.parts:
            before = {*order[: order.index(room) + 1], None}
            used = {one for one in used_modules(file, folder) if room_of(house, one) not in before} - {PLATFORM}
            wrong |= {str(file.relative_to(ROOT)): sorted(used)} if used else {}
    assert not wrong, "what these import stands after them"


@pytest.mark.parametrize("house", HOUSES)
def test_no_two_modules_import_each_other(house: str) -> None:
    """Nor in a circle of more; for a type neither, but for the platform's."""
    folder = HOUSES[house][0]
    modules = {module_of(file, folder): file for file in source_files(folder) if not file.name.startswith("test_")}
    # The face of a house is below all of it by name, and imports it when somebody asks.
    modules.pop("banshi", None)
    graph = {}
    for name, file in modules.items():
        used = {*used_modules(file, folder)} - {PLATFORM}
        graph[name] = {one if one in modules else one.rpartition(".")[0] for one in used} & {*modules} - {name}
    # It raises CycleError with the circle.
    assert {*TopologicalSorter(graph).static_order()} == {*graph}


# -- drawn by rooms -----------------------------------------------------------------------------------------------

#: Packages whose rooms are drawn: each folder in them with a module is one, and each module beside these.
DRAWN = sorted(
    file.parent
    for place in (KERNEL, LIBRARIES, ROOT / "plugins", ROOT / "plugins" / "channels", INTEGRATIONS, ROOT)
    for file in place.glob("*/__init__.py")
    if file.parent not in {KERNEL / "sdk", ROOT / "tests"}
)


def drawn(folder: Path) -> dict[str, set[str]]:
    """Each room of a package with the rooms that it imports when it runs, late ones too."""
    package = folder.name if KERNEL not in folder.parents else f"banshi.{folder.name}"
    found: dict[str, set[str]] = {}
    for file in source_files(folder):
        room, *_ = file.relative_to(folder).with_suffix("").parts
        if room not in {"__init__", "migrations"} and not file.name.startswith("test_"):
            used = [name for name in used_modules(file, folder, types=False) if name.startswith(f"{package}.")]
            below = {name.removeprefix(f"{package}.").partition(".")[0] for name in used}
            found.setdefault(room, set()).update(below - {room})
    return {room: used & {*found} for room, used in found.items()}


@pytest.mark.parametrize("folder", DRAWN, ids=lambda folder: folder.name)
def test_no_room_of_a_package_is_in_a_circle(folder: Path) -> None:
    """So the rooms have an order, and nothing is imported against it, also not late."""
    rooms = drawn(folder)
    # It raises CycleError with the circle.
    assert {*TopologicalSorter(rooms).static_order()} == {*rooms}


def test_the_drawing_of_the_built_ins_stays_readable() -> None:
    rooms = drawn(KERNEL / "builtin")
    loose = {file.stem for file in (KERNEL / "builtin").glob("*.py")} - {"__init__"}
    assert loose == {"sentences"}
    assert len(rooms) <= 26, sorted(rooms)
    # What people read is said in the room of all sentences.
    assert sum(len(used - {"sentences"}) for used in rooms.values()) <= 46, rooms


# -- how large it may become -------------------------------------------------------------------------------------

#: Files of a folder beside its `__init__`.
MOST_FILES = 13


def test_no_folder_is_more_than_a_look_takes_in() -> None:
    """Of `banshi.sdk` each file is a noun that authors read; migrations are read one by one."""
    folders = {file.parent for house, _ in HOUSES.values() for file in source_files(house)} - {KERNEL / "sdk"}
    files = {folder: sum(file.name != "__init__.py" for file in folder.glob("*.py")) for folder in folders}
    too_many = {str(folder) for folder, count in files.items() if count > MOST_FILES and folder.name != "migrations"}
    assert not too_many, "which of the files are of one noun?"


def test_no_module_has_the_name_of_a_public_function() -> None:
    """Once such a module is imported, the package's name is the module, and no longer the function."""
    below = {path.stem for path in KERNEL.iterdir() if path.suffix == ".py" or any(path.rglob("*.py"))}
    assert not set(banshi.__all__) & below


def test_the_kernel_imports_no_plugin_but_in_its_demo() -> None:
    for file in source_files(KERNEL):
        others = {"mobile_push", "desk", "conversations", "wechat", "qq", "weibo", "plugins", *library_names()}
        wrong = [name for name in imports(file) if name.split(".")[0] in others]
        # The demo shows the whole house, with Google's stand-in.
        assert not wrong or file == KERNEL / "ops" / "cli" / "demo" / "demo.py", f"{file}: {wrong}"


def test_what_is_imported_under_type_checking_is_left_out() -> None:
    """A guard of the guard."""
    tree = ast.parse("if TYPE_CHECKING:\n    import a\nelse:\n    import b\ndef f():\n    import c\n")
    names = [alias.name for node in statements(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert names == ["b", "c"]


# -- the public face ---------------------------------------------------------------------------------------------


def public_imports(file: Path, allowed: set[str]) -> list[str]:
    """What a file imports of the kernel that it may not: names outside `banshi.__all__`, other modules."""
    named = {f"banshi.{name}" for name in banshi.__all__}
    ours = [name for name in imports(file) if name.split(".")[0] == "banshi" and not name.startswith("banshi.sdk.")]
    return [name for name in ours if name not in named | allowed]


def test_libraries_mobile_push_and_the_plugins_import_the_public_names_alone() -> None:
    for file in source_files(LIBRARIES, ROOT / "mobile_push", ROOT / "plugins"):
        testing = {name for name in imports(file) if name.startswith("banshi.testing.")}
        wrong = public_imports(file, testing if file.name.startswith("test_") else set())
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}: only banshi.__all__ and banshi.sdk are public"


def library_names() -> set[str]:
    return {folder.name for folder in LIBRARIES.iterdir() if any(folder.glob("*.py"))}


def test_a_library_imports_the_face_and_other_libraries_and_no_plugin() -> None:
    """Nor does one import, for a type, what has tables; whatever else it imports is a dependency of the wheel."""
    ours = {"banshi", *library_names()}
    others = {"mobile_push", "plugins", "banshi_plugins", "tortoise", "tools", "tests", "benchmarks"}
    others |= {folder.name for folder in (ROOT / "plugins").rglob("*") if (folder / "__init__.py").is_file()} - ours
    assert {"conversations", "wechat", "webhooks", "traffic"} <= others
    for file in source_files(LIBRARIES):
        wrong = [name for name in imports(file, types=True) if name.split(".")[0] in others]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}: a library knows no plugin and no table"


def test_a_library_has_no_hook_and_no_table() -> None:
    """So nothing of it is listed in plugins.toml: what it offers is called by those who import it."""
    assert {"charts", "feeds", "likeness", "lines", "names", "questions", "sandboxes", "wire"} <= library_names()
    for file in source_files(LIBRARIES):
        nodes = [*ast.walk(parsed(file))]
        names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
        names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assert not [name for name in names if name.startswith("banshi_")], f"{file.relative_to(ROOT)} has a hook"
        bases = {ast.unparse(base) for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases}
        assert not {one for one in bases if one.split(".")[-1] == "Model"}, f"{file.relative_to(ROOT)} has a table"
        assert "migrations" not in file.parts


def test_plugins_do_not_import_each_other() -> None:
    for file in source_files(ROOT / "plugins"):
        wrong = [name for name in imports(file) if re.match(r"(plugins|mobile_push|banshi_plugins)\b", name)]
        assert not wrong, f"{file.relative_to(ROOT)}: {wrong}"


@pytest.mark.parametrize("house", [conversations, desk])
def test_a_channel_sees_of_another_house_its_face_alone(house: ModuleType) -> None:
    own, face = house.__name__, {f"{house.__name__}.{name}" for name in house.__all__}
    for file in source_files(ROOT / "plugins"):
        used = {name for name in imports(file) if name.split(".")[0] == own}
        assert own in file.relative_to(ROOT).parts or used <= face, f"{file.relative_to(ROOT)}: {used}"


def test_the_desk_knows_no_channel() -> None:
    """Nor what questions it asks: whoever is at the other end is a party."""
    for file in source_files(HOUSES["desk"][0]):
        assert not {"conversations", "questions", "wechat"} & {name.split(".")[0] for name in imports(file)}, file


# -- nobody knows a kind by name ---------------------------------------------------------------------------------

NAMES = [kind.name for module in default_kinds().values() for kind in module.banshi_kinds()]

#: Names of kinds that are also words of HTTP; as a string of its own each stands only where it means that.
WORDS = {
    "query": {"kernel/contract/routes.py": "a parameter's place", "kernel/http/dispatch.py": "a parameter's place"}
}


def outside_the_kinds() -> list[tuple[str, ast.Module]]:
    files = [file for file in source_files(KERNEL, ROOT / "mobile_push") if KERNEL / "kinds" not in file.parents]
    return [(file.relative_to(KERNEL if KERNEL in file.parents else ROOT).as_posix(), parsed(file)) for file in files]


def test_no_kind_is_named_outside_its_folder() -> None:
    assert {"application", "appointment", "query", "appeal", "posting"} == set(NAMES)
    for place, tree in outside_the_kinds():
        strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        named = {name for name in NAMES if name in strings and place not in WORDS.get(name, {})}
        assert not named, f"{place} names the kind {named}"


def test_nothing_of_a_kind_is_used_outside_its_folder_but_by_the_public_face() -> None:
    exported = {name for module in default_kinds().values() for name in module.__all__}
    for place, tree in outside_the_kinds():
        if place == "__init__.py" or place.startswith("sdk/"):
            continue
        # `web.Application` is aiohttp's.
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert not used & exported, f"{place} uses {used & exported}"
        below = [name for node in ast.walk(tree) if (name := getattr(node, "module", None)) and "banshi.kinds." in name]
        assert not below, f"{place} imports {below}; the registry's kinds are enough"


# -- platform/ is only a folder ----------------------------------------------------------------------------------


def test_platform_is_only_a_folder() -> None:
    assert [path.name for path in (ROOT / "platform").iterdir() if path.name != "__pycache__"] == ["banshi"]


def is_the_standard_library(module_file: str) -> bool:
    return ROOT not in Path(module_file).resolve().parents and Path(module_file).name == "platform.py"


def test_from_the_root_of_the_repository_platform_is_the_standard_library() -> None:
    code = "import platform; platform.system(); print(platform.__file__)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert is_the_standard_library(said.strip())


PROBE = """
import atexit, sys

@atexit.register
def tell():
    import platform
    print("platform:", platform.system() and platform.__file__, file=sys.stderr)
"""


def test_in_the_console_script_platform_is_the_standard_library(tmp_path: Path) -> None:
    script = shutil.which("banshi", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert script, "banshi is not installed"
    # Runs in the script's own process, when it ends.
    (tmp_path / "sitecustomize.py").write_text(PROBE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([script, "--version"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found = re.search(r"^platform: (.+)$", done.stderr, re.MULTILINE)
    assert found, done.stderr
    assert is_the_standard_library(found[1])


# -- nothing of the machine that it was written on ---------------------------------------------------------------

#: Written in halves, so that this file doesn't find itself.
LOCAL = [
    half + other
    for half, other in [("pypi", ".org"), ("python", "hosted"), ("ana", "conda.org"), ("/wo", "rk/"), ("/ho", "me/")]
]


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if file.is_file():
            text = file.read_bytes().decode("utf-8", errors="ignore")
            assert not [word for word in LOCAL if word in text], name


#: The folders whose rooms the page lists, by the line above them.
LISTED = {
    "foundation": "platform/banshi/foundation",
    "kernel": "platform/banshi/kernel",
    "builtin": "platform/banshi/builtin",
    "libraries": "libraries",
    "mobile_push": "mobile_push",
    "plugins": "plugins",
    "channels": "plugins/channels",
}


def rooms_on_the_page() -> dict[str, set[str]]:
    """Each folder that the page takes apart, with the rooms that it names there."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = page.partition("## What is in each room\n```\n")[2].partition("```")[0]
    found: dict[str, set[str]] = {}
    above: list[str] = []
    for line in block.splitlines():
        indent, names = re.match(r"( *)(\w+(?:, \w+)*)", line).groups()  # type: ignore[union-attr]
        above[len(indent) // 2 :] = [names]
        if len(above) > 1:
            found.setdefault(above[-2], set()).update(names.split(", "))
    return found


def test_the_page_names_every_room_that_there_is_and_no_other() -> None:
    told = rooms_on_the_page()
    assert told.keys() == LISTED.keys()
    for name, folder in LISTED.items():
        rooms = {one.name for one in (ROOT / folder).iterdir() if one.is_dir() and not one.name.startswith("__")}
        assert told[name] == rooms, folder
