"""One inbound message on its way: what is known, what is answered, and what is written with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from tortoise.models import Model
from uuid_utils.compat import uuid7
from yarl import URL

from banshi import NotFound, Platform, Principal, Problem, Update, text_in
from banshi.sdk.http import READER
from banshi.sdk.personal_data import masked
from conversations.contents import Asked, Button, Content, Received, Reply, Text, Voice, digest_of, kept_content
from conversations.engine.turn.memory import Dialogue, Memory
from conversations.engine.turn.states import after
from conversations.figures.counting import What, begun_in, count_rows, figure, moved
from conversations.identity.links import person_of
from conversations.outbound.saying import answer_key, promise
from conversations.outbound.sender import outlet_of
from conversations.outbound.windows import own_kind
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, ContactLink, Turn
from questions.spelling import ID_NUMBER, written

#: What is shown when a message is dealt with: the next question, all answers, or the menu.
Then = Literal["", "ask", "confirm", "menu"]


@dataclass(slots=True)
class Talk:
    """What the rooms of the engine work on."""

    platform: Platform
    row: ChannelConversation
    #: Whether the conversation is there already.
    is_new: bool
    received: Received
    memory: Memory
    #: Of the turn.
    id: UUID = field(default_factory=uuid7)
    #: Who it is, where they have signed in for this contact.
    link: ContactLink | None = None
    lines: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    #: The question at the end of the lines.
    asked: Asked | None = None
    #: What they mean by a word of theirs: something that they wrote before.
    instead: str = ""
    #: What is still to be shown.
    then: Then = ""
    #: The id of the upload that a file for the desk became.
    upload: str = ""
    #: What else the turn writes.
    beside: list[Model | Update] = field(default_factory=list)
    #: That, and what is counted: as the receipt has it.
    written: list[Model | Update] = field(default_factory=list)
    #: How an item ended well in this turn, and which.
    done: tuple[What, str] | None = None
    #: Set once all of it is written, with a case or a step.
    is_kept: bool = False

    @property
    def principal(self) -> Principal | None:
        return person_of(self.link, self.row.account) if self.link else None

    @property
    def language(self) -> str:
        return self.row.language

    @property
    def content(self) -> Content:
        return self.received.content

    @property
    def text(self) -> str:
        """What they wrote or said, "" where it is something else."""
        if self.instead:
            return self.instead
        match self.content:
            case Text(text) | Voice(text):
                return written(text)
        return ""

    @property
    def dialogue(self) -> Dialogue:
        return self.memory.dialogue

    def word(self, english: str, **names: object) -> str:
        """A sentence in their language."""
        return text_in(say(english, **names), self.language)

    def refused(self, problem: Problem) -> None:
        """Say why something can't be. What may be well in a moment is raised: the message comes again with it."""
        if problem.status >= 500:
            raise problem
        self.lines.append(str(problem.document(self.language)["detail"]))

    def spoken(self, text: str | Mapping[str, str]) -> str:
        return text if isinstance(text, str) else text_in(text, self.language)

    def say(self, english: str, **names: object) -> None:
        self.lines.append(self.word(english, **names))

    def offer(self, options: Sequence[tuple[str, str]], more: str | None = "") -> None:
        """List commands by number: what each stands for, and its words; `more` leads to the next page."""
        self.memory.menu = [*options, *([(more, self.word("Show more"))] if more else [])]
        self.put(self.memory.menu, Asked(sort="menu"))

    def put(self, options: Sequence[tuple[Any, str]], asked: Asked, *more: tuple[Any, str, str]) -> None:
        """List choices by number, as those of a question; `more` may be said beside them."""
        choices = [(value, words, str(number)) for number, (value, words) in enumerate(options, start=1)]
        self.lines += [f"{number} {words}" for _, words, number in choices]
        self.buttons += [Button(words, says) for _, words, says in choices]
        self.asked = replace(asked, choices=(*choices, *more))

    def go(self, happened: str, then: Then) -> None:
        """Go on in the state table, and show that afterwards."""
        if happened:
            self.happen(happened)
        self.then = then

    def happen(self, what: str) -> None:
        """Go on in the state table."""
        self.row.state = after(self.row.state, what)  # type: ignore[arg-type]  # a column's text

    def count(self, what: What) -> None:
        """Count something that happens, at what is asked just now."""
        top = self.memory.dialogues[-1:] if self.row.state in ("linking", "asking", "confirming") else []
        where = [(one.item, one.asked) for one in top if not one.case] or [("", None)]
        self.beside.append(figure(self.platform, self.row.account, what, *where[0]))

    async def get(self, address: str) -> Any:
        """What the API has there, for whoever this is."""
        return await self.platform[READER].get(address, self.principal, self.language)

    async def case_action(self, identity: str, action: str) -> tuple[Any, Any]:
        """A case with one of the actions that they may take now. Raises NotFound where it isn't among them any more."""
        case = await self.get(f"/v1/cases/{identity}")
        one = next((one for one in case["permitted_actions"] if one["action"] == action), None)
        if one is None:
            raise NotFound
        return case, one

    async def search(self, words: str, most: int) -> Any:
        """The items that everyday words find, and the help that goes with them."""
        return await self.get(str(URL("/v1/items").with_query(q=words[:100], limit=str(most))))

    def receipt(self) -> list[Model | Update]:
        """What the transaction writes beside the rest: this turn, and how far the conversation has come."""
        row, version, self.memory.is_group = self.row, self.row.version, self.received.group
        memory = self.memory.stored()
        before, now = begun_in(row.memory), begun_in(memory)
        written = [*self.beside, *moved(self.platform, row.account, before, now, self.done)]
        self.written = count_rows(self.platform, row.id, written, is_bound=self.principal is not None)
        changed = {
            "version": version + 1,
            # Who has filled in an officer's form is with them again.
            "state": "held" if self.memory.is_beside and row.state == "menu" else row.state,
            "language": row.language,
            "memory": memory,
            "heard_at": self.received.at,
        }
        turn = Turn(
            id=self.id,
            conversation_id=row.id,
            key=self.received.key,
            digest=digest_of(self.content),
            at=self.platform.now(),
            heard={**kept_content(self.content), **({"id": self.upload} if self.upload else {})},
            reply=self.reply.stored(),
        )
        conversation: Model | Update = Update(ChannelConversation, {"id": row.id, "version": version}, changed)
        if self.is_new:
            of = {"account": row.account, "contact": row.contact, "begun_at": row.begun_at}
            conversation = ChannelConversation(id=row.id, **of, **changed)
        return [conversation, turn, *self._promised(), *self.written]

    def _promised(self) -> list[Model]:
        """The answer, where it goes by a call of its own: in the turn's transaction, it is lost with nothing."""
        row, answer = self.row, self.reply
        if not answer.text or not outlet_of(self.platform, row.account).by_call:
            return []
        person, key = self.principal.subject if self.principal else "", self.received.key
        own = answer_key(row.account, row.contact, key, digest_of(self.content))
        return [promise(self.platform, row, answer, by="engine", person=person, key=own, window=own_kind(key))]

    @property
    def reply(self) -> Reply:
        text = ID_NUMBER.sub(lambda found: str(masked(found[0])), "\n".join(self.lines))
        return Reply(text=text, buttons=tuple(self.buttons), asked=self.asked)
