"""Names that `banshi` had before `banshi.sdk` was there; they go with the next version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any


class OldName(DeprecationWarning):
    """A plugin imports a name from where it was before."""


#: By module of `banshi.sdk`.
_BY_NOUN = {
    "cases": (
        "ENCLOSURES ROLES Actor CaseEvent Enclosure PreparedCase count_people decide find_case move_case "
        "new_case people_with_cases personal_in prepare_case record_reading send_attachment show_case "
        "steps_of submission_of submissions"
    ),
    "kinds": "ClockEffect Effects Kind MaterialsEffect MessageTemplates Move Step Who corrected refuse_answers",
    "catalogue": "Joined Joining Latest WrittenOnce inspect_declaration",
    "database": (
        "Personal PersonalId PersonalJSON PersonalLine PersonalText Widen as_read as_stored configured database"
    ),
    "events": "EVENT_TYPES LISTENERS SIGNALS Event Listener event_rows event_types intake_row",
    "http": (
        "BEARERS CLIENTS PAGE_PARAMETERS Bearer Client Directory ErrorFormat Page SignedBody "
        "caller_of etag_of from_cursor limit_of page_answer parse_body read_body ref "
        "reply_bytes"
    ),
    "operations": (
        "AFTER_RESTORE EXAMINATIONS JOBS Deployment Duty Examination Jobs Mistake PluginWarning Span "
        "Verdict are_private ask every guarded held led place_of present_trace traced working write_private"
    ),
    "limits": "RATES Rates",
    "outgoing": (
        "LOOPBACK SEAL Answered CallFailed ForbiddenAddress NotSigned Outgoing "
        "guarded_connector key_of new_secret open_outgoing signed verified"
    ),
    "personal_data": (
        "AFTER_LOOK_UPS ANONYMISE_CASE FORGET_CASE HOLDINGS Forget Held Holding Kept Whom by_case by_person"
    ),
    "registers": "REGISTERS Found Question Register inspect_registers",
}

#: Name → the module of `banshi.sdk` that has it.
MOVED = {name: noun for noun, names in _BY_NOUN.items() for name in names.split()}

#: Old names whose new one is another word.
RENAMED = {
    "Duty": "ProcessRole",
    "Held": "PersonalTable",
    "Holding": "Holdings",
    "Joined": "RuntimeItems",
    "Kept": "Retained",
    "Latest": "PerRevision",
    "Whom": "DataSubject",
    "WrittenOnce": "SpooledAnswer",
    "held": "paused",
}

#: Names that no plugin needed → where they are; they are public no longer.
RETIRED = {
    "Seal": "banshi.foundation.encryption.secrets",
    "Signals": "banshi.kernel.runtime.signals.signals",
    "UnsupportedMediaType": "banshi.foundation.errors",
}

#: What a file imports of `banshi` itself. It begins with its words and not with its line: so a tenth of the time.
IMPORT = re.compile(r"from banshi import (\([^)]*\)|[^\n]*)")


def advice_on(name: str) -> str:
    """What to write in place of an old name."""
    if name in RETIRED:
        return f"do without {name}, which no plugin has needed: the next version has no banshi.{name}"
    new = RENAMED.get(name, name)
    return f"write `from banshi.sdk.{MOVED[name]} import {new}`: the next version has no banshi.{name}"


def old_value(name: str) -> Any:
    """What an old name stands for."""
    if name in RETIRED:
        return getattr(import_module(RETIRED[name]), name)
    return getattr(import_module(f"banshi.sdk.{MOVED[name]}"), RENAMED.get(name, name))


def old_names(folder: Path) -> Iterator[tuple[Path, str]]:
    """The old names that a plugin's files import, each with its file."""
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        for found in IMPORT.finditer(text):
            before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
            if not before.strip():
                yield from ((file, name) for name in re.findall(r"\w+", found[1]) if name in MOVED or name in RETIRED)
