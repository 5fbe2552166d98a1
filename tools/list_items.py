"""Write docs/items.md: every business item of plugins.toml, with what it is and how far it has been tried.

Run it from the repository root: `python tools/list_items.py`. A test holds the page to what the plugins say.
"""

from __future__ import annotations

from pathlib import Path

from banshi import Item
from banshi.app import loaded
from banshi.builtin.materials.vocabulary import reusable
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.registry import Registry

PAGE = Path("docs/items.md")

COLUMNS = """| code | item | kind | visits | online depth | ends in | tried |
| --- | --- | --- | ---: | --- | --- | --- |"""

HEAD = """# Items

The {count} business items of the sample city's {departments} departments, {online} of them done without a visit.
`python tools/list_items.py` wrote this from the plugins that `plugins.toml` lists. Offices and phones are made up;
a law is cited only where its name and article are certain, and `banshi check --strict` names what is not known.

**Online depth** is a level of the national list that each item names: from I, read about online, to IV, done online
as a whole.

**Tried** says what the tests do with an item: *journey*, handed in over HTTP, accepted and approved; *form*, answers
made from its own declaration, then each rule broken in turn; *certificate*, opened in both languages, its QR code read
from the page and verified; *query*, its register asked over HTTP by the owner of a
sample record, by somebody else and at the counter, with each rule broken in turn; *guide*, read over HTTP in both
languages. For an appointment the journey is booked, moved, reminded, checked in and over, for an appeal it is handed
in, read, answered and rated, where it takes no name all of that without a token; for a posting it is handed in,
changed, published, read by anybody and settled. *Reuse*: its documents were taken over from an earlier case, with
consent.
"""


#: What is done with the items of a kind, beside trying the form and reading the guide.
TRIED = {"query": ["query"], **{kind: ["journey"] for kind in ("application", "appointment", "appeal", "posting")}}


#: Kinds whose cases are decided or confirmed by staff, and take over what an earlier case has.
TAKING_OVER = ("application", "appointment")


def tried(registry: Registry, item: Item) -> str:
    """What the tests do with an item."""
    papers = list(reusable(item, registry.departments[item.department])) if item.kind in TAKING_OVER else []
    held = ["certificate"] if item.certificate else []
    done = [*TRIED.get(item.kind, []), *(["reuse"] if papers else []), *held]
    return ", ".join([*done, *(["form"] if item.form else []), "guide"])


def page(registry: Registry) -> str:
    """The whole page."""
    items = registry.items.values()
    online = sum(item.fully_online for item in items)
    parts = [HEAD.format(count=len(items), departments=len(registry.departments), online=online)]
    for department in registry.departments.values():
        title = department.title
        parts.append(f"\n## {title['zh-CN']}, {title['en']}\n")
        parts.append(COLUMNS)
        for item in items:
            if item.department == department.code:
                depth = item.online_depth.code if item.online_depth else ""
                cells = [
                    f"`{item.code}`",
                    f"{item.title['zh-CN']}, {item.title['en']}",
                    item.kind,
                    str(item.visits),
                    depth,
                ]
                parts.append(f"| {' | '.join([*cells, item.result.kind, tried(registry, item)])} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(loaded(read_configuration(Path("plugins.toml")))), encoding="utf-8")
