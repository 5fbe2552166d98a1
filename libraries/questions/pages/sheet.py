"""A form as one page: the same questions as in the chat, read and judged in the same way, without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from banshi import FieldProblem, text_in
from banshi.sdk.danger import danger_in
from questions.answering import form_of, wrong_at
from questions.plan import Question, choices, plan, with_value
from questions.read import Answered, Ended, read
from questions.sentences import say

#: What a bare page doesn't ask: it has no script, and takes no files.
LEFT_OUT = frozenset({"file", "listed", "another"})
#: Texts that may be longer than this get more lines.
LINE_CHARS = 100
TYPES = {"day": "date", "moment": "datetime-local"}


#: What is sent with a form whose page said whom to call; no pointer.
TOLD = "told"


@dataclass(slots=True)
class Sheet:
    """What is known, what was typed, and what is wrong with it."""

    schema: Mapping[str, Any]
    answers: Any
    language: str
    #: The verified ID number of whoever fills it in.
    verified: str
    now: datetime
    #: By pointer, what was sent; None where nothing was sent yet.
    typed: Mapping[str, Sequence[str]] | None = None
    asked: list[Question] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    #: Whether danger is spoken of, and whom to call was said.
    is_told: bool = False
    #: Pointers that may be left out, and those of them that are.
    _may: set[str] = field(default_factory=set)
    _settled: list[str] = field(default_factory=list)

    def read(self) -> bool:
        """Read what was sent, question by question; whether all of it is right."""
        seen: set[str] = set()
        while question := next((one for one in self._missing() if one.pointer not in seen), None):
            seen.add(question.pointer)
            if question.sort == "optional":
                self._may |= {pointer for pointer, _ in question.fields}
            elif question.sort in LEFT_OUT:
                self._leave_out(question)
            else:
                self.asked.append(question)
                self._take(question)
        typed = self.typed or {}
        if danger := danger_in(" ".join(text for at, some in typed.items() if at != TOLD for text in some)):
            # Whom to call stands above all; only once that was read, it is handed in.
            self.is_told = True
            if TOLD not in typed:
                self.wrong[""] = " ".join(danger.instructions(self.language))
        return self.typed is not None and not self.wrong

    def _missing(self) -> Iterator[Question]:
        return plan(self.schema, self.answers, self._settled, self._may)

    def _leave_out(self, question: Question) -> None:
        self._settled += [question.pointer, question.pointer.rpartition("/")[0] + "/-"]
        if question.sort != "another" and not question.may_end and not self._may_lack(question.pointer):
            self.wrong[""] = text_in(say("“{title}” is asked for in the chat.", title=question.title), self.language)
        self._may.discard(question.pointer)

    def _may_lack(self, pointer: str) -> bool:
        return any(pointer == one or pointer.startswith(f"{one}/") for one in self._may)

    def _take(self, question: Question) -> None:
        text = "、".join(self.typed.get(question.pointer, ())) if self.typed else ""
        if not text.strip():
            if self._may_lack(question.pointer):
                self._settled.append(question.pointer)
                self._may.discard(question.pointer)
            elif self.typed is not None:
                self.wrong[question.pointer] = text_in(say("Fill this in."), self.language)
            return
        match read(question, text, self.now):
            case Answered(values):
                tried = [with_value(self.answers, question.pointer, value) for value in values]
                form, at = form_of(self.schema), question.pointer
                problems = [wrong_at(form, one, at, self.language, self.verified, self.now) for one in tried]
                if None in problems:
                    self.answers = tried[problems.index(None)]
                else:
                    self.refuse(problems[0])
            case Ended():
                self._settled.append(question.pointer)
            case _:
                self.wrong[question.pointer] = text_in(say("That is no answer to this question."), self.language)

    def refuse(self, problem: FieldProblem | None) -> None:
        """Say at its field what is wrong; at the top where it isn't on the page."""
        if problem is not None:
            at = problem.pointer if problem.pointer in {one.pointer for one in self.asked} else ""
            self.wrong[at] = problem.document(self.language)["detail"]

    # -- HTML ----------------------------------------------------------------------------------------------------

    def html(self, button: str) -> str:
        """The form as HTML."""
        fields = "".join(self._field(one) for one in self.asked)
        told = f'<input type="hidden" name="{TOLD}" value="1">' if self.is_told else ""
        return (
            f'<form method="post">{self._warning("")}{fields}{told}<button class="btn">{escape(button)}</button></form>'
        )

    def _warning(self, pointer: str) -> str:
        return f'<p class="warn">{escape(self.wrong[pointer])}</p>' if pointer in self.wrong else ""

    def _field(self, question: Question) -> str:
        node = question.node
        star = "" if self._may_lack(question.pointer) or question.pointer in self._settled else " *"
        hints = [
            f"<small>{escape(str(node[name]))}</small>" for name in ("description", "x-pattern-hint") if name in node
        ]
        return (
            f'<div class="f"><label>{escape(question.label)}{star}<br>{self._control(question)}</label>'
            f"{''.join(hints)}</div>{self._warning(question.pointer)}"
        )

    def _control(self, question: Question) -> str:
        name, sent = escape(question.pointer), (self.typed or {}).get(question.pointer, ())
        options = choices(question.node)
        if question.sort == "yes":
            options = [(True, "✓"), (False, "✗")]
        if options:
            shown = "".join(
                f'<option value="{number}"{" selected" if str(number) in sent else ""}>{escape(words)}</option>'
                for number, (_, words) in enumerate(options, start=1)
            )
            several = " multiple" if question.sort == "choices" else ""
            return f'<select name="{name}"{several}>{"" if several else "<option></option>"}{shown}</select>'
        value = escape(sent[0] if sent else "")
        if question.sort == "text" and question.node.get("maxLength", 0) > LINE_CHARS:
            return f'<textarea name="{name}" rows="5">{value}</textarea>'
        return f'<input name="{name}" type="{TYPES.get(question.sort, "text")}" value="{value}" autocomplete="off">'
