"""The story of one vehicle pass, told over HTTP with the API that an app uses.

Every step checks what came back and raises `StoryFailed` where it isn't what was promised, so that the demonstration
can't go on smiling past a broken platform.
"""

from __future__ import annotations

import asyncio
import io
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

import orjson

from banshi.ops.cli.demo.chat import Say, talk
from banshi.testing import TINY_PNG, Door, Person, Reply

#: Longest time in seconds that the story waits for a message.
MESSAGE_TIMEOUT_S = 5.0

Tell = Callable[[str, str], None]
T = TypeVar("T")


class StoryFailed(Exception):
    """The platform did not do what the story promises."""


def require(condition: object, what: str) -> None:
    if not condition:
        raise StoryFailed(what)


async def first_of(look: Callable[[], Iterable[T]], otherwise: str) -> T:
    """The first that `look` finds, which looks again and again for some seconds. Raises StoryFailed."""
    deadline = time.monotonic() + MESSAGE_TIMEOUT_S
    while time.monotonic() < deadline:
        for found in look():
            return found
        await asyncio.sleep(0.005)
    raise StoryFailed(f"{otherwise} within {MESSAGE_TIMEOUT_S} s")


@dataclass(slots=True)
class Phone:
    """A citizen's phone: registered with the push service and following its own stream."""

    person: Person
    token: str
    #: What came over the stream: (monotonic time, message).
    stream: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    async def follow(self, door: Door) -> None:
        """Read the stream until cancelled, as the app does while it is open."""
        headers = {"Authorization": f"Bearer {self.person.token}", "Accept-Language": "en"}
        async with door.session.get(f"{door.url}/v1/inbox/stream", headers=headers, timeout=None) as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    self.stream.append((time.monotonic(), orjson.loads(line[6:])))

    async def message_about(self, words: str, since: float) -> tuple[float, dict[str, Any]]:
        """The first message with these words in its title that came after `since`, and after how many seconds."""
        return await first_of(
            lambda: ((at - since, one) for at, one in self.stream if at >= since and words in one["title"].lower()),
            f"no message with {words!r} reached the stream",
        )


class Story:
    """Who takes part, and what was learnt on the way.

    Args:
        sandbox: The push provider's stand-in: `received` has what each phone was sent.
        say: Sends a message in a chat, and says what is answered.
    """

    def __init__(self, door: Door, sandbox: Any, tell: Tell, say: Say) -> None:
        self.door, self.sandbox, self.tell, self.say = door, sandbox, tell, say
        #: Seconds from the approval to the push and to the stream.
        self.push_seconds = self.stream_seconds = 0.0
        self.citizen = door.citizen("citizen-wang", name="王小明")
        self.stranger = door.staff("staff-zhao", "household:reviewer", "household:approver")
        self.reviewer = door.staff("staff-li", "traffic:reviewer", "traffic:approver")
        self.officer = door.officer("officer-chen", "traffic")
        self.phone = Phone(self.citizen, f"sandbox-phone-{uuid.uuid4().hex}")

    async def run(self) -> None:
        """The whole story, step by step."""
        await self.register()
        following = asyncio.create_task(self.phone.follow(self.door))
        try:
            await self.read_guide()
            case = await self.submit()
            await self.correct(case)
            await self.approve(case)
            text = await self.fetch_pass(case)
            await self.scan(case, text)
            await talk(self.citizen, self.say, self.tell, case)
        except AssertionError as error:  # an answer of another status than the story expects
            raise StoryFailed(str(error)) from error
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def register(self) -> None:
        body = {"provider": "fcm", "token": self.phone.token, "platform": "android", "language": "en"}
        device = (await self.citizen.post("/v1/devices", body)).created()
        self.tell("A citizen registers a phone", f"POST /v1/devices → 201, device {device['id']}")

    async def read_guide(self) -> None:
        english = {"Accept-Language": "en"}
        items = (await self.door.anyone.get("/v1/items", headers=english)).ok()["items"]
        self.tell("lists the items", "\n".join(f"{item['code']}: {item['title']}" for item in items))
        guide = (await self.door.anyone.get("/v1/items/zone-pass", headers=english)).ok()
        self.tell(
            "reads the guide and the form",
            f"{guide['title']}: {guide['promised_days']} working days promised, {guide['visits']} visits, "
            f"law: {guide['legal_basis'][0]['title']}, article {guide['legal_basis'][0]['article']}\n"
            f"the form asks for: {', '.join(guide['form']['required'])}",
        )

    async def submit(self) -> dict[str, Any]:
        answers = await self.answers()
        wrong = {"answers": {**answers, "plate": "川B123"}}
        reply = await self.citizen.post("/v1/items/zone-pass/cases", wrong, headers={"Accept-Language": "en"})
        problem = reply.problem(422, "invalid-fields")["problems"][0]
        require(problem["pointer"] == "/answers/plate", f"the problem points to {problem['pointer']}")
        self.tell("submits with one mistake", f"422, {problem['pointer']}: {problem['detail']}")
        started = time.monotonic()
        key = uuid.uuid4().hex
        first = await self.citizen.post("/v1/items/zone-pass/cases", {"answers": answers}, key=key)
        second = await self.citizen.post("/v1/items/zone-pass/cases", {"answers": answers}, key=key)
        case: dict[str, Any] = first.created()
        require(second.created()["id"] == case["id"], "one Idempotency-Key made two cases")
        cases = (await self.citizen.get("/v1/cases")).ok()["items"]
        require(len(cases) == 1, f"the citizen has {len(cases)} cases")
        self.tell("submits right, twice with one Idempotency-Key", f"201 and 201, one case: {case['number']}")
        after, message = await self.phone.message_about("accepted", started)
        self.tell("the phone is told", f"{message['title']} (on the stream after {after * 1000:.0f} ms)")
        return case

    async def answers(self) -> dict[str, Any]:
        files = [(await self.citizen.upload(TINY_PNG, name)).created()["id"] for name in ("licence", "registration")]
        today = date.fromisoformat(self.door.platform.today().isoformat())
        return {
            "plate": "川BD12345",
            "vehicle_class": "heavy-truck",
            "zones": ["2", "5"],
            "hours": "22-6",
            "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=29)).isoformat(),
            "purpose": "为社区超市配送蔬菜",
            "driver": {"name": "王小明", "phone": "13800000000"},
            "licence": files[0],
            "registration": files[1],
        }

    async def correct(self, case: dict[str, Any]) -> None:
        link = case["links"]["self"]
        hidden = await self.stranger.get(link)
        hidden.problem(404, "not-found")
        self.tell("Staff of another department look for the case", "404: for them it does not exist")
        listed = (await self.reviewer.get("/v1/worklist")).ok()["items"]
        require([one["id"] for one in listed] == [case["id"]], "the case is not in the worklist")
        due = listed[0]["deadline"]["due_on"]
        self.tell("Traffic staff find it in their worklist", f"{case['number']}, due on {due}")
        started = time.monotonic()
        returned = await self.act(self.reviewer, link, "return", {"reason": "请写明配送的具体地点。"})
        require(returned["deadline"]["running"] is False, "the clock did not stop")
        _, message = await self.phone.message_about("please correct", started)
        state = returned["state_title"]
        told = f"“{state}”, and the clock is paused; the phone is told:\n{message['title']}: {message['body']}"
        self.tell("return it for correction", told)
        corrected = {**(await self.citizen.get(link)).ok()["answers"], "purpose": "为第二、五区的社区超市夜间配送蔬菜"}
        started = time.monotonic()
        await self.act(self.citizen, link, "supplement", {"answers": corrected})
        await self.phone.message_about("accepted", started)
        after = (await self.citizen.get(link, headers={"Accept-Language": "en"})).ok()
        require(after["deadline"]["running"], "the clock does not run again")
        self.tell("The citizen supplements it", f"“{after['state_title']}”, due on {after['deadline']['due_on']}")

    async def approve(self, case: dict[str, Any]) -> None:
        started = time.monotonic()
        approved = await self.act(self.reviewer, case["links"]["self"], "approve", {})
        self.stream_seconds, message = await self.phone.message_about("approved", started)
        pushed = await self.pushed(message["id"])
        self.push_seconds = pushed.arrived - started
        require(max(self.push_seconds, self.stream_seconds) < 1.0, "the result took more than a second")
        inbox = (await self.citizen.get("/v1/inbox", headers={"Accept-Language": "en"})).ok()["items"]
        inbox = [one for one in inbox if one["kind"] == "case"]
        require(inbox[-1]["id"] == message["id"], "the inbox lacks the result")
        lines = "\n".join(f"  {one['seq']}. {one['title']}" for one in inbox)
        self.tell(
            "Staff approve",
            f"“{approved['state_title']}”; FCM after {self.push_seconds * 1000:.0f} ms, the stream after "
            f"{self.stream_seconds * 1000:.0f} ms; the inbox has\n{lines}\n"
            f"what crossed Google's servers: {orjson.dumps(pushed.message['notification']).decode()}",
        )

    def pushes(self) -> list[Any]:
        return [one for one in self.sandbox.received if one.token == self.phone.token]

    async def pushed(self, message: str) -> Any:
        """The push about a message; one about an earlier message may still be under way."""
        return await first_of(
            lambda: (one for one in self.pushes() if one.message["data"]["message_id"] == message),
            "no push about the result arrived",
        )

    async def fetch_pass(self, case: dict[str, Any]) -> str:
        png = (await self.citizen.get(f"{case['links']['self']}/pass.png")).body
        again = (await self.citizen.get(f"{case['links']['self']}/pass.png")).body
        require(png == again, "the pass changed between two reads")
        text = decoded(png)
        svg = await self.citizen.get(f"{case['links']['self']}/pass.svg")
        require(svg.status == 200 and b"<svg" in svg.body, "there is no SVG")
        from banshi.builtin.passes.wire import picture

        size = f"{len(text)} characters, QR version {picture.version(text)}, {len(png)} bytes of PNG"
        self.tell("The citizen fetches the QR pass", f"{size}, read back by zxing-cpp:\n{picture.terminal(text)}")
        return text

    async def scan(self, case: dict[str, Any], text: str) -> None:
        valid = await self.verify(text, "高新区三号卡口")
        require(valid["verdict"] == "valid", f"a valid pass is {valid['verdict']}")
        claims = ", ".join(f"{claim['title']} {claim['text']}" for claim in valid["claims"])
        self.tell("An officer scans it", f"valid: {claims}")
        tampered = text[:-9] + ("0" if text[-9] != "0" else "1") + text[-8:]
        refused = await self.verify(tampered, "高新区三号卡口")
        require(refused["verdict"] not in {"valid", "revoked"} and not refused["claims"], "a tampered pass was read")
        self.tell("scans a tampered one", refused["detail"])
        await self.act(self.reviewer, case["links"]["self"], "take-back", {"reason": "二号区域施工关闭。"})
        revoked = await self.verify(text, "高新区三号卡口")
        require(revoked["verdict"] == "revoked", f"a pass that was taken back is {revoked['verdict']}")
        require(revoked["ended"] == "taken-back", f"it ended as {revoked['ended']}")
        told = f"{revoked['ended_title']}: {revoked['reason']}"
        self.tell("scans it after a road was closed, and it was taken back", told)
        english = {"Accept-Language": "en"}
        scans = (await self.citizen.get(f"{case['links']['self']}/scans", headers=english)).ok()["items"]
        require([scan["verdict"] for scan in scans] == ["revoked", "valid"], f"the scans are {scans}")
        lines = [
            f"{one['at'][:19]} {one['department_title']} at {one['place']}: {one['verdict_title']}" for one in scans
        ]
        self.tell("The citizen sees who scanned it", "\n".join(lines))

    async def verify(self, text: str, place: str) -> dict[str, Any]:
        reply = await self.officer.post(
            "/v1/passes/verify", {"text": text, "place": place}, headers={"Accept-Language": "en"}
        )
        return dict(reply.ok())

    async def act(self, who: Person, link: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
        reply: Reply = await who.post(f"{link}/actions/{action}", body, headers={"Accept-Language": "en"})
        return dict(reply.ok())


def decoded(png: bytes) -> str:
    """What a reader that isn't ours sees in the picture. Needs the extra `demo`."""
    import zxingcpp
    from PIL import Image

    # Asked for everything that it knows, it sees a library's bar code in one of five hundred passes.
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    results = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), formats)
    require(len(results) == 1, f"the reader found {len(results)} codes")
    return str(results[0].text)
