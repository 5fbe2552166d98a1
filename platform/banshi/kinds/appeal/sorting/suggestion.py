"""What a new appeal is probably about and whose it probably is, from the department's own past ones.

It is shown to staff, who decide. A text is its pairs of neighbouring signs, and the single signs of what is no English.
How often each of them stands in past appeals of a class says how probable the class is (naive Bayes, add-one).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from banshi.foundation.keys import Key
from banshi.kernel.contract.items import LIVE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, Case
from banshi.kinds.appeal.models import AppealRecord

#: Category and unit.
Class = tuple[str, str]

#: States in which an appeal was read, classified and answered; so many of the newest in each are learnt from.
ANSWERED, MAX_LEARNT_PER_STATE = ("answered", "closed"), 500

#: With fewer past appeals, and where it is less sure, nothing is suggested.
MIN_APPEALS, MIN_SURENESS = 20, 0.5

#: Signs of a text that are read.
MAX_TEXT_SIGNS = 600

#: Seconds for which what was learnt is kept.
LEARNT_FOR_S = 600.0


@dataclass(slots=True)
class Learnt:
    """What the past appeals of a department say."""

    texts: Counter[Class] = field(default_factory=Counter)
    parts: defaultdict[Class, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    known: set[str] = field(default_factory=set)
    at: float = 0.0

    def most_probable(self, text: str) -> tuple[Class, float] | None:
        """The most probable class and how sure that is, from 0 to 1; None where there is too little to go by."""
        parts = {part for part in parts_of(text) if part in self.known}
        if self.texts.total() < MIN_APPEALS or not parts:
            return None
        logs = {one: self._log(one, parts) for one in self.texts}
        best = max(logs, key=logs.__getitem__)
        # Neighbouring parts say much the same, so that each alone counts for too much: their number's root counts.
        weight = 1 / math.sqrt(len(parts))
        return best, 1 / sum(math.exp((log - logs[best]) * weight) for log in logs.values())

    def _log(self, one: Class, parts: Iterable[str]) -> float:
        counted = self.parts[one]
        total = counted.total() + len(self.known)
        chance = math.log(self.texts[one] / self.texts.total())
        return chance + sum(math.log((counted[part] + 1) / total) for part in parts)


#: What was learnt, by department: each when its staff first look at a new appeal.
LEARNT: Key[dict[str, Learnt]] = Key("appeals learnt from")


def parts_of(text: str) -> Iterator[str]:
    """The pairs of neighbouring signs in a text, and single signs, without blanks and punctuation."""
    signs = "".join(sign if sign.isalnum() else " " for sign in text[:MAX_TEXT_SIGNS].casefold())
    for word in signs.split():
        if not word.isascii():
            yield from word
        yield from (word[place : place + 2] for place in range(max(1, len(word) - 1)))


def learn(past: Iterable[tuple[str, Class]]) -> Learnt:
    """What texts of known classes say."""
    learnt = Learnt(at=time.monotonic())
    for text, one in past:
        learnt.texts[one] += 1
        # Each part once a text: who repeats a word doesn't say more.
        learnt.parts[one].update(set(parts_of(text)))
    learnt.known = {part for counted in learnt.parts.values() for part in counted}
    return learnt


def text_of(answers: Mapping[str, Any]) -> str:
    """What somebody wrote, without ids and what was chosen from a list."""
    texts = (value for value in answers.values() if isinstance(value, str))
    return " ".join(text for text in texts if not text.isascii() or " " in text)


async def suggestion(platform: Platform, case: Case) -> dict[str, Any] | None:
    """Category and unit for a case that nobody has classified, with how sure that is and from how many past ones."""
    kept = platform[LEARNT]
    learnt = kept.get(case.department)
    if learnt is None or time.monotonic() - learnt.at > LEARNT_FOR_S:
        past = await _past(case)
        # Beside the requests: a thousand texts take some tenths of a second.
        learnt = kept[case.department] = await asyncio.to_thread(learn, past)
    found = learnt.most_probable(text_of(case.answers))
    if found is None or found[1] < MIN_SURENESS:
        return None
    (category, unit), sure = found
    return {"category": category, "unit": unit, "sure": round(sure, 2), "from": learnt.texts.total()}


async def _past(case: Case) -> list[tuple[str, Class]]:
    """The newest answered appeals of the case's department, by the index that the worklist has."""
    rows: list[Case] = []
    for state in ANSWERED:
        answered = Case.filter(department=case.department, state=state, kind=case.kind, mode=LIVE, content=KEPT)
        rows += await answered.order_by("-urgency", "-id").limit(MAX_LEARNT_PER_STATE)
    ids = [row.id for row in rows]
    classes: Any = await AppealRecord.filter(case_id__in=ids).exclude(category="").values_list("case_id", "category")
    known = dict(classes)
    return [(text_of(row.answers), (known[row.id], row.unit)) for row in rows if row.id in known]
