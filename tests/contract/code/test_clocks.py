"""Nobody goes by a machine's own clock where rows are written or read by which other processes act."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT

HOUSES = tuple(ROOT / one for one in ("platform/banshi", "libraries", "mobile_push", "plugins"))

#: Who asks a machine's own clock, how often, and why that stops and hastens nobody else. All others ask `platform.now`.
OWN_CLOCK = {
    "platform/banshi/foundation/logs.py": (2, "what is logged says when its own machine did it"),
    "platform/banshi/foundation/time/shared_clock.py": (1, "it is held to the database's"),
    "platform/banshi/foundation/encryption/ring.py": (1, "which of the keys that all have seals now"),
    "platform/banshi/forms/days.py": (1, "the day for who has not handed anything in"),
    "platform/banshi/forms/numbers.py": (1, "nobody was born tomorrow"),
    "platform/banshi/kernel/loading/importing.py": (1, "files' times are the machine's"),
    "platform/banshi/builtin/identity/tokens.py": (2, "a token is refused by the process that is asked alone"),
    "platform/banshi/builtin/identity/backchannel.py": (1, "a token is refused by the process that is asked alone"),
    "platform/banshi/builtin/identity/ended.py": (1, "what leaves this process's own memory"),
    "platform/banshi/builtin/identity/development.py": (1, "tokens of development"),
    "platform/banshi/builtin/limits/shared_rates.py": (1, "the limiter's own answer is turned into seconds"),
    "platform/banshi/builtin/personal_data/housekeeping.py": (1, "files' times are the machine's; a day's margin"),
    "platform/banshi/builtin/uploads/quarantine.py": (1, "files' times are the machine's; a day's margin"),
    "platform/banshi/kinds/posting/scheduler.py": (1, "files' times are the machine's; what a row names is kept"),
    "platform/banshi/testing.py": (1, "tests"),
    "mobile_push/providers/provider.py": (1, "a provider's date without its own clock"),
    "mobile_push/providers/fcm/service_account.py": (1, "a token of this process alone"),
    "mobile_push/providers/apple.py": (1, "what one push bears, beside the provider's own time to live"),
    "mobile_push/providers/apns/signature.py": (1, "Apple judges it by its own clock"),
    "mobile_push/providers/webpush/vapid.py": (2, "a token of this process alone"),
    "plugins/channels/hotline_asterisk/program.py": (2, "a program beside the switch, by the switch's machine"),
    "mobile_push/cap/signature.py": (1, "only where no moment is given"),
}

#: Below them a person types a command, and the clock of the machine is theirs to see.
COMMANDS = ("platform/banshi/ops/", "commands.py")

#: What asks it.
ASKED = {"time.time", "datetime.now", "datetime.utcnow", "time.time_ns", "date.today", "datetime.today"}


def asked(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if any(one in text for one in ASKED) else ():
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ASKED:
            yield ast.unparse(node)


def test_a_machine_s_own_clock_is_asked_where_nobody_else_acts_by_it_and_nowhere_else() -> None:
    found: Counter[str] = Counter()
    for house in HOUSES:
        for file in house.rglob("*.py"):
            name = file.relative_to(ROOT).as_posix()
            if "/sandbox" not in name and not any(one in name for one in COMMANDS) and "/tests/" not in name:
                found[name] += sum(1 for _ in asked(file))
    told = {name: count for name, count in found.items() if count}
    expected = {name: count for name, (count, _) in OWN_CLOCK.items()}
    assert told == expected, "go by `platform.now`, or say here why nobody else acts by it"
