"""What a conversation remembers between two messages: answers, and what the numbers on the screen stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Dialogues that wait at once: one, and one that came in between.
MAX_DIALOGUES = 2


@dataclass(slots=True)
class Dialogue:
    """One thing that is being filled in: an item's beginning, or an action on a case."""

    #: The item's code.
    item: str
    title: str
    #: Of an action: the case and the action's name.
    case: str = ""
    action: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    #: Pointers of what is left out, and of lists that have all their entries.
    settled: list[str] = field(default_factory=list)
    #: Pointers of optional fields that are to be filled in.
    wanted: list[str] = field(default_factory=list)
    #: What was answered, in order: where "back" leads.
    answered: list[str] = field(default_factory=list)
    #: What the numbers of the question on the screen stand for, where the form alone doesn't say it: value and words.
    options: list[tuple[Any, str]] = field(default_factory=list)
    #: By pointer, what was read of an answer that is a code of a list.
    words: dict[str, str] = field(default_factory=dict)
    #: The day whose times are on the screen.
    day: str = ""
    #: What may have been a question of theirs: sent once more it is the answer.
    doubted: str = ""
    #: Tries at the question on the screen.
    tries: int = 0
    #: The pointer of what was asked last, for figures alone: what is asked next is derived.
    asked: str | None = None
    #: The id of the enquiry in which an officer has offered it.
    enquiry: str = ""


@dataclass(slots=True)
class Memory:
    """All of it; `dialogues` ends with the one that is talked about."""

    dialogues: list[Dialogue] = field(default_factory=list)
    #: What the numbers of a menu stand for: a command with what it is about, and its words.
    menu: list[tuple[str, str]] = field(default_factory=list)
    #: Messages in a row that nobody understood.
    missed: int = 0
    #: What was read last: "item" or "case", and which.
    about: str = ""
    #: Who was known by this contact when it was last heard.
    person: str = ""
    #: When they sent digits of no app, in Unix seconds.
    wrong_digits: list[float] = field(default_factory=list)
    #: What an officer has offered, as `bind.offering` has it.
    offer: dict[str, Any] = field(default_factory=dict)
    #: Whether an officer holds them while they fill something in.
    is_beside: bool = False
    #: Whether others read along.
    is_group: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Memory:
        # Another version's may have more, or less.
        known = [{name: one[name] for name in Dialogue.__slots__ if name in one} for one in stored["dialogues"]]
        dialogues = [Dialogue(**{**one, "options": [tuple(two) for two in one["options"]]}) for one in known]
        own = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**{**own, "dialogues": dialogues, "menu": [tuple(one) for one in stored["menu"]]})

    def stored(self) -> dict[str, Any]:
        """As JSON; nothing in it is copied."""
        dialogues = [{name: getattr(one, name) for name in Dialogue.__slots__} for one in self.dialogues]
        return {**{name: getattr(self, name) for name in self.__slots__}, "dialogues": dialogues}

    @property
    def dialogue(self) -> Dialogue:
        """The one that is talked about. IndexError where there is none."""
        return self.dialogues[-1]

    def forget(self) -> None:
        """Forget what was begun, and for whom."""
        self.dialogues, self.menu, self.about, self.person, self.offer = [], [], "", "", {}

    def push(self, dialogue: Dialogue) -> None:
        """Talk about this one now; the one before waits, and what waited before that is gone."""
        self.dialogues = [*self.dialogues[-1:], dialogue][-MAX_DIALOGUES:]
