"""What the dialogue on top fills in, as the item or the case is now: what is missing, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from banshi import Form
from conversations.engine.turn.memory import Dialogue
from conversations.engine.turn.talk import Talk
from questions.answering import body_of, form_of, wrong_at
from questions.correcting import Correction, correction_in, value_in
from questions.plan import Question, choices, plan, with_value, without_value
from questions.shown import answers_in, leaves_in


@dataclass(slots=True)
class Filling:
    """The dialogue with the form that it is about."""

    talk: Talk
    #: The JSON Schema of all that is sent: the answers, and what goes with them.
    schema: Mapping[str, Any]

    @property
    def dialogue(self) -> Dialogue:
        return self.talk.dialogue

    @property
    def form(self) -> Form:
        return form_of(self.schema)

    def missing(self) -> Iterator[Question]:
        """What is still to be asked, in order."""
        dialogue = self.dialogue
        return plan(self.schema, dialogue.answers, dialogue.settled, dialogue.wanted)

    @property
    def question(self) -> Question | None:
        """What is asked now: derived from the answers, so it is right however the form has changed meanwhile."""
        return next(self.missing(), None)

    def lines(self) -> list[tuple[str, str, str]]:
        """Pointer, title and words of each answer, in the order of the numbers by which they are changed."""
        words = self.dialogue.words
        return [
            (at, title, words.get(at, own)) for at, title, own in answers_in(self.schema, "", self.dialogue.answers)
        ]

    def correction(self) -> Correction | None:
        """What they say to be wrong of it; None for nothing."""
        lines, asked = self.lines(), self.question
        found = correction_in(self.talk.text, [(at, title) for at, title, _ in lines])
        if found and found.pointer != "":
            return found
        # Beside all that is filled in a value alone says which answer it is.
        is_last = asked is None or asked.sort == "optional"
        value = found.value if found else self.talk.text if is_last else ""
        leaves = leaves_in(self.schema, "", self.dialogue.answers) if value else ()
        return value_in(value, leaves, self.talk.platform.city_time(), self.problem) or found

    @property
    def asked(self) -> Question | None:
        """The question on the screen; None where all answers are shown once more."""
        return self.question if self.talk.row.state == "asking" else None

    def is_open(self) -> bool:
        """Whether what is asked takes any words, so that what sounds like a command may be the answer."""
        asked = self.asked
        return asked is not None and asked.sort == "text" and not asked.node.keys() & {"format", "pattern"}

    def options(self) -> list[tuple[Any, str]]:
        """What the numbers on the screen stand for, as value and words."""
        asked = self.asked
        own = asked.fields if asked and asked.sort == "optional" else choices(asked.node) if asked else ()
        return list(self.dialogue.options or own)

    def takes_zero(self) -> bool:
        """Whether 0 is an answer to what is asked, and not the way to the menu."""
        asked = self.asked
        return asked is not None and (asked.may_end or asked.sort in ("optional", "another", "yes", "number"))

    def put(self, pointer: str, value: Any) -> None:
        self.dialogue.answers = with_value(self.dialogue.answers, pointer, value)

    def ask_again(self, pointer: str) -> None:
        """Take an answer out, so that it is asked."""
        self.dialogue.answers = without_value(self.dialogue.answers, pointer)
        self.dialogue.wanted.append(pointer)

    def problem(self, pointer: str, value: Any) -> str | None:
        """What is wrong with a value there, in their language; None where nothing is, as far as one can say yet."""
        talk = self.talk
        verified = talk.principal.resident_id if talk.principal else ""
        answers = with_value(self.dialogue.answers, pointer, value)
        problem = wrong_at(self.form, answers, pointer, talk.language, verified, talk.platform.city_time())
        return talk.spoken(problem.detail) if problem else None

    def fill_in(self) -> None:
        """Fill in what the sign-in knows, where it is asked. Whoever changes it is asked."""
        if self.talk.principal is None:
            return
        while question := next((one for one in self.missing() if self._known(one)), None):
            self.put(question.pointer, self._known(question))

    def _known(self, question: Question) -> str:
        principal, prefill = self.talk.principal, question.node.get("x-prefill", "")
        if principal is None or question.pointer in self.dialogue.wanted:
            return ""
        told = {"name": principal.name, "resident-id": principal.resident_id, "phone": principal.phone}.get(prefill, "")
        return "" if told and self.problem(question.pointer, told) else told


async def filling_of(talk: Talk) -> Filling:
    """The dialogue on top with its form. Raises NotFound where the item, or the action, is there no more."""
    dialogue = talk.dialogue
    if not dialogue.case:
        return Filling(talk, body_of(await talk.get(f"/v1/items/{dialogue.item}")))
    _, action = await talk.case_action(dialogue.case, dialogue.action)
    return Filling(talk, action["body"])
