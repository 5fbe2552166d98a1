"""One request of a browser: who is there, what the API says to them, and the page that they get."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web
from multidict import MultiDict
from yarl import URL

from banshi import LANGUAGES, Answer, Audience, Call, Parameter, Principal, Problem, text_in
from banshi.sdk.http import READER, ErrorFormat, Routes
from web_site import session as sessions
from web_site.rendering import FURTHER_SPEAK, PAGES, rendered
from web_site.rooms import ROOMS, Room
from web_site.sentences import say
from web_site.session import ROOT, Session

#: Nothing from elsewhere, nothing that stands in the page itself, and nobody's frame around it.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Vary": "Accept-Language, Cookie"}
LANGUAGE, TYPE = "banshi_language", "banshi_type"
YEAR_S = 365 * 86_400

HTML = Answer("A page.", media_type="text/html")
ON = Answer("On to another page.", media_type="text/html", headers={"Location": "Where."})
#: What went wrong is told on a page too, and keeps its status.
TROUBLE = dict.fromkeys((400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503), HTML)


class SignedOut(Problem, status=401, code="signed-out", says=say):
    """Please sign in to see this page."""


@dataclass
class Visit:
    """What a page is made of."""

    call: Call
    session: Session | None
    #: In what the API answers, and in what the page's own words are.
    language: str
    page_language: str
    is_large: bool
    #: What was sent with a form: texts by the names of its fields.
    sent: MultiDict[str] = field(default_factory=MultiDict)
    #: The files that were chosen, as `filling.sent.File`; on staff's pages.
    files: Sequence[Any] = ()
    #: Whether it is one of staff's pages.
    is_work: bool = False
    #: How pages are shown from now on: cookies by name.
    chosen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, call: Call) -> Visit:
        cookies = call.request.cookies
        is_work = sessions.is_work(call.request.path)
        session = sessions.found(call, sessions.STAFF_COOKIE if is_work else sessions.COOKIE)
        visit = cls(call, session, call.language, call.language, cookies.get(TYPE) == "large", is_work=is_work)
        visit.choose(cookies.get(LANGUAGE))
        visit.chosen.clear()
        return visit

    @property
    def person(self) -> Principal:
        """Who is signed in. Raises SignedOut."""
        if self.session is None or self.session.is_over:
            raise SignedOut
        return self.session.person

    @property
    def known(self) -> Principal | None:
        """The same, where a page is for everybody."""
        return None if self.session is None or self.session.is_over else self.session.person

    def be_at_work(self) -> None:
        """Have a page that citizens have too look as staff's."""
        self.is_work, self.session = True, sessions.found(self.call, sessions.STAFF_COOKIE)

    @property
    def version(self) -> int:
        """The version that a page has shown; 0, which none is, for what is no number."""
        told = self.sent.get("version", "")
        return int(told) if told.isdecimal() and len(told) < 10 else 0

    @property
    def office(self) -> str:
        """What the department of a member of staff is called; "" for whoever works in several."""
        known, own = self.call.platform.registry.departments, {role.department for role in self.person.roles}
        found = known.get(own.pop()) if len(own) == 1 else None
        return text_in(found.title, self.language) if found else ""

    @property
    def rooms(self) -> list[Room]:
        """What a member of staff finds in the header."""
        platform, person = self.call.platform, self.known
        return [one for one in platform[ROOMS] if person and one.admits(platform, person)]

    @property
    def again(self) -> str:
        """Where one gets this page again: an item's form, after something was sent to it."""
        code = self.call.path.get("code") if self.call.request.method == "POST" else None
        return f"{ROOT}/items/{code}/form" if code and not self.is_work else self.call.request.path_qs

    def choose(self, shown: str | None) -> None:
        """Show pages in another language, or in larger type, from this one on; nothing for what is neither."""
        if shown is not None and shown in dict(self.call.platform[PAGES].languages):
            self.chosen[LANGUAGE] = self.page_language = shown
            self.language = shown if shown in LANGUAGES else FURTHER_SPEAK
        elif shown in ("large", "normal"):
            self.chosen[TYPE], self.is_large = shown, shown == "large"

    async def get(self, address: str, **query: str) -> Any:
        """What the API has at an address, for who is there."""
        reader = self.call.platform[READER]
        return await reader.get(str(URL(address).update_query(query)), self.known, self.language)

    async def published(self, address: str, **query: str) -> Any:
        """What anybody is shown there, whoever asks; None where nothing of the sort is published here."""
        reader = self.call.platform[READER]
        try:
            return await reader.get(str(URL(address).update_query(query)), None, self.language)
        except Problem as problem:
            if problem.status not in (401, 403, 404, 503):
                raise
            return None

    async def find(self, address: str) -> Any:
        """The same; None where there is no such thing."""
        try:
            return await self.get(address)
        except Problem as problem:
            if problem.status not in (401, 404):
                raise
            return None

    async def send(self, method: str, address: str, body: Any = None, **more: Any) -> Any:
        """Have something done for who is there; the document of the answer, None where it has none."""
        reader, person = self.call.platform[READER], more.pop("person", self.known)
        answer = await reader.send(
            method, address, person, self.language, body, sender=self.call.request.remote, **more
        )
        told = getattr(answer, "body", None)
        return orjson.loads(told) if told else None

    async def page(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **names: Any
    ) -> web.Response:
        """A page of ours; `headers` are its own, such as another policy."""
        unread = 0
        if self.known is not None and not self.is_work:
            unread = (await self.get("/v1/inbox/unread"))["unread"]
        text = rendered(self.call.platform[PAGES], template, self.page_language, visit=self, unread=unread, **names)
        answer = html(text, self.page_language, status)
        answer.headers.update(headers or {})
        return self._keeping(answer)

    def to(self, address: str) -> web.Response:
        """On to another page of ours."""
        return self._keeping(web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"}))

    def _keeping(self, answer: web.Response) -> web.Response:
        is_safe = self.call.address.startswith("https:")
        for name, shown in self.chosen.items():
            answer.set_cookie(name, shown, max_age=YEAR_S, path=ROOT, samesite="Lax", httponly=True, secure=is_safe)
        return answer

    def said(self, problem: Problem, here: Collection[int] | None = None) -> str:
        """What went wrong, in a line; raises what isn't said `here`."""
        if here is not None and problem.status not in here:
            raise problem
        told = problem.document(self.language)
        return " ".join(str(one["detail"]) for one in told.get("problems", ())) or str(told["detail"])

    async def trouble(self, problem: Problem) -> web.Response:
        """What went wrong, for a person with a browser."""
        detail = problem.document(self.language)
        answer = await self.page("frame/problem.html", status=problem.status, problem=detail)
        answer.headers.update({name: text for name, text in problem.headers.items() if name == "Retry-After"})
        return answer


def html(text: str, language: str, status: int = 200) -> web.Response:
    """A page, which nobody keeps."""
    headers = {**HEADERS, "Content-Language": language, "Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def plain_trouble(problem: Problem, language: str) -> web.Response:
    """What went wrong before anybody knew whose page it is."""
    return html(
        rendered(None, "frame/plain.html", language, problem=problem.document(language)), language, problem.status
    )


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]
ERRORS = ErrorFormat(media_type="text/html", told=plain_trouble)


def _visited(handler: Handler) -> Callable[[Call], Awaitable[web.StreamResponse]]:
    @functools.wraps(handler)
    async def handle(call: Call) -> web.StreamResponse:
        visit = Visit.of(call)
        try:
            answer = await handler(visit)
        except Problem as problem:
            there = quote(sessions.within(call.request.path_qs), safe="")
            led = problem.status == 401 and call.request.method in {"GET", "HEAD"}
            answer = visit.to(f"{ROOT}/sign-in?next={there}") if led else await visit.trouble(problem)
        # What may be kept by others than the browser bears nobody's cookie.
        is_own = answer.headers.get("Cache-Control") == "no-store"
        is_new = any(one.name in str(answer.cookies) for one in (sessions.COOKIE, sessions.STAFF_COOKIE))
        if is_own and visit.known is not None and not is_new:
            sessions.go_on(call, answer, visit.session)  # type: ignore[arg-type]
        return answer

    return handle


class Pages(Routes):
    """A room's pages, each declared above its handler."""

    def __init__(self) -> None:
        super().__init__("site", errors=ERRORS, lenient=True, described=False)

    def show(
        self, path: str, query: Mapping[str, int] | None = None, media_type: str = ""
    ) -> Callable[[Handler], Handler]:
        """A page that is asked for, or what else is: `query` has its parameters with the most letters of each."""
        asked = [_parameter(name, most) for name, most in (query or {}).items()]
        return self._page(self.get(ROOT + path, Audience.ANYONE, _answers(media_type), parameters=asked))

    def take(self, path: str, media_type: str = "") -> Callable[[Handler], Handler]:
        """What a form of ours sends, and our script."""
        return self._page(self.post(ROOT + path, Audience.ANYONE, _answers(media_type), raw_body=SENT))

    def _page(self, declare: Any) -> Callable[[Handler], Handler]:
        def declared(handler: Handler) -> Handler:
            declare(_visited(handler))
            return handler

        return declared


#: What browsers send a form as.
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
SENT = {URLENCODED: TEXTS, MULTIPART: TEXTS}


def _answers(media_type: str) -> Mapping[int, Answer]:
    schema = {"type": "object"} if media_type.endswith("json") else None
    return {**TROUBLE, 200: Answer("What it shows.", schema, media_type) if media_type else HTML, 303: ON}


def _parameter(name: str, most: int) -> Parameter:
    return Parameter(name, {"type": "string", "maxLength": most}, "Of the page.")
