"""Who a contact is: a link in the chat by way of a real identity provider, digits and a QR code from the app."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from oidc_provider_mock import User, run_server_in_thread

from banshi import Principal
from banshi.testing import Door, Person, Reply
from conversations import Reply as Chat
from conversations import Scanned
from conversations.contacts.offers import OFFERS
from conversations.engine.bind.linking import LINK_FRESH, MAX_WRONG_DIGITS
from conversations.identity.links import BoundToAnother, LinkOver, bind
from conversations.settings import SETTINGS
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer, Turn
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import nothing_written, office
from tests.plugins import filling
from tests.readers.tables import tables_with

ADDRESS = "https://services.city.example"
LINK = re.compile(rf"{ADDRESS}(/v1/conversations/sign-in/[A-Za-z0-9_-]{{43}})")
CODES, LINKS = "/v1/conversations/codes", "/v1/conversations/links"
NUMBER = filling.NUMBER


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    people = [
        User(sub="wang", claims={"name": "王小明", "resident_id": NUMBER}),
        User(sub="zhao", claims={"name": "赵<i>六</i>"}),
        User(sub="li", claims={"name": "李四", "banshi_roles": ["petitions:reviewer"]}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@asynccontextmanager
async def city(
    folder: Path, provider: str = "", database: str = "", *names: str, push: bool = False, address: str = ADDRESS
) -> AsyncIterator[Door]:
    """A bureau with petitions; with a provider people sign in there, else with tokens for development."""
    identity = {"identity": {"issuer": provider, "audience": "banshi", "client_secret": "any"}} if provider else {}
    platform = {"address": address, "outgoing": {"networks": ["127.0.0.0/8", "::1/128"]}, **identity}
    phones = {"mobile_push": "mobile_push"} if push else {}
    async with office(folder, database, names=("petitions", *names), plugins=phones, platform=platform) as door:
        yield door


async def wants(chatter: Chatter) -> str:
    """Begin what takes a person; the reply."""
    read = {"Accept-Language": chatter.language}
    guide = (await chatter.door.anyone.get("/v1/items/suggest-police", headers=read)).ok()
    return (await chatter.begin(guide["title"])).text


@dataclass
class Browser:
    """Somebody's browser: pages, the one cookie, and the provider's."""

    door: Door
    link: str
    cookie: str = ""

    async def open(self, language: str = "zh-CN") -> Reply:
        return await self.door.anyone.get(self.link, headers={"Accept-Language": language})

    async def go(self, origin: str = ADDRESS) -> str:
        """Press the button; the provider's address."""
        answer = await self.door.anyone.call("POST", self.link, headers={"Origin": origin})
        assert answer.status == 200, answer.body
        (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert morsel["httponly"]
        assert morsel["secure"]
        assert morsel["samesite"] == "Lax"
        assert (morsel.key, morsel["path"], morsel["domain"]) == ("__Host-banshi_sign_in", "/", "")
        self.cookie = f"{morsel.key}={morsel.value}"
        found = re.search('href="([^"]+)"', answer.body.decode())
        assert found
        return unescape(found[1])

    async def sign_in(self, address: str, subject: str) -> str:
        """Sign in at the provider; where it leads back to."""
        sent = self.door.session.post(address, data={"sub": subject}, allow_redirects=False)
        async with sent as answer:
            back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == ADDRESS
        return f"{back.path}?{back.query}"

    async def back(self, way: str) -> Reply:
        return await self.door.anyone.get(way, headers={"Cookie": self.cookie, "Accept-Language": "en"})

    async def binds(self, subject: str) -> Reply:
        return await self.back(await self.sign_in(await self.go(), subject))


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


async def told_of(person: Person, title: str) -> list[dict[str, Any]]:
    """What their inbox has under that title."""
    rows = (await person.get("/v1/inbox?after=0", headers={"Accept-Language": "en"})).ok()["items"]
    return [one for one in rows if one["title"] == title]


async def live(contact: str = "somebody") -> list[ContactLink]:
    row = await ChannelConversation.get(contact=contact)
    return await ContactLink.filter(conversation_id=row.id, ended_at=None)


# -- a link in the chat ------------------------------------------------------------------------------------------------


async def test_a_link_binds_the_contact_and_what_they_wanted_goes_on(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        chatter = Chatter(door, "zh-CN")
        asked = await wants(chatter)
        assert "十位数字" in asked
        assert await chatter.state() == "linking"
        browser = Browser(door, link_in(asked))
        page = await browser.open()
        assert page.status == 200
        assert all(word in page.body.decode() for word in ("test:bureau", urlsplit(provider).netloc, "绑定聊天账号"))
        done = await browser.binds("wang")
        assert done.status == 200
        assert "王小明" in done.body.decode()
        (link,) = await live()
        assert (link.person, link.way) == ("wang", "sign-in")
        assert link.known == {"name": "王小明", "resident_id": NUMBER, "phone": ""}
        reply = await chatter.send("好了")
        assert "已登录，继续办理" in reply.text
        assert await chatter.state() == "asking"


async def test_the_page_runs_nothing_and_is_in_both_languages(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        browser = Browser(door, link_in(await wants(Chatter(door, "zh-CN"))))
        for language, word in (("zh-CN", "登录并绑定"), ("en", "Sign in and bind")):
            page = await browser.open(language)
            assert word in page.body.decode()
            assert "script" not in page.body.decode()
            assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
            assert "unsafe" not in page.headers["Content-Security-Policy"]
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Content-Language"] == language


async def test_a_link_is_good_once_and_looking_at_it_uses_nothing(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        browser = Browser(door, link_in(await wants(Chatter(door, "zh-CN"))))
        for _ in range(3):
            assert (await browser.open()).status == 200
        way = await browser.sign_in(await browser.go(), "wang")
        second = Browser(door, browser.link)
        other_way = await second.sign_in(await second.go(), "zhao")
        assert (await browser.back(way)).status == 200
        assert (await browser.back(way)).status == 400
        assert (await second.back(other_way)).status == 410
        assert (await browser.open()).status == 410
        assert [one.person for one in await live()] == ["wang"]


async def test_a_link_ends_after_ten_minutes_and_one_that_is_made_up_is_none(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        browser = Browser(door, link_in(await wants(Chatter(door, "zh-CN"))))
        way = await browser.sign_in(await browser.go(), "wang")
        now = door.platform.now()
        door.platform.now = lambda: now + timedelta(minutes=10, seconds=1)
        for answer in (await browser.open(), await browser.back(way)):
            assert answer.status == 410
            assert answer.headers["Content-Type"].startswith("text/html")
        for token in ("A" * 43, "A" * 42, "%00" * 43, "'" * 43):
            made_up = await Browser(door, f"/v1/conversations/sign-in/{token}").open()
            assert made_up.status in (404, 410)
            assert made_up.headers["Content-Type"].startswith("text/html")
        assert await live() == []


async def test_nobody_is_led_on_who_has_not_seen_whose_account_it_is(tmp_path: Path, provider: str) -> None:
    """A form on another's site, and the provider's address that somebody else began: there is no cookie."""
    async with city(tmp_path, provider) as door:
        browser = Browser(door, link_in(await wants(Chatter(door, "zh-CN"))))
        for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": ADDRESS + ".evil"}):
            answer = await door.anyone.call("POST", browser.link, headers=headers)
            assert answer.status == 403
            assert "Set-Cookie" not in answer.headers
        way = await browser.sign_in(await browser.go(), "zhao")
        victim = Browser(door, browser.link)
        # A sibling host can set the bare name, with whatever its own browser was given.
        own, sibling = "__Host-banshi_sign_in=", browser.cookie.removeprefix("__Host-")
        for cookie in ("", own, f"{own}made-up", browser.cookie[:-3], sibling):
            victim.cookie = cookie
            assert (await victim.back(way)).status == 400
        assert await live() == []


async def test_over_plain_http_a_cookie_has_its_bare_name_which_browsers_take_there(
    tmp_path: Path, provider: str
) -> None:
    """In development: none that asks for HTTPS would be kept."""
    async with city(tmp_path, provider, address="http://127.0.0.1") as door:
        found = re.search(
            r"http://127.0.0.1(/v1/conversations/sign-in/[A-Za-z0-9_-]{43})", await wants(Chatter(door, "en"))
        )
        assert found
        answer = await door.anyone.call("POST", found[1], headers={"Origin": "http://127.0.0.1"})
        (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert (morsel.key, morsel["path"]) == ("banshi_sign_in", "/v1/conversations/signed-in")
        assert not morsel["secure"]
        assert morsel["httponly"]


async def test_what_the_provider_calls_somebody_is_text_and_staff_bind_nothing(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        chatter = Chatter(door, "zh-CN")
        browser = Browser(door, link_in(await wants(chatter)))
        staff = await browser.binds("li")
        assert staff.status == 403
        assert "member of staff" in unescape(staff.body.decode())
        assert await live() == []
        page = (await browser.binds("zhao")).body.decode()
        assert "赵&lt;i&gt;六" in page


async def test_a_provider_that_says_no_or_is_away_is_told_as_a_page(tmp_path: Path) -> None:
    async with city(tmp_path, "http://127.0.0.1:9") as door:
        browser = Browser(door, link_in(await wants(Chatter(door, "en"))))
        answer = await door.anyone.call("POST", browser.link, headers={"Origin": ADDRESS})
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        for query in ("", "?state=x", "?error=access_denied", "?state=a&state=b", "?unknown=1", "?code=" + "x" * 5_000):
            back = await door.anyone.get(f"/v1/conversations/signed-in{query}")
            assert back.status == 400
            assert back.headers["Content-Type"].startswith("text/html")


async def test_without_a_client_at_the_provider_the_digits_are_named_alone(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        text = await wants(Chatter(door, "en"))
        assert "http" not in text
        assert "ten digits" in text


# -- from the app ------------------------------------------------------------------------------------------------------


async def code_of(person: Person) -> dict[str, str]:
    answer = await person.post(CODES)
    assert answer.headers["Cache-Control"] == "no-store"
    code: dict[str, str] = answer.created()
    assert re.fullmatch("[0-9]{10}", code["digits"])
    return code


@pytest.mark.parametrize("typed", ["{0}{1}", " {0} {1} ", "{0}-{1}"])
async def test_digits_of_the_app_bind_the_contact_that_types_them(tmp_path: Path, typed: str) -> None:
    async with city(tmp_path) as door:
        chatter, wang = Chatter(door, "zh-CN"), door.citizen("wang", "王小明", NUMBER)
        await wants(chatter)
        digits = (await code_of(wang))["digits"]
        full_width = digits.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        reply = await chatter.is_theirs(typed.format(full_width[:5], full_width[5:]))
        assert "王小明" in reply.text
        assert await chatter.state() == "asking"
        (link,) = await live()
        assert (link.person, link.way, link.known["resident_id"]) == ("wang", "digits", NUMBER)


async def test_digits_are_good_once_for_five_minutes_and_until_others_are_taken(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        wang, first, second = door.citizen("wang"), Chatter(door, "en", "first"), Chatter(door, "en", "second")
        used = await code_of(wang)
        await first.is_theirs(used["digits"])
        for content in (used["digits"], Scanned(used["token"])):
            assert "not good" in (await second.send(content)).text
        replaced = await code_of(wang)
        late = await code_of(wang)
        assert "not good" in (await second.send(replaced["digits"])).text
        now = door.platform.now()
        door.platform.now = lambda: now + timedelta(minutes=5, seconds=1)
        assert "not good" in (await second.send(late["digits"])).text
        assert await live("second") == []
        assert len(await live("first")) == 1


async def test_whoever_guesses_digits_is_not_heard_for_an_hour(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter, wang = Chatter(door, "en"), door.citizen("wang")
        code = await code_of(wang)
        wrong = [f"{(int(code['digits']) + step) % 10**10:010}" for step in range(1, MAX_WRONG_DIGITS + 1)]
        for digits in wrong:
            assert "not good" in (await chatter.send(digits)).text
        assert "Too many" in (await chatter.send(code["digits"])).text
        assert await live() == []
        now = door.platform.now()
        door.platform.now = lambda: now + timedelta(hours=1, seconds=1)
        await chatter.is_theirs((await code_of(wang))["digits"])
        assert len(await live()) == 1


async def test_whoever_guesses_with_many_contacts_is_stopped_with_all_of_them(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        object.__setattr__(door.platform[SETTINGS], "digits_an_hour", 6)
        code = await code_of(door.citizen("wang"))
        wrong = f"{(int(code['digits']) + 1) % 10**10:010}"
        guessers = [Chatter(door, "en", f"c-{number}") for number in range(3)]
        for _ in range(3):
            for one in guessers:
                assert "not good" in (await one.send(wrong)).text
        # Each has had a first try; of the others together so many as one hour has.
        for one in guessers:
            assert "Too many codes" in (await one.send(code["digits"])).text
        assert await ContactLink.all().count() == 0


async def test_a_qr_code_of_the_app_binds_and_is_never_digits_or_a_link(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        chatter = Chatter(door, "en")
        token = link_in(await wants(chatter)).rpartition("/")[2]
        assert "not good" in (await chatter.send(Scanned(token))).text
    async with city(tmp_path / "app") as door:
        chatter, code = Chatter(door, "en"), await code_of(door.citizen("wang", "Wang"))
        assert (await Browser(door, f"/v1/conversations/sign-in/{code['token']}").open()).status == 410
        assert "not good" in (await chatter.send(Scanned("x" * 43))).text
        # What has no token's form is a poster's, and a greeting.
        for made_up in ("", code["digits"], "x" * 64):
            assert "your own words" in (await chatter.send(Scanned(made_up))).text
        assert await ContactLink.all().count() == 0
        assert "Wang" in (await chatter.is_theirs(Scanned(code["token"]))).text
        assert [(one.person, one.way) for one in await live()] == [("wang", "app")]
        repeated = Chatter(door, "en")
        first = await repeated.send(Scanned(code["token"]), key="once")
        assert (await repeated.send(Scanned(code["token"]), key="once")).text == first.text


async def test_ten_digits_in_a_form_are_an_answer(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter = Chatter(door, "en")
        await chatter.is_linked("wang", name="Wang")
        await wants(chatter)
        await chatter.send("1234567890")
        assert "not good" not in chatter.said[-1]


async def test_no_table_tells_what_somebody_was_given(tmp_path: Path, provider: str) -> None:
    """Of digits and tokens there are keyed hashes; a link stands in its own reply alone."""
    async with city(tmp_path) as door:
        code = await code_of(door.citizen("wang"))
        assert await tables_with(door, code["digits"], code["token"]) == set()
    async with city(tmp_path / "link", provider) as door:
        token = link_in(await wants(Chatter(door, "en"))).rpartition("/")[2]
        assert await tables_with(door, token) <= {"conversations_turn"}


# -- one at a time -----------------------------------------------------------------------------------------------------


async def test_of_two_who_bind_one_contact_at_once_one_link_is_live(tmp_path: Path, database: str) -> None:
    """One by a link and one by digits, in one moment, of two people: of a bound contact nobody else's is made."""
    async with city(tmp_path, database=database, push=True) as door:
        chatter, platform = Chatter(door, "en"), door.platform
        people = {name: door.citizen(name, name) for name in ("wang", "sun")}
        bound = []
        for _ in range(5):
            await chatter.send((await code_of(people["sun"]))["digits"])
            row = await ChannelConversation.get(contact="somebody")
            _, offer = platform[OFFERS].for_contact(row.id, platform.now())
            await offer.save()
            done = await asyncio.gather(
                bind(platform, offer, principal("wang"), is_proved=False), chatter.send("1"), return_exceptions=True
            )
            # Whoever comes second reads that it is bound, or that the link is used up with the other's.
            assert all(isinstance(one, LinkOver | BoundToAnother | ChannelConversation | Chat) for one in done), done
            (link,) = await live()
            bound.append(link.person)
            await chatter.send("unbind")
        await door.settled()
        told = {name: len(await told_of(one, "A chat knows you now")) for name, one in people.items()}
        assert told == {name: bound.count(name) for name in people}, "a link of which nobody was told"
        assert await ContactLink.all().count() == len(bound)


def principal(name: str) -> Principal:
    return Principal(subject=name, name=name)


async def test_one_link_that_two_use_at_once_binds_one_of_them(tmp_path: Path, database: str) -> None:
    async with city(tmp_path, database=database) as door:
        await Chatter(door, "en").send("0")
        row = await ChannelConversation.get(contact="somebody")
        _, offer = door.platform[OFFERS].for_contact(row.id, door.platform.now())
        await offer.save()
        both = (bind(door.platform, offer, principal(name), is_proved=False) for name in ("wang", "zhao"))
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["ChannelConversation", "LinkOver"]
        assert len(await live()) == 1


async def test_another_person_sees_nothing_of_what_was_begun(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter = Chatter(door, "en")
        await chatter.is_linked("wang", name="Wang", phone="13900000001")
        await wants(chatter)
        await chatter.send("cancel")
        await wants(chatter)
        await chatter.send("later")
        row = await ChannelConversation.get(contact="somebody")
        await ContactLink.filter(conversation_id=row.id).update(ended_at=door.platform.now())
        await chatter.send((await code_of(door.citizen("zhao", "Zhao")))["digits"])
        assert "before is gone" in chatter.said[-1]
        await chatter.send("1")
        assert await chatter.state() == "menu"
        memory = (await ChannelConversation.get(contact="somebody")).memory
        assert memory["dialogues"] == []
        assert [one.person for one in await live()] == ["zhao"]
        assert await ContactLink.filter(person="wang").exclude(ended_at=None).count() == 1


async def test_unbinding_in_the_chat_is_part_of_the_turn(tmp_path: Path) -> None:
    """A turn that isn't written ends no link."""
    async with city(tmp_path) as door:
        chatter = Chatter(door, "en")
        await chatter.is_linked("wang", name="Wang")
        with nothing_written(door, OSError("no disk")), pytest.raises(OSError, match="no disk"):
            await chatter.send("unbind")
        assert len(await live()) == 1
        assert "Nobody is known" in (await chatter.send("unbind")).text
        assert await live() == []
        assert "bound to nobody" in (await chatter.send("unbind")).text


async def test_the_app_lists_own_links_and_ends_them_and_nobody_elses(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        wang, zhao = door.citizen("wang"), door.citizen("zhao")
        for name, person in (("one", wang), ("two", wang), ("three", zhao)):
            await Chatter(door, "en", name).is_theirs((await code_of(person))["digits"])
        rows = (await wang.get(LINKS)).ok()["items"]
        assert [(one["account"], one["way"]) for one in rows] == [("test:bureau", "digits")] * 2
        (theirs,) = (await zhao.get(LINKS)).ok()["items"]
        (await wang.delete(f"{LINKS}/{theirs['id']}")).problem(404, "not-found")
        assert (await wang.delete(f"{LINKS}/{rows[0]['id']}")).status == 204
        (await wang.delete(f"{LINKS}/{rows[0]['id']}")).problem(404, "not-found")
        assert len((await wang.get(f"{LINKS}?limit=1")).ok()["items"]) == 1
        assert len((await zhao.get(LINKS)).ok()["items"]) == 1
        assert (await zhao.get(f"{LINKS}/{theirs['id']}")).ok() == theirs
        (await wang.get(f"{LINKS}/{theirs['id']}")).problem(404, "not-found")
        own = f"{LINKS}/{theirs['id']}"
        for method, path in (("POST", CODES), ("GET", LINKS), ("GET", own), ("DELETE", own)):
            (await door.anyone.call(method, path)).problem(401, "unauthenticated")
            (await door.staff("li", "petitions:reviewer").call(method, path)).problem(403, "forbidden")


async def test_a_link_that_the_app_ends_ends_what_was_begun(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter, wang = Chatter(door, "en"), door.citizen("wang", "Wang")
        await chatter.is_theirs((await code_of(wang))["digits"])
        await wants(chatter)
        assert await chatter.state() == "asking"
        (row,) = (await wang.get(LINKS)).ok()["items"]
        assert (await wang.delete(f"{LINKS}/{row['id']}")).status == 204
        assert "before is gone" in (await chatter.send("hello")).text
        assert await chatter.state() == "menu"


async def test_a_stranger_who_goes_on_with_what_takes_a_person_is_asked_again(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter = Chatter(door, "en")
        await wants(chatter)
        for words in ("continue", "0", "continue"):
            await chatter.send(words)
        assert "who you are" in chatter.said[-1]
        assert await chatter.state() == "linking"
        # And from there another item.
        await wants(chatter)
        assert await chatter.state() == "linking"


async def test_a_sign_in_of_more_than_thirty_days_ago_is_asked_again_for_what_takes_a_verified_person(
    tmp_path: Path, provider: str
) -> None:
    async with city(tmp_path, provider, "", "household") as door:
        chatter = Chatter(door, "en")
        await chatter.is_linked("wang", name="Wang", resident_id=NUMBER)
        now = door.platform.now()
        strong = next(one for one in door.platform.registry.items.values() if one.owner is not None or one.names_holder)
        guide = (await door.anyone.get(f"/v1/items/{strong.code}", headers={"Accept-Language": "en"})).ok()
        await chatter.begin(guide["title"])
        assert await chatter.state() == "asking"
        await chatter.send("cancel")
        door.platform.now = lambda: now + LINK_FRESH + timedelta(minutes=1)
        reply = await chatter.begin(guide["title"])
        assert "more than 30 days" in reply.text
        assert await chatter.state() == "linking"
        await wants(chatter)
        assert await chatter.state() == "asking"
        await chatter.send("cancel")
        await chatter.send("continue")
        browser = Browser(door, link_in(chatter.said[-1]))
        door.platform.now = lambda: now + LINK_FRESH + timedelta(minutes=2)
        assert (await browser.binds("wang")).status == 200
        assert "You are signed in" in (await chatter.send("ok")).text
        assert await chatter.state() == "asking"


async def test_an_offer_and_a_turn_are_written_together(tmp_path: Path, provider: str) -> None:
    async with city(tmp_path, provider) as door:
        await wants(Chatter(door, "en"))
        row = await ChannelConversation.get(contact="somebody")
        assert await LinkOffer.filter(conversation_id=row.id).count() == 1
        assert await Turn.filter(conversation_id=row.id).count() == row.version
